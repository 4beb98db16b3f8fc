import asyncio

import pytest

from bot.clock import SystemClock
from bot.errors import StoreFailed
from bot.store.address import Address
from bot.store.database import Database
from bot.store.pubsub import PubSub
from tests.waiting import HANGS_S, until


@pytest.fixture
async def process(postgres):
    """Makes processes, each with what it hears."""
    url = await postgres.clean()
    opened: list[tuple[Database, asyncio.Task]] = []

    async def make() -> tuple[PubSub, list[tuple[str, int]]]:
        database = Database(Address.parse(url))
        signals, heard = PubSub(database, SystemClock()), []
        task = asyncio.create_task(signals.listen(lambda *word: heard.append(word)))
        opened.append((database, task))
        await signals._listening.wait()
        return signals, heard

    yield make
    for database, task in opened:
        task.cancel()
        await asyncio.wait([task])
        await database.close()


async def test_all_processes_hear_it(process):
    a, heard_by_a = await process()
    _, heard_by_b = await process()
    await a.send("stop", 7)
    await until(lambda: heard_by_a == heard_by_b == [("stop", 7)])


async def test_a_broken_line_is_mended(process, execute, postgres):
    a, heard = await process()
    a._listening.clear()
    url = postgres.url("shared")
    await execute(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'",
    )
    async with asyncio.timeout(HANGS_S):
        await a._listening.wait()
    await a.send("stop", 8)
    await until(lambda: heard == [("stop", 8)])


async def test_on_a_file_nobody_is_told(tmp_path):
    database = Database(Address.parse(f"sqlite:///{tmp_path}/x.db"))
    await PubSub(database, SystemClock()).send("stop", 7)
    await database.close()


async def test_nobody_listens_to_a_closed_database(postgres):
    database = Database(Address.parse(await postgres.create()), is_pooled=False)
    await database.close()
    with pytest.raises(StoreFailed, match="is closed"):
        await PubSub(database, SystemClock())._listen(print, only_check=True)
