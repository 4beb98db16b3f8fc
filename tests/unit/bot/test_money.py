from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.money import Balance, BudgetBucket, Limits, Payer, Period, Scope


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("period", "at", "start", "end"),
    [
        (Period.DAY, ms(2026, 11, 23, 23, 59), ms(2026, 11, 23), ms(2026, 11, 24)),
        (Period.MONTH, ms(2026, 11, 23, 12), ms(2026, 11, 1), ms(2026, 12, 1)),
        (Period.MONTH, ms(2026, 12, 31, 23, 59, 59), ms(2026, 12, 1), ms(2027, 1, 1)),
        (Period.DAY, ms(2028, 2, 29), ms(2028, 2, 29), ms(2028, 3, 1)),
    ],
)
def test_periods_begin_and_end_by_utc(period, at, start, end):
    assert period.start(at) == start
    assert period.end(start) == end


@given(st.integers(0, ms(2200, 1, 1)), st.sampled_from(Period))
def test_every_moment_is_in_exactly_one_period(at, period):
    start = period.start(at)
    assert start <= at < period.end(start)
    assert period.start(period.end(start)) == period.end(start)


def test_a_call_counts_against_all_buckets_of_its_payer_in_one_order():
    found = Payer(user_id=1, guild_id=2).buckets(ms(2026, 11, 23))
    assert [(p.scope, p.period) for p in found] == [
        (s, p) for s in ("all", "guild", "user") for p in Period
    ]
    assert list(found) == sorted(found)
    assert {p.scope for p in Payer(user_id=1).buckets(0)} == {Scope.ALL, Scope.USER}
    assert {p.scope for p in Payer().buckets(0)} == {Scope.ALL}


def test_a_server_chooses_less_than_the_operator_allows_never_more():
    limits = Limits({(Scope.GUILD, Period.DAY): 100, (Scope.USER, Period.DAY): 7})
    day, month = (BudgetBucket(Scope.GUILD, 2, period, 0) for period in Period)
    person = BudgetBucket(Scope.USER, 1, Period.DAY, 0)
    assert limits.of(day, {}) == 100
    assert limits.of(day, {Period.DAY: 30}) == 30
    assert limits.of(day, {Period.DAY: 300}) == 100
    assert limits.of(month, {Period.MONTH: 300}) == 300
    assert limits.of(month, {}) is None
    assert limits.of(person, {Period.DAY: 1}) == 7


def test_reservations_reduce_what_is_left():
    bucket = BudgetBucket(Scope.ALL, 0, Period.DAY, 0)
    balance = Balance(bucket=bucket, limit=100, spent=79, reserved=30)
    assert (balance.left, balance.is_low) == (0, False)
    assert Balance(bucket=bucket, limit=100, spent=80).is_low
    assert Balance(bucket=bucket, limit=None, spent=10**9).left is None


@given(st.integers(0, 4_000_000_000_000))
def test_a_month_ends_with_its_last_day_wherever_in_it_one_begins(at_ms):
    assert Period.MONTH.end(at_ms) == Period.MONTH.end(Period.MONTH.start(at_ms))
