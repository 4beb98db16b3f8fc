"""One of several processes that pay at once, for a while.

python -m tests.bench.growth.payer pay URL SECONDS
"""

# mypy: ignore-errors

import asyncio
import sys
import time
import uuid

import asyncpg

from bot.clock import SystemClock
from bot.contract import Service
from bot.money import Basis, Call, Charge, Limits, Payer, Period, Scope
from bot.store.store import Store

AT_ONCE = 16
LIMITS = Limits(
    {(scope, period): 10**12 for scope in (Scope.USER, Scope.GUILD) for period in Period}
)


async def for_a_while(seconds: float, once) -> int:
    """How often it was done, by sixteen at once."""
    done = 0
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    until = time.monotonic() + seconds

    async def caller():
        nonlocal done
        while time.monotonic() < until:
            await once()
            done += 1

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    return done


async def pay(url: str, seconds: float) -> int:
    """Reserve and settle."""
    mine = uuid.uuid4().int % 10**9
    async with Store.open(url, SystemClock(), limits=LIMITS) as store:

        async def once():
            payer = Payer(user_id=mine + uuid.uuid4().int % 50, guild_id=mine)
            call = Call(
                call_id=uuid.uuid4().hex, service=Service.PENNY, module="CONVERSE", payer=payer
            )
            await store.ledger.reserve(call, 1_000)
            await store.ledger.settle(call, Charge(micro_usd=900, basis=Basis.REPORTED))

        return await for_a_while(seconds, once)


async def write(url: str, seconds: float) -> int:
    """Two bare writes."""
    async with asyncpg.create_pool(url, min_size=4, max_size=4) as pool:
        await pool.execute("CREATE TABLE IF NOT EXISTS bare (id TEXT PRIMARY KEY, cost BIGINT)")

        async def once():
            key = uuid.uuid4().hex
            await pool.execute("INSERT INTO bare VALUES ($1, NULL)", key)
            await pool.execute("UPDATE bare SET cost = 900 WHERE id = $1", key)

        return await for_a_while(seconds, once)


if __name__ == "__main__":
    what, url, seconds = sys.argv[1:]
    print(asyncio.run({"pay": pay, "write": write}[what](url, float(seconds))))
