"""The keeper on a real PostgreSQL, with lines that only note what is asked of them."""

import asyncio
import contextlib

import pytest

from bot.clock import SystemClock
from bot.errors import StoreFailed
from bot.sharding import keeper
from bot.sharding.keeper import ShardKeeper
from bot.store import GatewaySession, ShardLeases
from bot.store.address import Address
from bot.store.database import Database

LEASE_MS = 900
WITHIN_S = 8.0


class Lines:
    """Lines that are up at once. Their sessions tell which process has opened them, and when."""

    def __init__(self, name: str) -> None:
        self.changed = asyncio.Event()
        self.served: dict[int, GatewaySession | None] = {}
        self.opened: list[tuple[int, GatewaySession | None]] = []
        self._name = name

    def standing(self):
        return dict(self.served)

    def costs(self):
        return dict.fromkeys(self.served, 1)

    def open(self, shard, session):
        self.opened.append((shard, session))
        sequence = 0 if session is None else session.sequence + 1
        self.served[shard] = GatewaySession(self._name, sequence, "wss://x")
        self.changed.set()

    async def close(self, shard):
        return self.served.pop(shard, None)


class Leases(ShardLeases):
    """Leases whose database can be cut off."""

    is_cut_off = False

    async def beat(self, count, held):
        if self.is_cut_off:
            raise StoreFailed("The database failed: cut off.")
        return await super().beat(count, held)


class Process:
    def __init__(self, database: Database, name: str, count: int) -> None:
        self.lines = Lines(name)
        self.leases = Leases(database, owner=name, lease_ms=LEASE_MS)
        self.keeper = ShardKeeper(self.leases, self.lines, SystemClock(), count)
        self.task = asyncio.create_task(self.keeper.run())

    @property
    def served(self) -> list[int]:
        return sorted(self.lines.served)

    async def die(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture
async def start(postgres, monkeypatch):
    monkeypatch.setattr(keeper, "BEAT_S", 0.05)
    monkeypatch.setattr(keeper, "FENCE_S", 0.5)
    monkeypatch.setattr(keeper, "_WAIT_FOR_OTHERS_S", 0.05)
    database = Database(Address.parse(await postgres.clean()))
    started: list[Process] = []

    def make(name: str, count: int = 9) -> Process:
        started.append(Process(database, name, count))
        return started[-1]

    yield make
    for one in started:
        await one.die()
    await database.close()


async def until(holds) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


def even(*processes: Process) -> bool:
    """Each shard is served once, and nobody serves more than one more than another."""
    shards = [shard for one in processes for shard in one.served]
    sizes = [len(one.served) for one in processes]
    return sorted(shards) == list(range(9)) and max(sizes) - min(sizes) <= 1


async def test_newcomers_get_their_share_and_the_dead_are_replaced(start):
    a = start("a")
    await until(lambda: even(a))
    b, c = start("b"), start("c")
    await until(lambda: even(a, b, c))
    kept = {one: one.served for one in (a, b)}
    await c.die()
    await until(lambda: even(a, b))
    for one, before in kept.items():
        assert set(before) <= set(one.served)  # those who lived kept what they had
    gone_on = [session for shard, session in a.lines.opened + b.lines.opened if session is not None]
    assert "c" in {session.id for session in gone_on}


async def test_who_retires_hands_over_at_once(start):
    a, b = start("a"), start("b")
    await until(lambda: even(a, b))
    began = asyncio.get_running_loop().time()
    await a.keeper.retire(but=a.served[:1])
    assert len(a.served) == 1
    await until(lambda: len(b.served) == 8)
    assert asyncio.get_running_loop().time() - began < LEASE_MS / 1000  # no lease had to run out
    for _ in range(4):
        await asyncio.sleep(0.3)
        await a.keeper.renew()
    assert len(b.served) == 8
    await a.keeper.retire()
    await until(lambda: even(b))


async def test_who_is_cut_off_closes_before_others_open(start):
    a, b = start("a"), start("b")
    await until(lambda: even(a, b))
    a.leases.is_cut_off = True
    for _ in range(500):
        assert not set(a.served) & set(b.served)
        if len(b.served) == 9:
            break
        await asyncio.sleep(0.005)
    assert a.served == []
    await until(lambda: even(b))
    a.leases.is_cut_off = False
    await until(lambda: even(a, b))


async def test_who_was_cut_off_alone_goes_on_where_it_stood(start):
    a = start("a")
    await until(lambda: even(a))
    a.leases.is_cut_off = True
    await until(lambda: a.served == [])
    a.leases.is_cut_off = False
    await until(lambda: even(a))
    assert {session.id for shard, session in a.lines.opened[9:] if session} == {"a"}


async def test_who_has_another_count_waits(start):
    a = start("a", 9)
    await until(lambda: even(a))
    b = start("b", 4)
    await asyncio.sleep(0.3)
    assert b.served == []
    await a.keeper.retire()
    await until(lambda: b.served == [0, 1, 2, 3])


async def test_a_shard_that_another_process_has_is_closed(start, postgres):
    a = start("a")
    await until(lambda: even(a))
    rival = ShardLeases(a.leases._database, owner="rival", lease_ms=60_000)
    while True:  # as if its lease had run out while it slept; it may be quicker to renew it
        await a.leases.give(9, {3: None})
        if await rival.take(9, [3]):
            break
    await until(lambda: 3 not in a.served)
