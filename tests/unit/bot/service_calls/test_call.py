"""One call and its observers: each learns of its end once, whatever ends it."""

import asyncio

import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.errors import JobFailed, OverBudget
from bot.money import Call
from bot.runpod.models import JobState, Update
from bot.service_calls.call import CallObserver, ServiceCall

POOR = OverBudget(scope="all", period="day", limit_micro_usd=1, left_micro_usd=0, renews_ms=0)


class Notes(CallObserver):
    def __init__(self, refusal=None) -> None:
        self.refusal, self.seen, self.error = refusal, [], "not told"

    async def started(self, call):
        if self.refusal is not None:
            raise self.refusal
        self.seen.append("started")

    def refused(self, call, error):
        self.seen.append(("refused", error.code))

    def updated(self, call, update):
        self.seen.append(update.state)

    def ended(self, call):
        assert self.error == "not told"
        self.error = call.error


class Job:
    """A client's updates; notes whether they were begun and closed."""

    def __init__(self, error=None) -> None:
        self.error, self.is_begun, self.is_closed = error, False, False

    async def updates(self):
        self.is_begun = True
        try:
            yield Update(state=JobState.RUNNING, job_id="job-1")
            if self.error is not None:
                raise self.error
            yield Update(state=JobState.COMPLETED, job_id="job-1")
        finally:
            self.is_closed = True


def calling(job: Job, *observers: CallObserver, detached=()) -> ServiceCall:
    return ServiceCall(
        info=Call(call_id="1", service=Service.PENNY, module="CONVERSE"),
        clock=SystemClock(),
        updates=job.updates(),
        observers=observers,
        detached=set(detached),
    )


async def taken(call: ServiceCall, number: int, error: Exception | None = None) -> None:
    """Take some updates; then the caller fails with an error of its own."""
    async with call:
        for _ in range(number):
            await anext(call)
        if error is not None:
            raise error


async def test_a_call_that_succeeds():
    job, notes = Job(), Notes()
    async with calling(job, notes) as call:
        states = [update.state async for update in call]
        assert notes.error is None, "told with the last update"
    assert notes.seen == ["started", *states]
    assert states == [JobState.RUNNING, JobState.COMPLETED]
    assert call.job_id == "job-1"


async def test_an_error_of_the_job_is_the_calls():
    job, notes = Job(JobFailed("It broke.")), Notes()
    call = calling(job, notes)
    with pytest.raises(JobFailed):
        await taken(call, 2)
    assert isinstance(notes.error, JobFailed)
    assert not call.is_left


@pytest.mark.parametrize("begins", [True, False])
async def test_an_error_of_the_caller_leaves_the_call(begins):
    job, notes = Job(), Notes()
    call = calling(job, notes)
    with pytest.raises(ZeroDivisionError):
        await taken(call, int(begins), ZeroDivisionError())
    assert call.is_left
    assert isinstance(notes.error, asyncio.CancelledError)
    assert (job.is_begun, job.is_closed) == (begins, begins)


async def test_a_refusal_sends_nothing_and_is_an_end_only_for_those_before():
    job, before, refuses, after = Job(), Notes(), Notes(POOR), Notes()
    with pytest.raises(OverBudget):
        async with calling(job, before, refuses, after):
            pass
    assert before.error is POOR
    assert (refuses.error, refuses.seen) == ("not told", [])
    assert (after.error, after.seen) == ("not told", [("refused", "over_budget")])
    assert not job.is_begun


@pytest.mark.parametrize(
    ("detached", "runs_on"), [((), False), (("job-1",), True), (("2",), False)]
)
async def test_a_job_runs_on_when_it_is_detached(detached, runs_on):
    async with calling(Job(), detached=detached) as call:
        await anext(call)
        assert call.is_detached is runs_on
