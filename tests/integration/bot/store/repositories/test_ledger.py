import asyncio
import contextlib
import itertools
import shutil
import uuid
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.contract import Service
from bot.errors import OverBudget, StoreFailed
from bot.money import Basis, Call, Charge, Limits, Payer, Period, Scope
from bot.store.address import Address
from bot.store.database import Database
from bot.store.records import View
from bot.store.repositories.ledger import Ledger
from bot.store.repositories.payments import Books, Release, Reserve, Settle
from bot.store.repositories.spending import Spending
from bot.store.tables import purses as purses_table
from tests.waiting import HANGS_S, until

DAY_MS = 86_400_000
ALWAYS = View(since_ms=0, until_ms=2**62)


@pytest.fixture
async def open_ledger(url, clock):
    opened = []

    def open_(limits=None):
        database = Database(Address.parse(url))
        opened.append(database)
        return Ledger(database, clock, Limits(limits or {})), Spending(database)

    yield open_
    for database in opened:
        await database.close()


def call(user_id=1, guild_id=2, module="CONVERSE", call_id=None, **more) -> Call:
    payer = Payer(user_id=user_id, guild_id=guild_id, channel_id=3)
    return Call(
        call_id=call_id or uuid.uuid4().hex,
        service=Service.PENNY,
        module=module,
        payer=payer,
        deadline_ms=60_000,
        **more,
    )


def paid(micro_usd: int, basis=Basis.REPORTED) -> Charge:
    return Charge(micro_usd=micro_usd, basis=basis)


async def spent(ledger, payer) -> set[tuple[int, int]]:
    return {(b.spent, b.reserved) for b in await ledger.balances(payer)}


async def total(spending) -> int:
    return sum(day.micro_usd for day in await spending.by_day(ALWAYS))


async def test_a_hundred_calls_at_once_against_a_budget_of_ten(open_ledger):
    """Exactly ten run, and every sum agrees to the micro-dollar."""
    # Two ledgers with connections of their own, as two processes have.
    ledger, spending = open_ledger({(Scope.ALL, Period.DAY): 10 * 1_001})
    other, _ = open_ledger({(Scope.ALL, Period.DAY): 10 * 1_001})
    refusals = []
    calls = [call(user_id=n % 7 + 1, guild_id=n % 3 + 1) for n in range(100)]

    async def run(number: int) -> bool:
        mine = (ledger, other)[number % 2]
        try:
            await mine.reserve(calls[number], 1_001)
        except OverBudget as e:
            refusals.append((e.scope, e.period, e.left_micro_usd))
            return False
        await asyncio.sleep(0.01)  # what is paid for; others reserve meanwhile
        await mine.settle(calls[number], paid(1_001))
        return True

    ran = await asyncio.gather(*map(run, range(100)))
    assert sum(ran) == 10
    assert refusals == [("all", "day", 0)] * 90
    assert await total(spending) == 10_010
    purses = await ledger.balances(Payer())
    assert [(b.spent, b.reserved, b.left) for b in purses] == [(10_010, 0, 0), (10_010, 0, None)]
    of_guilds = [(await ledger.balances(Payer(guild_id=g)))[2].spent for g in (1, 2, 3)]
    of_people = [(await ledger.balances(Payer(user_id=u)))[2].spent for u in range(1, 8)]
    assert sum(of_guilds) == sum(of_people) == 10_010


async def test_what_was_set_aside_becomes_what_it_has_cost(open_ledger):
    ledger, spending = open_ledger({(Scope.USER, Period.MONTH): 1_000})
    one = call()
    await ledger.reserve(one, 900)
    assert await spent(ledger, one.payer) == {(0, 900)}
    with pytest.raises(OverBudget) as refused:
        await ledger.reserve(call(), 101)
    assert (refused.value.scope, refused.value.left_micro_usd) == ("user", 100)
    await ledger.settle(one, paid(150))
    assert await spent(ledger, one.payer) == {(150, 0)}
    await ledger.settle(one, paid(150))
    await ledger.release(one.call_id)
    assert await spent(ledger, one.payer) == {(150, 0)}, "a second time does nothing"
    assert await total(spending) == 150


async def test_a_call_that_cost_nothing_gives_everything_back(open_ledger):
    ledger, spending = open_ledger({(Scope.GUILD, Period.DAY): 100})
    one = call()
    await ledger.reserve(one, 100)
    await ledger.release(one.call_id)
    await ledger.settle(one, paid(5))
    assert await spent(ledger, one.payer) == {(0, 0)}
    assert await total(spending) == 0
    await ledger.reserve(call(), 100)


async def test_a_call_without_a_reservation_is_booked_all_the_same(open_ledger):
    ledger, spending = open_ledger()
    assert not await ledger.is_limited(Payer(user_id=1, guild_id=2))
    one = call()
    await ledger.settle(one, paid(7))
    await ledger.settle(one, paid(7))
    assert await total(spending) == 7
    assert await spent(ledger, one.payer) == {(7, 0)}


async def test_a_purse_is_full_again_when_its_period_is_over(open_ledger, clock):
    ledger, _ = open_ledger({(Scope.USER, Period.DAY): 100})
    one = call()
    await ledger.reserve(one, 100)
    with pytest.raises(OverBudget) as refused:
        await ledger.reserve(call(), 1)
    clock.at_ms = refused.value.renews_ms
    await ledger.reserve(call(), 1)
    await ledger.settle(one, paid(60))  # it ends after midnight, and is yesterday's
    today = next(b for b in await ledger.balances(one.payer) if b.limit is not None)
    assert (today.spent, today.reserved) == (0, 1)


async def test_four_fifths_are_told_once(open_ledger):
    ledger, _ = open_ledger({(Scope.GUILD, Period.DAY): 100})
    assert await ledger.settle(call(), paid(79)) == []
    [low] = await ledger.settle(call(), paid(1))
    assert (low.bucket.scope, low.bucket.period, low.spent, low.limit) == ("guild", "day", 80, 100)
    assert await ledger.settle(call(), paid(1)) == []
    await ledger.choose(2, Period.DAY, 90)
    assert len(await ledger.settle(call(), paid(0))) == 1, "of another limit it is told again"


async def test_a_servers_own_budget(open_ledger):
    ledger, _ = open_ledger()
    await ledger.choose(2, Period.DAY, 50)
    assert await ledger.is_limited(Payer(user_id=1, guild_id=2))
    assert not await ledger.is_limited(Payer(user_id=1, guild_id=4))
    with pytest.raises(OverBudget):
        await ledger.reserve(call(), 51)
    await ledger.reserve(call(guild_id=4), 51)
    await ledger.choose(2, Period.DAY, None)
    await ledger.reserve(call(), 51)


async def test_what_nobody_ever_settles_is_counted(open_ledger, clock):
    ledger, spending = open_ledger({(Scope.ALL, Period.MONTH): 10_000})
    one = call()
    await ledger.reserve(one, 900)
    assert await ledger.sweep() == 0
    clock.at_ms += 2 * 60_000 + 3_600_000
    assert await ledger.sweep() == 1
    assert await ledger.sweep() == 0
    assert await total(spending) == 900
    [row] = [row async for row in spending.each(ALWAYS)]
    assert row["basis"] == Basis.RESERVED
    assert await ledger.typical(Service.PENNY, "CONVERSE") is None, "it is no measure of others"


async def test_the_dearest_of_the_latest_calls_tells_what_the_next_may_cost(open_ledger, clock):
    ledger, _ = open_ledger()
    assert await ledger.typical(Service.PENNY, "CONVERSE") is None
    for micro_usd in [999, *range(1, 21)]:
        clock.at_ms += 1
        await ledger.settle(call(), paid(micro_usd))
    await ledger.settle(call(module="SPEAK"), paid(5_000))
    assert await ledger.typical(Service.PENNY, "CONVERSE") == 20


async def test_sums_by_day_service_and_module(open_ledger, clock):
    ledger, spending = open_ledger()
    first = clock.at_ms // DAY_MS
    await ledger.settle(call(), paid(5))
    await ledger.settle(call(user_id=9), paid(7, Basis.SECONDS))
    clock.at_ms += DAY_MS
    await ledger.settle(call(guild_id=8, module="SPEAK"), paid(11))
    days = [(d.day, d.calls, d.micro_usd, d.reported) for d in await spending.by_day(ALWAYS)]
    assert days == [(first, 2, 12, 5), (first + 1, 1, 11, 11)]
    modules = [(m.module, m.calls, m.micro_usd) for m in await spending.by_module(ALWAYS)]
    assert modules == [("CONVERSE", 2, 12), ("SPEAK", 1, 11)]
    of_one = View(since_ms=0, until_ms=2**62, guild_id=2, user_id=9)
    assert [d.micro_usd for d in await spending.by_day(of_one)] == [7]
    assert await spending.by_day(View(since_ms=0, until_ms=first * DAY_MS)) == []


async def test_every_call_is_listed_over_many_pages(open_ledger, monkeypatch):
    monkeypatch.setattr("bot.store.repositories.spending._PAGE", 3)
    ledger, spending = open_ledger()
    for _ in range(8):
        await ledger.settle(call(), paid(1))
    listed = [row["call_id"] async for row in spending.each(ALWAYS)]
    assert len(listed) == len(set(listed)) == 8


async def test_what_is_too_old_is_forgotten(open_ledger, clock):
    ledger, spending = open_ledger()
    await ledger.settle(call(), paid(5))
    clock.at_ms += 40 * DAY_MS
    await ledger.settle(call(), paid(7))
    assert await ledger.prune(before_ms=clock.at_ms - 35 * DAY_MS) == 1
    assert await total(spending) == 7


@pytest.mark.parametrize("text", ["x" * 500, "nul\x00in", "\ud800"])
async def test_no_name_breaks_the_ledger(open_ledger, text):
    ledger, spending = open_ledger()
    await ledger.settle(call(call_id=text, module=text), paid(5))
    assert await total(spending) == 5


@pytest.mark.parametrize("kind", [pytest.param("postgres", marks=pytest.mark.system)])
async def test_without_a_limit_for_all_nobody_waits_for_the_row_of_all(open_ledger, url):
    ledger, _ = open_ledger({(Scope.USER, Period.DAY): 1_000})
    strict, _ = open_ledger({(Scope.ALL, Period.DAY): 100})
    await strict.settle(call(), paid(60))
    holder = await asyncpg.connect(url)
    try:
        async with holder.transaction():
            held = "SELECT * FROM purses WHERE scope = 'all' AND scope_id = 0 FOR UPDATE"
            assert await holder.fetch(held)
            one = call()
            await asyncio.wait_for(ledger.reserve(one, 30), HANGS_S)
            await asyncio.wait_for(ledger.settle(one, paid(30)), HANGS_S)
    finally:
        await holder.close()
    assert (await ledger.balances(Payer()))[0].spent == 90


@pytest.mark.parametrize("kind", [pytest.param("postgres", marks=pytest.mark.system)])
async def test_whoever_locks_in_another_order_costs_nobody_a_payment(open_ledger, url):
    ledger, spending = open_ledger({(Scope.USER, Period.DAY): 1_000})
    holder = await asyncpg.connect(url)
    try:
        for tries in itertools.count(1):
            calls = [call(call_id=f"a{tries}"), call(call_id=f"b{tries}")]
            for one in calls:
                await ledger.reserve(one, 30)
            if await deadlocks(holder, ledger, calls):
                break
            # After a second, PostgreSQL ends whichever of both looks first: it was the holder.
            assert tries < 8
    finally:
        await holder.close()
    assert await total(spending) == 40 * tries
    assert await spent(ledger, Payer(user_id=1)) == {(40 * tries, 0)}


async def deadlocks(holder, ledger, calls) -> bool:
    """Settle two calls while they are locked in the other order. Returns whether it was ended."""
    first, second = calls
    locked = "SELECT 1 FROM calls WHERE call_id = $1 FOR UPDATE"
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
    with contextlib.suppress(asyncpg.DeadlockDetectedError):
        async with asyncio.timeout(HANGS_S), holder.transaction():
            await holder.execute(locked, second.call_id)
            settling = asyncio.gather(*(ledger.settle(one, paid(20)) for one in calls))
            await until(lambda: holder.fetch(waiting))
            await holder.execute(locked, first.call_id)
        await settling
        return True
    await settling
    return False


async def test_a_limit_for_all_counts_what_was_spent_before_there_was_one(open_ledger):
    free, _ = open_ledger()
    other, _ = open_ledger()
    begun = call()
    await free.reserve(begun, 30)
    await other.settle(call(), paid(50))
    limited, _ = open_ledger({(Scope.ALL, Period.MONTH): 100})
    with pytest.raises(OverBudget) as refused:
        await limited.reserve(call(), 21)
    assert refused.value.left_micro_usd == 20
    await other.settle(begun, paid(10))  # by another process than the one that has reserved
    assert [(b.spent, b.reserved) for b in await limited.balances(Payer())] == [(60, 0)] * 2
    await limited.reserve(call(), 40)


async def test_a_payment_that_fails_fails_alone(open_ledger):
    ledger, spending = open_ledger({(Scope.USER, Period.DAY): 10_000})
    again = call()
    await ledger.reserve(again, 1)
    others = [call(user_id=n + 2) for n in range(8)]
    asked = [*others[:4], again, *others[4:]]
    outcomes = await asyncio.gather(*(ledger.reserve(c, 5) for c in asked), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(StoreFailed) == 1
    assert isinstance(outcomes[4], StoreFailed)
    for one in others:
        await ledger.settle(one, paid(5))
    assert await total(spending) == 40
    assert {b.reserved for b in await ledger.balances(Payer())} == {1}


async def test_whoever_is_cancelled_waits_until_it_is_known(open_ledger):
    ledger, _ = open_ledger()
    one = call()
    reserving = asyncio.ensure_future(ledger.reserve(one, 5))
    await asyncio.sleep(0)
    reserving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reserving
    assert await spent(ledger, one.payer) == {(0, 5)}


_PAYERS = st.builds(
    Payer, user_id=st.sampled_from([None, 1, 2]), guild_id=st.sampled_from([None, 3])
)
_STEPS = st.lists(
    st.tuples(_PAYERS, st.sampled_from([0, 3, 40]), st.sampled_from(["reserve", "settle", "free"])),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=_STEPS)
async def test_many_in_one_transaction_are_as_many_one_after_the_other(
    steps, sqlite_template, tmp_path_factory
):
    """What came of each, what is told, and what is in every bucket."""
    books = Books(Limits({(scope, Period.DAY): 100 for scope in Scope}), part=3)
    before, ends, new = [], [], []
    for number, (payer, micro_usd, what) in enumerate(steps):
        one = replace(call(call_id=str(number)), payer=payer)
        if what == "reserve":
            new.append(Reserve(one, micro_usd))
            continue
        before.append(Reserve(one, 10))
        ends.append(Settle(one, paid(micro_usd)) if what == "settle" else Release(one.call_id))
    seen = []
    for size in (1, len(steps)):
        file = tmp_path_factory.mktemp("books") / "deck.db"
        shutil.copy(sqlite_template, file)
        database = Database(Address.parse(f"sqlite:///{file}"))
        outcomes = []
        try:
            for payments, at_once in ((before, 1), ([*ends, *new], size)):
                for start in range(0, len(payments), at_once):
                    some = payments[start : start + at_once]
                    outcomes += await database.write(
                        lambda connection, some=some: books.carry_out(connection, some, 1_000_000)
                    )
            purses = await database.rows(select(purses_table).order_by(*purses_table.primary_key))
        finally:
            await database.close()
        seen.append(([repr(one) for one in outcomes], [dict(row) for row in purses]))
    assert seen[0] == seen[1]


async def test_a_servers_first_limit_holds_at_once(open_ledger):
    ledger, _ = open_ledger()
    payer = Payer(user_id=1, guild_id=2)
    assert not await ledger.is_limited(payer)
    await ledger.choose(2, Period.DAY, 50)
    assert await ledger.is_limited(payer)
    await ledger.choose(2, Period.DAY, None)
    assert not await ledger.is_limited(payer)


async def test_a_limit_that_another_process_sets_holds_soon(open_ledger, clock):
    ledger, _ = open_ledger()
    other, _ = open_ledger()
    payer = Payer(user_id=1, guild_id=2)
    assert not await ledger.is_limited(payer)
    await other.choose(2, Period.DAY, 50)
    clock.at_ms += 30_000
    assert await ledger.is_limited(payer)
