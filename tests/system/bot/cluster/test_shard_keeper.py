"""The lease keeper on a real PostgreSQL, with shards that only record calls."""

import asyncio
import contextlib

import pytest

from bot.cluster import shard_keeper
from bot.cluster.shard_keeper import ShardKeeper
from bot.errors import StoreFailed
from bot.store.address import Address
from bot.store.database import Database
from bot.store.records import GatewaySession
from bot.store.repositories.shard_leases import SHARD_LEASE_MS, ShardLeases
from tests.fakes.handlers import TurnableClock
from tests.fakes.shard_client import LEASE_MS, Leases
from tests.waiting import until

FENCE_S = shard_keeper.FENCE_S
WAIT_S = shard_keeper._WAIT_FOR_OTHERS_S


class Shards:
    """Shards that come up at once. Their sessions tell which process opened them, and when."""

    def __init__(self, name: str) -> None:
        self.changed = asyncio.Event()
        self.served: dict[int, GatewaySession | None] = {}
        self.opened: list[tuple[int, GatewaySession | None]] = []
        self._name = name

    def sessions(self):
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


class CutOff(Leases):
    """Leases whose database connection a test can cut.

    Attributes:
        looks: How often the keeper asked for other processes' shard counts.
        tries: How often it tried to renew its leases.
        answers: If set, the database's answers come only when this is.
        answer_waits: Whether one waits for that.
    """

    is_cut_off = False
    looks = 0
    tries = 0
    answers: asyncio.Event | None = None
    answer_waits = False

    async def beat(self, count, held):
        self.tries += 1
        if self.is_cut_off:
            raise StoreFailed("The database failed: cut off.")
        table = await super().beat(count, held)
        if self.answers is not None:
            self.answer_waits = True
            await self.answers.wait()
        return table

    async def others(self, count):
        found = await super().others(count)
        self.looks += 1
        return found


class Process:
    """A process whose clock stands still, and whose leases expire when the test says so."""

    def __init__(self, database: Database, name: str, count: int) -> None:
        self.shards = Shards(name)
        self.clock = TurnableClock()
        self.leases = CutOff(database, owner=name, lease_ms=LEASE_MS)
        self.keeper = ShardKeeper(self.leases, self.shards, self.clock, count)
        self.task = asyncio.create_task(self.keeper.run())

    @property
    def served(self) -> list[int]:
        return sorted(self.shards.served)

    async def die(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        await self.leases.run_out()


@pytest.fixture
async def start(postgres, monkeypatch):
    monkeypatch.setattr(shard_keeper, "BEAT_S", 0.05)
    database = Database(Address.parse(await postgres.clean()))
    started: list[Process] = []

    def make(name: str, count: int = 9) -> Process:
        started.append(Process(database, name, count))
        return started[-1]

    yield make
    for one in started:
        await one.die()
    await database.close()


def even(*processes: Process) -> bool:
    """Each shard is served once, and the processes' numbers of shards differ by at most one."""
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
    gone_on = [
        session for shard, session in a.shards.opened + b.shards.opened if session is not None
    ]
    assert "c" in {session.id for session in gone_on}


async def test_who_retires_hands_over_at_once(start):
    a, b = start("a"), start("b")
    await until(lambda: even(a, b))
    await a.keeper.retire(but=a.served[:1])
    assert len(a.served) == 1
    await until(lambda: len(b.served) == 8)  # without waiting for a lease to expire
    before_ms = await a.leases.until_ms(a.served[0])
    await a.keeper.renew()
    assert await a.leases.until_ms(a.served[0]) > before_ms
    since = b.leases.beats
    await until(lambda: b.leases.beats > since + 3)
    assert len(b.served) == 8
    await a.keeper.retire()
    await until(lambda: even(b))


async def test_who_is_cut_off_closes_before_others_open(start):
    a, b = start("a"), start("b")
    await until(lambda: even(a, b))
    assert FENCE_S * 1000 < SHARD_LEASE_MS
    a.leases.is_cut_off = True
    await a.clock.turn(FENCE_S - 0.1)
    since = b.leases.beats
    await until(lambda: b.leases.beats > since + 1)
    assert even(a, b)
    await a.clock.turn(0.2)
    await until(lambda: a.served == [])
    since = b.leases.beats
    await until(lambda: b.leases.beats > since + 1)
    assert len(b.served) < 9  # the leases have not expired
    await a.leases.run_out()
    await until(lambda: even(b))
    assert a.served == []
    a.leases.is_cut_off = False
    await until(lambda: even(a, b))


async def test_who_was_cut_off_alone_goes_on_where_it_stood(start):
    a = start("a")
    await until(lambda: even(a))
    a.leases.is_cut_off = True
    await a.clock.turn(FENCE_S)
    await until(lambda: a.served == [])
    a.leases.is_cut_off = False
    await until(lambda: even(a))
    assert {session.id for shard, session in a.shards.opened[9:] if session} == {"a"}


async def test_an_answer_that_comes_too_late_opens_nothing(start):
    a = start("a")
    await until(lambda: even(a))
    a.leases.answers = asyncio.Event()
    await until(lambda: a.leases.answer_waits)
    await a.clock.turn(FENCE_S)
    await until(lambda: a.served == [])
    a.leases.is_cut_off = True
    a.leases.answers.set()
    since = a.leases.tries
    await until(lambda: a.leases.tries > since + 1)
    assert a.served == []


async def test_who_has_another_count_waits(start):
    a = start("a", 9)
    await until(lambda: even(a))
    b = start("b", 4)

    async def looks_again():
        before = b.leases.looks
        await b.clock.turn(WAIT_S)
        await until(lambda: b.leases.looks > before)

    await until(lambda: b.leases.looks)
    for _ in range(3):
        await looks_again()
        assert b.served == []
    await a.keeper.retire()
    await looks_again()
    await until(lambda: b.served == [0, 1, 2, 3])


async def test_a_shard_that_another_process_has_is_closed(start, postgres):
    a = start("a")
    await until(lambda: even(a))
    rival = ShardLeases(a.leases._database, owner="rival", lease_ms=60_000)
    while True:  # as if the lease had expired while the process slept; it may renew first
        await a.leases.release(9, {3: None})
        if await rival.claim(9, [3]):
            break
    await until(lambda: 3 not in a.served)
