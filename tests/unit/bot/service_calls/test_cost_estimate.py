import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract import Response
from bot.contract.envelope import Usage
from bot.money import Basis
from bot.runpod.models import JobState, Update
from bot.service_calls.cost_estimate import Meter, Rates

USD_PER_S = Decimal("0.00019")
L4 = Rates(usd_per_s=USD_PER_S)
LOCAL = Rates(usd_per_s=USD_PER_S, is_local=True)


def told(*updates: Update, at=()) -> Meter:
    meter = Meter()
    times = at or range(len(updates))
    for update, now in zip(updates, times, strict=True):
        meter.updated(update, float(now))
    return meter


def done(usage: Usage | None = None, **more) -> Update:
    return Update(state=JobState.COMPLETED, response=Response(usage=usage), **more)


def test_the_services_own_word_counts():
    charge = told(done(Usage(cost_usd=0.002, input_tokens=3), execution_ms=9_000)).charge(L4)
    assert (charge.micro_usd, charge.basis) == (2_000, Basis.REPORTED)
    assert (charge.execution_ms, charge.input_tokens) == (9_000, 3)


def test_seconds_are_rounded_up_as_they_are_billed():
    assert told(done(execution_ms=1)).charge(L4).micro_usd == 190
    assert told(done(execution_ms=2_001)).charge(L4).micro_usd == 570
    tail = Rates(usd_per_s=USD_PER_S, idle_tail_s=5)
    assert told(done(execution_ms=1)).charge(tail).micro_usd == 1_140
    cheap = Rates(usd_per_s=Decimal("0.0000001"))
    assert told(done(execution_ms=1)).charge(cheap).micro_usd == 1, "never rounded down to nothing"


def test_a_worker_that_says_nothing_was_paid_still_took_its_seconds():
    charge = told(done(Usage(cost_usd=0.0), execution_ms=3_000)).charge(L4)
    assert (charge.micro_usd, charge.basis) == (570, Basis.SECONDS)


def test_our_own_clock_counts_where_the_platform_says_nothing():
    running, failed = Update(state=JobState.RUNNING), Update(state=JobState.FAILED)
    assert told(running, failed, at=(10, 12.5)).charge(L4).micro_usd == 570


def test_a_call_that_no_worker_ever_had_costs_nothing():
    queued = Update(state=JobState.QUEUED)
    assert told(queued, Update(state=JobState.CANCELLED)).charge(L4) is None


def test_tokens_count_where_nothing_else_is_known():
    meter = told(done(Usage(input_tokens=1_000, output_tokens=100)))
    charge = meter.charge(Rates(usd_per_s=USD_PER_S, usd_per_m_in=1, usd_per_m_out=5))
    assert (charge.micro_usd, charge.basis) == (1_500, Basis.TOKENS)


def test_on_this_machine_only_what_is_paid_to_others_costs():
    assert told(done(execution_ms=9_000)).charge(LOCAL).micro_usd == 0
    assert told(done(execution_ms=9_000)).charge(LOCAL).basis is Basis.LOCAL
    assert told(done(Usage(cost_usd=0.0005))).charge(LOCAL).micro_usd == 500


@pytest.mark.parametrize("usd", [math.nan, math.inf, -1.0, 1e12])
def test_what_nobody_can_have_paid_is_not_believed(usd):
    charge = told(done(Usage.model_construct(cost_usd=usd), execution_ms=1_000)).charge(L4)
    assert (charge.micro_usd, charge.basis) == (190, Basis.SECONDS)


@given(
    st.floats() | st.none(), st.integers() | st.none(), st.integers() | st.none(),
    st.floats() | st.none(), st.floats() | st.none(),
)  # fmt: skip
def test_whatever_a_service_says_a_sum_is_bounded(usd, read, written, seconds, execution_ms):
    usage = Usage.model_construct(
        cost_usd=usd, input_tokens=read, output_tokens=written, compute_seconds=seconds
    )
    charge = told(done(usage, execution_ms=execution_ms)).charge(L4)
    if charge is not None:
        assert 0 <= charge.micro_usd < 2**62
        assert charge.execution_ms is None or 0 <= charge.execution_ms <= 7 * 86_400_000
