"""A flow played in virtual time against scripted answers: a transcript instead of a server."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from bot.choices import Mode
from bot.contract import Request, Service, Source, System
from bot.contract.penny import converse
from bot.runpod.flow import job
from bot.runpod.flow.submit import encode
from bot.runpod.models import (
    Flow,
    HttpRequest,
    HttpResponse,
    Outcome,
    Pause,
    Tick,
    TransportErrorKind,
    TransportFailure,
    Update,
)

Answer = Callable[[HttpRequest, float], HttpResponse | TransportFailure]
"""What the service says to a request at a time."""

ROUND_TRIP_S = 0.01


def ok(value: Any) -> Answer:
    """HTTP 200 with JSON."""
    return http(200, json.dumps(value))


def http(status: int, body: str | bytes = "", **headers: str) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request, now: HttpResponse(status=status, now=now, body=raw, headers=names)


def broken(
    kind: TransportErrorKind = TransportErrorKind.BROKEN, reason: str = "connection reset by peer"
) -> Answer:
    def answer(request: HttpRequest, now: float) -> TransportFailure:
        took = request.timeout_s if kind is TransportErrorKind.TIMEOUT else 0.0
        return TransportFailure(kind=kind, reason=reason, now=now + took)

    return answer


def held(value: Any, seconds: float) -> Answer:
    """HTTP 200 with JSON after a while."""
    return lambda request, now: ok(value)(request, now + seconds)


RESET = broken()
REFUSED = broken(TransportErrorKind.UNSENT, "connection refused")
TIMED_OUT = broken(TransportErrorKind.TIMEOUT, "timed out")
NOT_JSON = http(200, "<html>Bad gateway</html>")
BARE_ERROR = ok({"error": "internal"})
POLL_FAULTS: dict[str, Answer] = {
    "reset": RESET,
    "refused": REFUSED,
    "timeout": TIMED_OUT,
    "429": http(429, "slow down"),
    "429 with Retry-After": http(429, retry_after="3"),
    "500": http(500, "oops"),
    "502": http(502, "<html></html>"),
    "524": http(524, "<html>a timeout occurred</html>"),
    "not JSON": NOT_JSON,
    "cut JSON": http(200, '{"id":"job-1","status":"COMP'),
    "empty": http(200),
    "bare error": BARE_ERROR,
    "array": ok([]),
    "null": ok(None),
    "one 401": http(401),
    "one 403": http(403, "challenge"),
}

QUEUED = ok({"id": "job-1", "status": "IN_QUEUE"})
RUNNING = ok({"id": "job-1", "status": "IN_PROGRESS", "delayTime": 20, "workerId": "w1"})
WARM = ok({"jobs": {"inQueue": 1}, "workers": {"ready": 1, "running": 1, "idle": 1}})


def done(output: Any, **more: Any) -> Answer:
    return ok(report(output, **more))


def report(output: Any, **more: Any) -> dict[str, Any]:
    times = {"delayTime": 20, "executionTime": 300, "workerId": "w1"}
    return {"id": "job-1", "status": "COMPLETED", **times, "output": output, **more}


def completed(text: str = "hello") -> dict[str, Any]:
    """A final response of the contract."""
    return {"status": "completed", "output": {"type": "text", "data": text}}


def partial(sequence: int, text: str = "he") -> dict[str, Any]:
    return {"status": "partial", "sequence": sequence, "output": {"text": text}}


def chunks(*outputs: Any, status: str = "IN_PROGRESS") -> Answer:
    return ok({"status": status, "stream": [{"output": output} for output in outputs]})


class Script:
    """Answers by operation, in order; the last answer of an operation repeats."""

    def __init__(self, **answers: Sequence[Answer]) -> None:
        self._answers = {"health": [WARM], "cancel": [ok({"status": "CANCELLED"})], **answers}
        self.asked: list[tuple[float, HttpRequest]] = []
        self.counts: Counter[str] = Counter()

    def __call__(self, request: HttpRequest, now: float) -> HttpResponse | TransportFailure:
        operation = request.path.split("/")[0].split("?")[0]
        turn = self.counts[operation]
        self.counts[operation] += 1
        self.asked.append((now, request))
        answers = self._answers[operation]
        return answers[min(turn, len(answers) - 1)](request, now)


def script(mode: Mode, *polls: Answer, final: Answer | None = None) -> Script:
    """A job that is accepted, answers `polls` to its polls, and then completes."""
    final = final or done(completed())
    return Script(
        run=[QUEUED],
        runsync=[QUEUED],
        stream=[*polls, chunks(completed(), status="COMPLETED")],
        status=[*polls, final] if mode is not Mode.STREAM else [final],
    )


class Play:
    """A flow that has been played to its end.

    Attributes:
        outcome: How it ended.
        updates: All the caller was told, the last word included.
        now: The virtual time of the end; it began at 0.
    """

    def __init__(self, flow: Flow[Outcome], service: Answer) -> None:
        self.updates: list[Update] = []
        self.now = 0.0
        self.outcome = self._run(flow, service)
        if self.outcome.update is not None:
            self.updates.append(self.outcome.update)

    def _run(self, flow: Flow[Outcome], service: Answer) -> Outcome:
        asked = next(flow)
        for _ in range(20_000):
            try:
                asked = flow.send(self._do(asked, service))
            except StopIteration as stop:
                return stop.value
        raise AssertionError("the flow does not end")

    def _do(self, asked: Any, service: Answer) -> Any:
        if isinstance(asked, Update):
            self.updates.append(asked)
            return Tick(self.now)
        if isinstance(asked, Pause):
            assert asked.seconds >= 0
            self.now += asked.seconds
            return Tick(self.now)
        assert asked.timeout_s > 0
        reply = service(asked, self.now + ROUND_TRIP_S)
        self.now = reply.now
        return reply

    @property
    def states(self) -> list[str]:
        """The states in the order in which the caller saw them, without repetition."""
        names = [update.state.value for update in self.updates]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    @property
    def responses(self) -> list[Any]:
        return [update.response for update in self.updates if update.response is not None]

    @property
    def text(self) -> str:
        """The text of the final response."""
        assert self.outcome.error is None, self.outcome.error
        assert self.outcome.update is not None
        assert self.outcome.update.response is not None
        return self.outcome.update.response.text


def contract(text: str = "hi", service: Service = Service.PENNY) -> Request:
    made = converse(text, source=Source(system=System.DECK))
    return made.model_copy(update={"target": made.target.model_copy(update={"service": service})})


def terms(mode: Mode, deadline_s: float = 60, in_flight: int = 1) -> job.JobTerms:
    return job.JobTerms(
        mode=mode, deadline_s=deadline_s, rng=lambda: 0.5, in_flight=lambda: in_flight
    )


def submit(service: Answer, mode: Mode = Mode.RUN, deadline_s: float = 60) -> Play:
    body = encode(contract(), deadline_s=deadline_s, held=mode is Mode.RUNSYNC)
    return Play(job.submit(terms(mode, deadline_s), body, now=0.0), service)


def collect(service: Answer, mode: Mode = Mode.RUN, deadline_s: float = 60) -> Play:
    return Play(job.collect(terms(mode, deadline_s), "job-1", now=0.0), service)
