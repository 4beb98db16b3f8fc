"""Following a submitted job to its end by `/status` and `/health`."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Final

from bot.contract import Response
from bot.contract.job import MIB, Health, JobReport, JobStatus
from bot.errors import JobExpired, OutputLost, SkydeckError
from bot.large_json import TooManyValues
from bot.runpod.flow.context import FlowContext, is_ok
from bot.runpod.flow.submit import job_path
from bot.runpod.models import Flow, HttpRequest, HttpResponse, JobState, Reply, Update, Waiting
from bot.runpod.reply_errors import final_error, too_many_values
from bot.runpod.results.assembly import OutputAssembly
from bot.runpod.results.parsing import read_health, reading_report
from bot.runpod.results.people_text import PartialText
from bot.runpod.retry import (
    FIRST_HEALTH_S,
    HEALTH_EVERY_S,
    MAX_FAULTS,
    MAX_OUTPUT_POLLS,
    MAX_REPORT_POLLS,
    NEW_JOB_S,
    FaultBudget,
)

_STATUS_TIMEOUT_S: Final = 10.0
_HEALTH_TIMEOUT_S: Final = 3.0
_POLL_SHARE: Final = 0.04
_POLL_MIN_S: Final = 0.02
_POLL_MAX_S: Final = 2.0
_POLL_SHARE_OF_LIMIT_S: Final = 0.01
_OUTPUT_POLL_S: Final = 0.1
MAX_PARTIALS: Final = 50_000
"""Per job; a model that sends each token makes a few thousand."""
MAX_STREAM_BYTES: Final = 128 * 1024 * 1024
"""The most that one job may stream in all."""
MAX_FOREIGN_BYTES: Final = 16 * 1024 * 1024
"""The same for a job whose chunks are not of the contract: all are kept, and become the result."""


class Follower:
    """Follows one job.

    Attributes:
        outputs: What the job has yielded.
        report: The last report on it.
        state: Its state as the caller knows it.
        faults: Counts failed polls in a row.
        health_at: When to ask for the endpoint's health again.

    Args:
        job_id: The platform's id.
        fresh: The job was submitted just now.
        in_flight: Counts the jobs that poll this endpoint at the moment.
        secrets: Removed from partials, even when cut across several of them.
    """

    def __init__(
        self,
        context: FlowContext,
        job_id: str,
        *,
        fresh: bool,
        in_flight: Callable[[], int],
        secrets: Iterable[str] = (),
    ) -> None:
        self.job_id = job_id
        self.outputs = OutputAssembly(secrets)
        self._texts = PartialText(secrets)
        self._partials_sent = self._received = 0
        self.report = JobReport(id=job_id)
        self._context = context
        self._in_flight = in_flight
        self.faults = FaultBudget()
        self.state = JobState.SUBMITTING
        self._waiting: Waiting | None = None
        self._since = context.now
        self._known_since = context.now if fresh else context.now - NEW_JOB_S
        self.health_at = context.now + FIRST_HEALTH_S

    # -- updates -----------------------------------------------------------------------------

    def update(self, state: JobState, response: Response | None = None) -> Update:
        """An update with everything that is known about the job."""
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
        """Process the answer to the submission; the caller gets the id whatever the status says."""
        self.report = report
        running = report.status in _RUNNING
        yield from self._enter(JobState.RUNNING if running else JobState.QUEUED)

    def take(self, report: JobReport) -> Flow[None]:
        """Process a report on a job that has not ended."""
        self.report = report
        yield from self.note_status(report.status)
        if report.has_output:
            partial = self.outputs.progress(report.output)
            if partial is not None:
                yield from self.emit_partials(iter([partial]))

    def emit_partials(self, partials: Iterator[Response | None]) -> Flow[None]:
        """Hand partial responses to the caller; at a None, let other tasks run.

        Raises:
            OutputLost: There are more than `MAX_PARTIALS`.
        """
        for partial in partials:
            if partial is None:
                yield from self._context.wait(0)
                continue
            self._partials_sent += 1
            if self._partials_sent > MAX_PARTIALS:
                raise OutputLost(
                    f"The service answered in more than {MAX_PARTIALS:,} pieces; the rest is lost.",
                    hint="Ask for less at a time.",
                )
            shown = self._texts.take(partial)
            yield from self._context.emit(self.update(self.state, shown))

    def emit_rest(self) -> Flow[None]:
        """Hand over what was held back of the partials, before the job's last update."""
        rest = self._texts.rest()
        if rest is not None:
            yield from self._context.emit(self.update(self.state, rest))

    def note_size(self, size: int) -> None:
        """Count the bytes of another answer of the stream.

        Raises:
            OutputLost: Together they exceed the limit.
        """
        self._received += size
        limit = MAX_FOREIGN_BYTES if self.outputs.is_foreign else MAX_STREAM_BYTES
        if self._received > limit:
            raise OutputLost(
                f"The service streamed more than {limit // MIB} MiB; the rest is lost.",
                hint="Ask for less at a time.",
            )

    def note_status(self, status: str | None) -> Flow[None]:
        """Process the platform's status of a job that has not ended."""
        if status == JobStatus.IN_QUEUE:
            if self.state is not JobState.WAITING_FOR_WORKER:
                yield from self._enter(JobState.QUEUED)
        elif status in _RUNNING:
            yield from self._enter(JobState.RUNNING)
        # RunPod does not document any other status; the job's state stays as it was.

    def _enter(self, state: JobState, waiting: Waiting | None = None) -> Flow[None]:
        if (state, waiting) == (self.state, self._waiting):
            return
        if (state is JobState.RUNNING) != (self.state is JobState.RUNNING):
            self._since = self._context.now
        self.state, self._waiting = state, waiting
        yield from self._context.emit(self.update(state))

    # -- /health -----------------------------------------------------------------------------

    def check_workers(self) -> Flow[None]:
        """While the job is queued, see now and then whether there is a worker for it.

        An unusable answer is ignored.
        """
        if self.state is JobState.RUNNING or self._context.now < self.health_at:
            return
        self.health_at = self._context.now + HEALTH_EVERY_S
        reply = yield from self._context.ask(
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
            JobExpired: The service no longer knows the job.
            ServiceUnreachable, KeyRefused: After many faults in a row.
            DeadlineExceeded: The deadline has passed.
        """
        while True:
            report = yield from self.status()
            if report.is_terminal:
                self.report = report
                return report
            yield from self.take(report)
            self._context.check_deadline()
            yield from self.check_workers()
            yield from self.wait()

    def poll_for_output(self) -> Flow[JobReport]:
        """Ask `/status` again a few times: it said COMPLETED before the output was there."""
        for attempt in range(MAX_OUTPUT_POLLS):
            yield from self._context.wait(output_poll_s(attempt))
            report = yield from self.status()
            if report.has_output:
                self.report = report
                break
        return self.report

    def wait(self) -> Flow[None]:
        """Wait until the next poll is due for a job of this age."""
        age_s = self._context.now - self._since
        yield from self._context.wait(poll_interval_s(age_s, self._in_flight()))

    def ask_for_report(self) -> Flow[JobReport | None]:
        """The final report of a job whose result is already here; None instead of an error.

        It gets a few tries. After a fault it gets as many as any poll, since then an answer of the
        stream may have been lost, and only the report still has its contents.
        """
        tries = MAX_FAULTS if self.faults.had_fault else MAX_REPORT_POLLS
        for attempt in range(tries):
            reply = yield from self._ask_status()
            try:
                report = yield from self._report_of(reply)
                if report is not None and report.is_terminal:
                    self.report = report
                    return report
                self._context.check_deadline()
                if isinstance(reply, HttpResponse) and reply.status in _UNKNOWN_JOB:
                    break
                if report is None and self.faults.had_fault:
                    yield from self.wait_after_fault(reply)
                else:
                    yield from self._context.wait(poll_interval_s(0.5 * 2**attempt))
            except SkydeckError:
                break  # the deadline, too many faults, or too many values; the result has arrived
        return None

    def status(self) -> Flow[JobReport]:
        """The next readable report, however many tries it takes."""
        while True:
            reply = yield from self._ask_status()
            report = yield from self._report_of(reply)
            if report is not None and report.status is not None:
                self.faults.reset()
                return report
            self._check_known(reply)
            yield from self.wait_after_fault(reply)

    def wait_after_fault(self, reply: Reply) -> Flow[None]:
        """Wait after a fault, so that the poll can be repeated.

        Raises:
            DeadlineExceeded: The deadline has passed.
            KeyRefused: 401 or 403 several times in a row.
            OutputLost: The answer is too large, and would be again.
            ServiceUnreachable: There were too many faults in a row.
        """
        delay_s = self.faults.delay_s(reply, self._context.rng)
        if delay_s is None:
            raise final_error(reply)
        self._context.check_deadline()
        yield from self._context.wait(delay_s)

    def _report_of(self, reply: Reply) -> Flow[JobReport | None]:
        if not is_ok(reply):
            return None
        try:
            return (yield from self._context.run(reading_report(reply.body)))
        except TooManyValues:
            raise too_many_values() from None

    def _ask_status(self) -> Flow[Reply]:
        return (
            yield from self._context.ask(
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
        if self._context.now - self._known_since >= NEW_JOB_S:
            raise JobExpired(
                "The service no longer knows the job; results are kept for 30 minutes (1 minute "
                "after /runsync).",
                hint="Make the call again.",
            )


_RUNNING: Final = frozenset({JobStatus.IN_PROGRESS, "RUNNING"})
"""RunPod's documentation says RUNNING, its answers say IN_PROGRESS."""
_UNKNOWN_JOB: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def _why_waiting(health: Health) -> Waiting:
    if health.workers.initializing > 0:
        return Waiting.STARTING
    return Waiting.STARVED if health.workers.throttled > 0 else Waiting.ASLEEP


def poll_interval_s(age_s: float, in_flight: int = 1) -> float:
    """How long until the next `/status`.

    Args:
        age_s: How long the job has been in its state. The wait is a twenty-fifth of it, from
            20 ms to 2 s, so that polling adds about 2 % to a call.
        in_flight: How many jobs poll the same endpoint; RunPod allows 200 polls a second, and we
            use half of them.
    """
    wanted = min(max(_POLL_SHARE * age_s, _POLL_MIN_S), _POLL_MAX_S)
    return max(wanted, in_flight * _POLL_SHARE_OF_LIMIT_S)


def output_poll_s(attempt: int) -> float:
    """How long to wait before asking for a missing output; `attempt` counts from 0."""
    return _OUTPUT_POLL_S * 2.0**attempt
