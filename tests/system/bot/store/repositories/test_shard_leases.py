"""Leases on shards, on a real PostgreSQL and by its own clock."""

import asyncio

import pytest

from bot.clock import SystemClock
from bot.store.address import Address
from bot.store.database import Database
from bot.store.records import GatewaySession
from bot.store.repositories.shard_leases import ShardLeases
from bot.store.store import Store
from tests.waiting import until

SESSION = GatewaySession("abc", 41, "wss://gateway.example/?v=10")
LONG_MS = 60_000


@pytest.fixture
async def database(postgres):
    database = Database(Address.parse(await postgres.clean()))
    yield database
    await database.close()


@pytest.fixture
def process(database):
    def make(name: str, *, lease_ms: int = LONG_MS) -> ShardLeases:
        return ShardLeases(database, owner=name, lease_ms=lease_ms)

    return make


async def test_a_shard_is_taken_by_one(process):
    rivals = [process(name) for name in "abcdef"]
    taken = await asyncio.gather(*(one.claim(9, range(9)) for one in rivals))
    shards = [shard for each in taken for shard in each]
    assert sorted(shards) == list(range(9))


async def test_who_is_there_and_serves_what(process):
    a, b = process("a"), process("b")
    await a.beat(9, {})
    assert await a.claim(9, [0, 1]) == {0: None, 1: None}
    seen = await b.beat(9, {})
    assert dict(seen.live) == {"a": 9, "b": 9}
    assert dict(seen.owners) == {0: "a", 1: "a"}


async def test_what_is_given_is_free_at_once_and_goes_on_where_it_stood(process):
    a, b = process("a"), process("b")
    await a.claim(9, [0, 1])
    await a.release(9, {0: SESSION})
    assert await b.claim(9, [0, 1]) == {0: SESSION}


async def test_a_lease_that_was_not_renewed_runs_out(process):
    a, b = process("a"), process("b")
    await a.beat(9, {})
    await a.claim(9, [3])
    assert await b.claim(9, [3]) == {}
    await process("a", lease_ms=1).beat(9, {3: SESSION})

    async def is_alone():
        seen = await b.beat(9, {})
        return (dict(seen.live), dict(seen.owners)) == ({"b": 9}, {})

    await until(is_alone)
    assert await b.claim(9, [3]) == {3: SESSION}
    back = await a.beat(9, {3: None})
    assert back.owners[3] == "b"  # and nothing of b's was renewed in a's name
    await a.release(9, {3: None})
    assert (await b.beat(9, {3: SESSION})).owners[3] == "b"


async def test_a_process_that_ends_keeps_what_it_renews(process):
    a, hasty, b = process("a"), process("a", lease_ms=1), process("b")
    await a.beat(9, {})
    await hasty.claim(9, [3, 4])

    async def have_run_out():
        return not (await b.beat(9, {})).owners

    await until(have_run_out)
    await a.leave()
    await a.renew(9, {3: SESSION})
    seen = await b.beat(9, {})
    assert (dict(seen.live), dict(seen.owners)) == ({"b": 9}, {3: "a"})


async def test_counts_of_shards_are_kept_apart(process):
    a, b = process("a"), process("b")
    assert await a.count() is None
    await a.beat(9, {})
    await a.claim(9, [0])
    assert await b.others(12) == [9]
    assert await b.others(9) == []
    assert await b.count() == 9
    assert (await b.beat(12, {})).owners == {}


async def test_one_of_a_bucket_identifies_at_a_time(process):
    a, b = process("a"), process("b")
    assert await a.take_turn(0, every_ms=LONG_MS) == 0
    assert 0 < await b.take_turn(0, every_ms=LONG_MS) <= LONG_MS
    assert await b.take_turn(1, every_ms=1) == 0

    async def takes_it():
        return await a.take_turn(1, every_ms=1) == 0

    await until(takes_it)  # a millisecond later, or when the machine gets to it
    turns = await asyncio.gather(*(one.take_turn(2, every_ms=LONG_MS) for one in (a, b, a, b)))
    assert turns.count(0) == 1


async def test_a_file_has_no_leases(postgres, tmp_path):
    async with Store.open(f"sqlite:///{tmp_path}/skydeck.db", SystemClock()) as store:
        assert store.shard_leases is None
    async with Store.open(await postgres.clean(), SystemClock()) as store:
        assert store.shard_leases is not None
