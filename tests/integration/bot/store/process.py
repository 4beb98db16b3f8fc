"""A process of its own for tests of several processes and of sudden death. Says what it did."""

import asyncio
import sys

from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Service
from bot.store.repositories.recovery import Ending, Entry
from bot.store.store import Store

ENTRY = Entry(
    service=Service.FACTORY,
    module="BUILD",
    endpoint_id="ep1",
    mode=Mode.STREAM,
    user_id=1,
    channel_id=2,
    deadline_ms=60_000,
    request=b"x" * 5000,
)


def say(*words: object) -> None:
    print(*words, flush=True)


async def write(store: Store) -> None:
    """Jobs without end, each followed through; every line is said after the write it tells of."""

    async def one() -> None:
        while True:
            journal_id = await store.jobs.begin(ENTRY)
            say("begun", journal_id)
            await store.jobs.accepted(journal_id, f"job-{journal_id}")
            say("accepted", journal_id)
            if journal_id % 3 == 0:
                await store.jobs.finished(journal_id, Ending.COMPLETED)
                say("finished", journal_id)

    await asyncio.gather(*(one() for _ in range(4)))


async def claim(store: Store) -> None:
    """Claim by small handfuls until there is nothing left."""
    while taken := await store.jobs.leases.claim(limit=7):
        for recovered in taken:
            say("claimed", recovered.job.journal_id)


async def main() -> None:
    what = {"write": write, "claim": claim}[sys.argv[1]]
    async with Store.open(sys.argv[2], SystemClock()) as store:
        await what(store)


asyncio.run(main())
