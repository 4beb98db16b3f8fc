"""Paying for calls: reserve and settle, beside two bare transactions of the same database.

The peers write a row when a call begins and the cost when it has ended, without a check and without
purses: through SQLAlchemy's engine for the event loop, and with Python's own `sqlite3`, which keeps
no event loop free meanwhile.

    make bench
"""

import asyncio
import itertools
import sqlite3
import time

import pytest
from sqlalchemy import text

from bot.clock import SystemClock
from bot.contract import Service
from bot.money import Basis, Call, Charge, Limits, Payer, Period, Scope
from bot.store.address import Address
from bot.store.database import Database
from bot.store.store import Store

pytestmark = pytest.mark.bench

CALLS = 300
"""By one caller; several make four times as many."""
LIMITS = {
    "every limit": Limits({(scope, period): 10**12 for scope in Scope for period in Period}),
    "none for all": Limits(
        {(scope, period): 10**12 for scope in (Scope.USER, Scope.GUILD) for period in Period}
    ),
}
AT_ONCE = (1, 16, 64)


def peer(path, calls: int) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE calls (id TEXT PRIMARY KEY, at INTEGER, cost INTEGER)"
    )
    began = time.perf_counter()
    for number in range(calls):
        connection.execute("INSERT INTO calls VALUES (?, ?, NULL)", (str(number), number))
        connection.execute("UPDATE calls SET cost = ? WHERE id = ?", (number, str(number)))
    took = time.perf_counter() - began
    connection.close()
    return calls / took


async def bare(url: str, at_once: int, calls: int) -> float:
    """Two writes a call through the same engine."""
    database = Database(Address.parse(url))
    try:
        async with database.writing() as connection:
            await connection.execute(text("CREATE TABLE bare (id INTEGER PRIMARY KEY, cost INT)"))
        numbers = iter(range(calls))

        async def caller() -> None:
            for number in numbers:
                async with database.writing() as connection:
                    await connection.execute(text(f"INSERT INTO bare VALUES ({number}, NULL)"))
                async with database.writing() as connection:
                    await connection.execute(
                        text(f"UPDATE bare SET cost = 900 WHERE id = {number}")
                    )

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(at_once)))
        return calls / (time.perf_counter() - began)
    finally:
        await database.close()


async def ours(url: str, at_once: int, limits: Limits, calls: int) -> float:
    async with Store.open(url, SystemClock(), limits=limits) as store:
        numbers = iter(range(calls))

        async def caller() -> None:
            for number in numbers:
                payer = Payer(user_id=number % 50 + 1, guild_id=number % 5 + 1)
                call = Call(
                    call_id=f"{number}", service=Service.PENNY, module="CONVERSE", payer=payer
                )
                await store.ledger.reserve(call, 1_000)
                await store.ledger.settle(call, Charge(micro_usd=900, basis=Basis.REPORTED))

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(at_once)))
        took = time.perf_counter() - began
        spent = (await store.ledger.balances(Payer()))[0].spent
        assert spent == calls * 900
    return calls / took


async def test_calls_paid_a_second(tmp_path, postgres):
    numbers = itertools.count()
    for which, limits in LIMITS.items():
        first: dict[str, float] = {}
        for at_once in AT_ONCE:
            calls = CALLS if at_once == 1 else 4 * CALLS
            places = {
                "SQLite": f"sqlite:///{tmp_path}/ours{next(numbers)}.db",
                "PostgreSQL": await postgres.create(),
            }
            for name, url in places.items():
                rate = await ours(url, at_once, limits, calls)
                plain = await bare(url, at_once, calls)
                driver = peer(tmp_path / f"peer{next(numbers)}.db", calls)
                alone = first.setdefault(name, rate)
                print(
                    f"{f'{name}, {which}, {at_once} at once':<38} {rate:6.0f} calls/s,"
                    f" {rate / alone:4.1f} times one at once;"
                    f" two bare writes {plain:5.0f}, ratio {rate / plain:5.2f};"
                    f" plain sqlite3 {driver:6.0f}, ratio {rate / driver:.3f}"
                )
