"""Under any sequence of faults, no result is lost and no job is submitted twice."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import errors
from bot.choices import Mode
from bot.contract import Status
from bot.runpod.models import HttpRequest
from tests.fakes.runpod_script import (
    BARE_ERROR,
    NOT_JSON,
    REFUSED,
    RESET,
    TIMED_OUT,
    WARM,
    completed,
    http,
    ok,
    partial,
    submit,
)

FAULTS = {
    "refused": REFUSED,
    "reset": RESET,
    "timeout": TIMED_OUT,
    "429": http(429),
    "500": http(500),
    "524": http(524),
    "html": NOT_JSON,
    "bare": BARE_ERROR,
    "empty": http(200),
    "401": http(401),
}
UNSEEN = {"refused", "429"}
"""Faults after which the service has done nothing."""

faults = st.sampled_from(sorted(FAULTS))
weather = st.lists(st.one_of(st.none(), faults), max_size=60)
"""What happens to each request in order; later ones succeed."""


class Service:
    """A RunPod that works, behind a connection that does not.

    The job runs from `starts` to the last of `yields`, which are the times of its partials; its
    final response comes 10 ms later. `/stream` hands each chunk out once, heard or not.
    """

    def __init__(self, weather: list[str | None], starts: float, yields: list[float]) -> None:
        self._weather = list(weather)
        self._refusals = 0
        self._starts = starts
        self._yields = [starts + at for at in sorted(yields)]
        self._ends = (self._yields[-1] if yields else starts) + 0.01
        self._drained = 0
        self._born = 0.0
        self.submissions = 0
        self.cancelled = False

    def __call__(self, request: HttpRequest, now: float) -> Any:
        fault = self._weather.pop(0) if self._weather else None
        # Two refusals of the key in a row are borne, three are believed.
        self._refusals = self._refusals + 1 if fault == "401" else 0
        if self._refusals > 2 or (fault == "401" and request.path.startswith("run")):
            fault = None
        if fault in UNSEEN:
            return FAULTS[fault](request, now)
        answer = self._answer(request, now)
        return (FAULTS[fault] if fault else answer)(request, now)

    def _answer(self, request: HttpRequest, now: float) -> Any:
        operation = request.path.split("/")[0].split("?")[0]
        if operation == "health":
            return WARM
        if operation == "cancel":
            self.cancelled = True
            return ok({"status": "CANCELLED"})
        if operation in ("run", "runsync"):
            self.submissions += 1
            self._born = now
            return ok({"id": "job-1", "status": "IN_QUEUE"})
        age = now - self._born
        made = [partial(n, f"{n};") for n, at in enumerate(self._yields) if at <= age]
        if age >= self._ends:
            made.append(completed("all of it"))
        status = self._status(age)
        if operation == "stream":
            new, self._drained = made[self._drained :], len(made)
            return ok({"status": status, "stream": [{"output": output} for output in new]})
        output = {"output": made} if status == "COMPLETED" else {}
        return ok({"id": "job-1", "status": status, **output})

    def _status(self, age: float) -> str:
        if age >= self._ends:
            return "COMPLETED"
        return "IN_PROGRESS" if age >= self._starts else "IN_QUEUE"


@settings(max_examples=300, deadline=None)
@given(
    mode=st.sampled_from(list(Mode)),
    weather=weather,
    starts=st.floats(0, 30),
    yields=st.lists(st.floats(0, 20), max_size=6),
)
@example(Mode.STREAM, [None, "401", "401", "429"], 0.0, [0.0])
@example(Mode.STREAM, ["401", "401", "429"], 0.0, [0.0])
@example(Mode.STREAM, [None, "reset", None, "401", "401", "429", "500"], 0.0, [0.0, 1.0])
def test_no_result_is_lost_and_no_job_is_handed_in_twice(mode, weather, starts, yields):
    service = Service(weather, starts, yields)
    play = submit(service, mode, deadline_s=3600)
    assert service.submissions <= 1
    assert not service.cancelled
    error = play.outcome.error
    if isinstance(error, errors.SubmissionUnknown | errors.RateLimited) or (
        service.submissions == 0 and isinstance(error, errors.ServiceUnreachable)
    ):
        assert play.outcome.update is None
        return
    if isinstance(error, errors.ServiceFailed) and not play.updates[1:]:
        return  # a bare error instead of an id
    if isinstance(error, errors.ServiceUnreachable):
        assert sum(fault is not None for fault in weather) >= 29
        assert "job-1" in str(error)
        return
    assert play.text == "all of it"
    partials = [r.sequence for r in play.responses if r.status == Status.PARTIAL]
    if len(partials) < len(yields):  # an answer of the stream is lost, and no report ever comes
        assert sum(fault is not None for fault in weather) >= 29
    else:
        assert sorted(partials) == list(range(len(yields)))


@pytest.mark.parametrize("more", [["429"], ["html", "500", "bare"], ["refused"] * 20])
def test_what_a_lost_answer_of_the_stream_held_is_told_however_late(more):
    service = Service([None, "401", *more], starts=0, yields=[0])
    play = submit(service, Mode.STREAM, deadline_s=3600)
    assert play.text == "all of it"
    assert [r.sequence for r in play.responses if r.status == Status.PARTIAL] == [0]


@settings(max_examples=200, deadline=None)
@given(mode=st.sampled_from(list(Mode)), weather=weather, deadline_s=st.floats(1, 40))
def test_a_deadline_always_ends_a_call_soon_and_never_leaves_the_job(mode, weather, deadline_s):
    service = Service(weather, starts=1e9, yields=[])
    play = submit(service, mode, deadline_s=deadline_s)
    assert play.outcome.error is not None
    assert service.submissions <= 1
    assert play.now < deadline_s + 60
    if isinstance(play.outcome.error, errors.DeadlineExceeded):
        assert service.cancelled or "could not be cancelled" in str(play.outcome.error)
