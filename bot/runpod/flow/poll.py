"""Following a job that has been handed in, to its end, by `/status` and `/health`."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeGuard

from bot.contract import Response
from bot.contract.job import MIB, Health, JobReport, JobStatus
from bot.errors import JobExpired, OutputLost, SkydeckError
from bot.large_json import TooManyValues
from bot.runpod.flow.context import FlowContext
from bot.runpod.flow.submit import job_path
from bot.runpod.models import Flow, HttpRequest, HttpResponse, JobState, Reply, Update, Waiting
from bot.runpod.patience import (
    GONE,
    MAX_FAULTS,
    NOT_FOUND,
    OK,
    FaultBudget,
    holds_too_much,
)
from bot.runpod.results.assembly import OutputAssembly
from bot.runpod.results.parsing import read_health, reading_report
from bot.runpod.results.partials import Partials
from bot.runpod.retry import poll_interval_s

_STATUS_TIMEOUT_S: Final = 10.0
_HEALTH_TIMEOUT_S: Final = 3.0
_FIRST_HEALTH_S: Final = 1.5
"""A warm worker takes a job sooner than this."""
_HEALTH_EVERY_S: Final = 5.0
_NEW_S: Final = 3.0
"""For so long after the submission 404 can mean that the id is not known everywhere yet."""
_FINAL_TRIES: Final = 3
_EMPTY_TRIES: Final = 5
MAX_PARTIALS: Final = 50_000
"""The most pieces of one answer; a model that tells each token makes some thousands."""
MAX_STREAM_BYTES: Final = 128 * 1024 * 1024
"""The most that one job may stream, all together."""
MAX_FOREIGN_BYTES: Final = 16 * 1024 * 1024
"""The same where the pieces are no contracts: all are kept, and are the result at the end."""


class Follower:
    """One job on its way to its end.

    Attributes:
        outputs: What it has yielded.
        report: The last report on it.
        state: Where it is, as the caller has been told.
        patience: With polls that fail.
        health_at: When it is time to ask for the endpoint's health again.

    Args:
        line: The flow's line.
        job_id: The platform's id.
        fresh: Whether the job was handed in just now.
        crowd: How many jobs poll this endpoint at the moment.
        secrets: What must not be told by pieces that together hold it.
    """

    def __init__(
        self,
        line: FlowContext,
        job_id: str,
        *,
        fresh: bool,
        crowd: Callable[[], int],
        secrets: Iterable[str] = (),
    ) -> None:
        self.job_id = job_id
        self.outputs = OutputAssembly(secrets)
        self._partials = Partials(secrets)
        self._told = self._received = 0
        self.report = JobReport(id=job_id)
        self._line = line
        self._crowd = crowd
        self.patience = FaultBudget(line)
        self.state = JobState.SUBMITTING
        self._waiting: Waiting | None = None
        self._since = line.now
        self._known_since = line.now if fresh else line.now - _NEW_S
        self.health_at = line.now + _FIRST_HEALTH_S

    # -- what is known, told to the caller ---------------------------------------------------

    def update(self, state: JobState, response: Response | None = None) -> Update:
        """An update with all that is known of the job."""
        report = self.report
        return Update(
            state=state,
            response=response,
            job_id=self.job_id or None,
            delay_ms=report.delayTime,
            execution_ms=report.executionTime,
            worker_id=report.workerId,
            waiting=self._waiting if state is JobState.WAITING_FOR_WORKER else None,
        )

    def accept(self, report: JobReport) -> Flow[None]:
        """Note the answer to the submission; the caller learns the id whatever the status says."""
        self.report = report
        running = report.status in _RUNNING
        yield from self._enter(JobState.RUNNING if running else JobState.QUEUED)

    def take(self, report: JobReport) -> Flow[None]:
        """Note what a report says of a job that has not ended."""
        self.report = report
        yield from self.note_status(report.status)
        if report.has_output:
            partial = self.outputs.progress(report.output)
            if partial is not None:
                yield from self.tell_partials(iter([partial]))

    def tell_partials(self, partials: Iterator[Response | None]) -> Flow[None]:
        """Hand partial responses to the caller as they are made; None: others have their turn.

        Raises:
            OutputLost: There are more than anybody reads.
        """
        for partial in partials:
            if partial is None:
                yield from self._line.rest(0)
                continue
            self._told += 1
            if self._told > MAX_PARTIALS:
                raise OutputLost(
                    f"The service answers in more than {MAX_PARTIALS:,} pieces; no more are taken.",
                    hint="Ask for less at a time.",
                )
            shown = self._partials.shown(partial)
            yield from self._line.tell(self.update(self.state, shown))

    def tell_rest(self) -> Flow[None]:
        """Hand over what was held back of the partials, before the job's end is told."""
        rest = self._partials.rest()
        if rest is not None:
            yield from self._line.tell(self.update(self.state, rest))

    def note_size(self, size: int) -> None:
        """Another answer of the stream has come.

        Raises:
            OutputLost: They are more than is kept, all together.
        """
        self._received += size
        limit = MAX_FOREIGN_BYTES if self.outputs.is_foreign else MAX_STREAM_BYTES
        if self._received > limit:
            raise OutputLost(
                f"The service streams more than {limit // MIB} MiB; no more is taken.",
                hint="Ask for less at a time.",
            )

    def note_status(self, status: str | None) -> Flow[None]:
        """Note the platform's word for where a job is that has not ended."""
        if status == JobStatus.IN_QUEUE:
            if self.state is not JobState.WAITING_FOR_WORKER:
                yield from self._enter(JobState.QUEUED)
        elif status in _RUNNING:
            yield from self._enter(JobState.RUNNING)
        # Any other word is one that the platform has not documented: the job goes on as it was.

    def _enter(self, state: JobState, waiting: Waiting | None = None) -> Flow[None]:
        if (state, waiting) == (self.state, self._waiting):
            return
        if (state is JobState.RUNNING) != (self.state is JobState.RUNNING):
            self._since = self._line.now
        self.state, self._waiting = state, waiting
        yield from self._line.tell(self.update(state))

    # -- is there a worker at all? -----------------------------------------------------------

    def look_for_workers(self) -> Flow[None]:
        """While the job is queued, now and then; an answer that cannot be used is ignored."""
        if self.state is JobState.RUNNING or self._line.now < self.health_at:
            return
        self.health_at = self._line.now + _HEALTH_EVERY_S
        reply = yield from self._line.ask(
            HttpRequest(method="GET", path="health", timeout_s=_HEALTH_TIMEOUT_S)
        )
        health = read_health(reply.body) if is_ok(reply) else None
        if health is None:
            return
        if health.has_worker:
            yield from self._enter(JobState.QUEUED)
        else:
            yield from self._enter(JobState.WAITING_FOR_WORKER, _why_waiting(health))

    # -- /status -----------------------------------------------------------------------------

    def poll_to_end(self) -> Flow[JobReport]:
        """Ask `/status` until the job has ended.

        Raises:
            JobExpired: The service does not know the job any more.
            ServiceUnreachable, KeyRefused: After many faults in a row.
            DeadlineExceeded: The caller has no more patience.
        """
        while True:
            report = yield from self.status()
            if report.is_terminal:
                self.report = report
                return report
            yield from self.take(report)
            self._line.check_deadline()
            yield from self.look_for_workers()
            yield from self.rest()

    def poll_for_output(self) -> Flow[JobReport]:
        """Ask `/status` again a few times: it says COMPLETED, and the output is not there yet."""
        for attempt in range(_EMPTY_TRIES):
            yield from self._line.rest(0.1 * 2**attempt)
            report = yield from self.status()
            if report.has_output:
                self.report = report
                break
        return self.report

    def rest(self) -> Flow[None]:
        """Wait as long as is polite between polls of a job of this age."""
        age_s = self._line.now - self._since
        yield from self._line.rest(poll_interval_s(age_s, self._crowd()))

    def ask_for_report(self) -> Flow[JobReport | None]:
        """The final report when the result is already here, and no error.

        It is worth a few tries; where an answer of the stream may have been lost, as many as any
        poll, since only the report has what was in it.
        """
        tries = MAX_FAULTS if self.patience.was_tried else _FINAL_TRIES
        for attempt in range(tries):
            reply = yield from self._ask_status()
            try:
                report = yield from self._report_of(reply)
                if report is not None and report.is_terminal:
                    self.report = report
                    return report
                self._line.check_deadline()
                if isinstance(reply, HttpResponse) and reply.status in _UNKNOWN_JOB:
                    break
                if report is None and self.patience.was_tried:
                    yield from self.patience.bear(reply)
                else:
                    yield from self._line.rest(poll_interval_s(0.5 * 2**attempt))
            except SkydeckError:
                break  # no more patience, or it holds too much; what matters is here
        return None

    def status(self) -> Flow[JobReport]:
        """One readable report, however many tries it takes."""
        while True:
            reply = yield from self._ask_status()
            report = yield from self._report_of(reply)
            if report is not None and report.status is not None:
                self.patience.restore()
                return report
            self._check_known(reply)
            yield from self.patience.bear(reply)

    def _report_of(self, reply: Reply) -> Flow[JobReport | None]:
        if not is_ok(reply):
            return None
        try:
            return (yield from self._line.work(reading_report(reply.body)))
        except TooManyValues:
            raise holds_too_much() from None

    def _ask_status(self) -> Flow[Reply]:
        return (
            yield from self._line.ask(
                HttpRequest(
                    method="GET",
                    path=job_path("status", self.job_id),
                    timeout_s=_STATUS_TIMEOUT_S,
                )
            )
        )

    def _check_known(self, reply: Reply) -> None:
        if not isinstance(reply, HttpResponse) or reply.status not in _UNKNOWN_JOB:
            return
        if self._line.now - self._known_since >= _NEW_S:
            raise JobExpired(
                "The service does not know the job any more; results are kept 30 minutes (1 after "
                "/runsync).",
                hint="Make the call again.",
            )


_RUNNING: Final = frozenset({JobStatus.IN_PROGRESS, "RUNNING"})
"""RunPod's job states page says RUNNING, its answers say IN_PROGRESS."""
_UNKNOWN_JOB: Final = frozenset({NOT_FOUND, GONE})


def is_ok(reply: Reply) -> TypeGuard[HttpResponse]:
    """Whether there is a body to be read."""
    return isinstance(reply, HttpResponse) and reply.status == OK


def _why_waiting(health: Health) -> Waiting:
    if health.workers.initializing > 0:
        return Waiting.STARTING
    return Waiting.STARVED if health.workers.throttled > 0 else Waiting.ASLEEP
