import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract import Service
from bot.errors import (
    BadInput,
    DeadlineExceeded,
    JobCancelled,
    JobFailed,
    KeyRefused,
    OutputLost,
    OverBudget,
    RateLimited,
    ServiceDown,
    ServiceUnreachable,
)
from bot.money import Period, Scope
from bot.service_calls.circuit_breaker import (
    FAILURES,
    IN_A_ROW_S,
    TRY_S,
    Breaker,
    State,
    Verdict,
    verdict,
)
from tests.fakes.handlers import Scripted, completed, echo, partial
from tests.integration.bot.service_calls.conftest import asking, whole

WELL, FAULT, NOTHING = Verdict.WELL, Verdict.FAULT, Verdict.NOTHING
POOR = OverBudget(scope="all", period="day", limit_micro_usd=1, left_micro_usd=0, renews_ms=0)


def steady(**more) -> Breaker:
    return Breaker(rng=lambda: 0.5, first_pause_s=5, max_pause_s=60, **more)


def broken(at: float = 0.0) -> Breaker:
    breaker = steady()
    for _ in range(FAILURES):
        assert breaker.admit(at) == 0
        breaker.ended(FAULT, at)
    return breaker


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (None, WELL),
        (ServiceUnreachable("x"), FAULT),
        (RateLimited("x"), FAULT),
        (DeadlineExceeded("x"), FAULT),
        (OutputLost("x"), FAULT),
        (JobFailed("job timed out after 1 retries"), FAULT),
        (JobFailed("No speech.", service_code="bad_input"), NOTHING),
        (KeyRefused("x"), NOTHING),
        (BadInput("x"), NOTHING),
        (JobCancelled("x"), NOTHING),
        (POOR, NOTHING),
        (GeneratorExit(), NOTHING),
        (asyncio.CancelledError(), NOTHING),
        (ServiceDown("x", wait_s=1), NOTHING),
    ],
)
def test_what_an_end_says_of_a_service(error, told):
    assert verdict(error) is told


def test_a_long_job_with_too_little_time_says_nothing_of_its_service():
    assert verdict(DeadlineExceeded("x"), has_run=True) is NOTHING


def test_a_service_that_fails_again_and_again_is_left_alone():
    breaker = broken(at=10)
    assert breaker.state is State.OPEN
    assert breaker.admit(10) == 5
    assert breaker.admit(14) == 1


def test_one_call_tries_it_and_the_others_still_wait():
    breaker = broken()
    assert breaker.admit(5) == 0
    assert breaker.admit(5.1) == pytest.approx(TRY_S - 0.1)
    breaker.ended(WELL, 6)
    assert breaker.state is State.CLOSED
    assert breaker.admit(6) == breaker.admit(6) == 0


def test_each_pause_in_a_row_is_longer_up_to_a_limit():
    breaker, now, pauses = broken(), 0.0, []
    for _ in range(6):
        pauses.append(breaker.wait_s(now))
        now += pauses[-1]
        assert breaker.admit(now) == 0
        breaker.ended(FAULT, now, attempt=breaker.attempt)
    assert pauses == [5, 10, 20, 40, 60, 60]
    now += breaker.wait_s(now)
    breaker.admit(now)
    breaker.ended(WELL, now)
    for _ in range(FAILURES):
        breaker.ended(FAULT, now)
    assert breaker.wait_s(now) == 5, "a success makes it young again"


def test_a_try_that_told_nothing_or_takes_an_hour_holds_up_nobody():
    breaker = broken()
    breaker.admit(5)
    breaker.ended(NOTHING, 6, attempt=breaker.attempt)
    assert breaker.admit(6) == 0
    assert breaker.admit(6 + TRY_S) == 0


@pytest.mark.parametrize("told", [NOTHING, FAULT])
def test_what_was_under_way_before_makes_no_room_for_a_second_try(told):
    breaker = broken()
    assert breaker.admit(5) == 0
    breaker.ended(told, 6)
    assert breaker.state is State.TRYING
    assert breaker.admit(6) == pytest.approx(TRY_S - 1)


def test_a_try_that_fails_after_the_next_one_has_begun_counts_and_makes_no_room():
    breaker = broken()
    breaker.admit(5)
    first = breaker.attempt
    assert breaker.admit(5 + TRY_S) == 0
    breaker.ended(NOTHING, 36, attempt=first)
    assert breaker.admit(36) > 0
    breaker.ended(FAULT, 37, attempt=first)
    assert breaker.state is State.OPEN
    assert breaker.admit(37) == 10


def test_a_try_that_a_worker_has_lets_the_others_through_before_its_end():
    breaker = broken()
    breaker.admit(5)
    breaker.taken(6, attempt=0)
    assert breaker.admit(6) > 0, "another call says nothing of the try"
    breaker.taken(6, attempt=breaker.attempt)
    assert breaker.admit(6) == breaker.admit(6) == 0
    breaker.ended(FAULT, 7, attempt=1)
    assert breaker.admit(7) == 10, "it failed after all: one fault is enough, the pause is longer"


def test_failures_far_apart_or_with_successes_between_are_no_row():
    breaker = steady()
    for number in range(10):
        breaker.ended(FAULT, number * (IN_A_ROW_S + 1))
        assert breaker.state is State.CLOSED
    breaker = steady()
    for _ in range(10):
        breaker.ended(FAULT, 0)
        breaker.ended(FAULT, 0)
        breaker.ended(WELL, 0)
        assert breaker.state is State.CLOSED


def test_calls_that_were_under_way_do_not_lengthen_the_pause():
    breaker = broken()
    for _ in range(50):
        breaker.ended(FAULT, 1)
    assert breaker.wait_s(1) == 4


STEPS = st.lists(
    st.tuples(st.floats(0, 100), st.sampled_from(["call", "taken", WELL, FAULT, NOTHING])),
    max_size=80,
)


@given(STEPS)
def test_whatever_happens_it_lets_calls_through_in_the_end_and_one_at_a_time(steps):
    breaker, now, trying, under_way = steady(), 0.0, float("-inf"), []
    for later, step in steps:
        now += later
        if step == "call":
            was_closed = breaker.state is State.CLOSED
            wait_s = breaker.admit(now)
            assert not (was_closed and wait_s), "while closed it refuses nobody"
            if wait_s == 0:
                under_way.append(0 if was_closed else breaker.attempt)
            if not was_closed and wait_s == 0:
                assert now - trying >= TRY_S, "one at a time"
                trying = now
        elif step == "taken":
            if under_way:
                breaker.taken(now, attempt=under_way[-1])
                if breaker.state is State.CLOSED:
                    trying = float("-inf")
        elif under_way:
            attempt = under_way.pop(len(under_way) // 2)
            breaker.ended(step, now, attempt=attempt)
            if step is WELL or (attempt and attempt == breaker.attempt):
                trying = float("-inf")
        assert 0 <= breaker.wait_s(now) <= 72
    assert breaker.admit(now + breaker.wait_s(now)) == 0


async def test_nothing_is_sent_to_a_service_that_is_down(exchange, caplog):
    handler = Scripted(echo)
    async with exchange(handler) as at:
        at.url = "http://127.0.0.1:9"
        async with at.open(breaker=lambda: Breaker(first_pause_s=0.3)) as board:
            for _ in range(FAILURES):
                with pytest.raises(ServiceUnreachable):
                    await whole(board, asking())
            with pytest.raises(ServiceDown) as down:
                await whole(board, asking())
            assert 0 < down.value.wait_s < 0.4
            assert "PENNY is down" in caplog.text
        assert handler.started == 0


async def test_a_person_without_money_does_not_use_up_the_try(exchange):
    async with exchange(Scripted(echo), {(Scope.USER, Period.DAY): 0}) as at, at.open() as board:
        breaker = board.breaker(Service.PENNY)
        for _ in range(FAILURES):
            breaker.ended(FAULT, board._clock.now() - 100)
        with pytest.raises(OverBudget):
            await whole(board, asking())
        async with board.submit(asking(user="0")) as updates:
            assert (await anext(updates)).state == "submitting"


async def test_a_long_job_that_runs_refuses_nobody_else(exchange):
    end = asyncio.Event()

    async def long(request):
        yield partial("so far")
        await end.wait()
        yield completed("all")

    async with exchange(Scripted(long)) as at, at.open() as board:
        breaker = board.breaker(Service.PENNY)
        for _ in range(FAILURES):
            breaker.ended(FAULT, board._clock.now() - 100)
        async with board.submit(asking()) as first:
            async for update in first:
                if update.state == "running":
                    break
            end.set()
            assert (await whole(board, asking("me, too")))[-1].state == "completed"
