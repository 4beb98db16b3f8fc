import asyncio
import importlib
import inspect
import pkgutil
import re

import pytest
from sqlalchemy import select

import bot.store
from bot.errors import BadSettings, StoreFailed
from bot.store.address import Address
from bot.store.database import Database
from bot.store.repositories.recovery import Ending
from bot.store.store import Pruned, Store
from bot.store.tables import facts

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("what is this", "cannot be read"),
        ("mysql://u:secret@h/d", "mysql databases are not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://u:secret@h:port/d", "cannot be read"),
        ("sqlite:////dev/null", "is not a file"),
        ("sqlite:////tmp", "is not a file"),
    ],
)
async def test_a_url_that_cannot_be_used_is_refused_in_words(text, words, clock):
    with pytest.raises(BadSettings, match=words) as refused:
        async with Store.open(text, clock):
            pass
    assert "secret" not in str(refused.value)
    assert refused.value.hint


def test_urls_are_taken_as_hosts_hand_them_out():
    address = Address.parse("postgres://u:secret@db.example:5433/deck?sslmode=require")
    assert address.url.drivername == "postgresql+asyncpg"
    assert dict(address.url.query) == {"ssl": "require"}
    assert address.label == "PostgreSQL db.example/deck"
    assert Address.parse("sqlite:///~/deck.db").file.is_absolute()
    assert "~" not in Address.parse("sqlite:///~/deck.db").label


async def test_a_file_that_is_no_database_is_named(tmp_path, clock):
    file = tmp_path / "notes.txt"
    file.write_text("these are my notes " * 100)
    with pytest.raises(BadSettings, match=r"notes\.txt\) failed: file is not a database"):
        async with Store.open(f"sqlite:///{file}", clock):
            pass
    assert file.read_text().startswith("these are my notes")


async def test_a_folder_that_cannot_be_written_is_named(tmp_path, clock):
    (tmp_path / "file").touch()
    with pytest.raises(BadSettings, match="File exists"):
        async with Store.open(f"sqlite:///{tmp_path}/file/skydeck.db", clock):
            pass


async def test_a_server_that_is_not_there_is_named_without_the_password(clock):
    with pytest.raises(BadSettings, match=r"PostgreSQL 127\.0\.0\.1/d\) failed: .*1") as refused:
        async with Store.open("postgresql://u:secret@127.0.0.1:1/d", clock):
            pass
    assert "secret" not in str(refused.value)


async def test_a_database_that_is_not_there_is_named(postgres, clock):
    with pytest.raises(BadSettings, match='database "nowhere" does not exist'):
        async with Store.open(postgres.url("nowhere"), clock):
            pass


def _store_methods():
    """Every coroutine function of the store's classes, by name."""
    for module in pkgutil.walk_packages(bot.store.__path__, "bot.store."):
        if module.name.startswith("bot.store.migrations"):
            continue
        loaded = importlib.import_module(module.name)
        for _, kind in inspect.getmembers(loaded, inspect.isclass):
            if kind.__module__ == module.name:
                yield from inspect.getmembers(kind, inspect.iscoroutinefunction)


def test_no_method_leaves_its_transaction_when_it_is_cancelled():
    whole, interrupted = set(), set()
    for _, method in _store_methods():
        if re.search(r"_database\.(reading|writing|scrub)", inspect.getsource(method)):
            (whole if hasattr(method, "__wrapped__") else interrupted).add(method.__qualname__)
    assert interrupted == set()
    assert {"Conversations.add", "Privacy.forget", "ShardLeases.claim"} <= whole


async def test_retention_is_kept(store, clock, entry, message):
    now_ms = clock.at_ms
    await store.conversations.add(message(1, created_at_ms=now_ms - 31 * DAY_MS))
    await store.conversations.add(message(2, created_at_ms=now_ms - 29 * DAY_MS))
    ended = await store.jobs.begin(entry())
    await store.jobs.finished(ended, Ending.COMPLETED)
    clock.at_ms += DAY_MS // 2
    assert await store.prune(message_days=30, job_days=7, ledger_days=400) == Pruned(1, 0, 0)
    clock.at_ms += 7 * DAY_MS
    assert await store.prune(message_days=30, job_days=7, ledger_days=400) == Pruned(1, 1, 0)


@pytest.mark.virtual_time
async def test_closing_waits_for_what_is_under_way(tmp_path):
    database = Database(Address.parse(f"sqlite:///{tmp_path}/deck.db"))
    begun = asyncio.Event()

    async def read():
        async with database.reading():
            begun.set()
            await asyncio.sleep(0.1)

    reading = asyncio.ensure_future(read())
    await begun.wait()
    await database.close()
    assert reading.done()


async def test_a_transaction_that_fails_changes_nothing_and_hurts_no_later_one(url):
    database = Database(Address.parse(url))

    def half(connection):
        connection.execute(facts.insert().values(name="a", value="1"))
        connection.execute(facts.insert().values(name="a", value="2"))

    try:
        with pytest.raises(StoreFailed):
            await database.write(half)
        assert await database.rows(select(facts)) == []
        assert await database.change(facts.insert().values(name="a", value="3")) == 1
        assert [row["value"] for row in await database.rows(select(facts))] == ["3"]
    finally:
        await database.close()


async def test_whoever_comes_after_the_close_is_refused(url):
    """At a shutdown: nobody would close the connection that such a call opens."""
    database = Database(Address.parse(url))
    adding = facts.insert().values(name="a", value="1")

    async def add():
        async with database.writing() as connection:
            await connection.execute(adding)

    async def look():
        async with database.reading() as connection:
            await connection.execute(select(facts))

    await add()
    await database.rows(select(facts))
    await database.close()
    ways = [lambda: database.rows(select(facts)), lambda: database.change(adding), add, look]
    for way in [*ways, database.scrub] if database.is_sqlite else ways:
        with pytest.raises(StoreFailed, match="is closed"):
            await way()
    pool = database.engine.pool
    assert (pool.checkedin(), pool.checkedout()) == (0, 0)
    await database.close()


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_whoever_waits_for_the_writer_when_it_closes_is_refused(url):
    database = Database(Address.parse(url))
    writing = [
        asyncio.ensure_future(database.change(facts.insert().values(name=name, value="1")))
        for name in "ab"
    ]
    await asyncio.sleep(0)  # one writes, the other waits for its turn
    await database.close()
    outcomes = await asyncio.gather(*writing, return_exceptions=True)
    assert [type(one) for one in outcomes] == [int, StoreFailed]


async def test_a_cancelled_transaction_is_done_before_anybody_hears_of_it(url):
    database = Database(Address.parse(url))
    try:
        adding = asyncio.ensure_future(database.change(facts.insert().values(name="a", value="1")))
        await asyncio.sleep(0)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        assert len(await database.rows(select(facts))) == 1
    finally:
        await database.close()


async def test_a_cancelled_close_closes_everything_all_the_same(tmp_path):
    database = Database(Address.parse(f"sqlite:///{tmp_path}/deck.db"))
    async with database.reading():
        pass
    await database.read(lambda connection: connection.execute(select(1)).all())
    closing = asyncio.ensure_future(database.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert database.engine.pool.checkedin() == 0
