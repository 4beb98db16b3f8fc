"""Calling the services: the I/O shell that drives the flows of `bot.runpod.flow.job`."""

import random
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.choices import Mode
from bot.clock import Clock, SystemClock
from bot.contract import Request, Service
from bot.contract.job import Health, JobReport, StreamReport
from bot.errors import BadSettings
from bot.runpod.driver import Driver, OpenJob
from bot.runpod.flow import job as flows
from bot.runpod.flow.context import FlowContext
from bot.runpod.flow.operations import on_job, operation
from bot.runpod.flow.submit import SubmitBody, encode, job_path
from bot.runpod.flow.submit import submit as hand_in
from bot.runpod.models import Flow, HttpRequest, Update
from bot.runpod.results.parsing import read_health, read_purged, read_report, read_stream
from bot.runpod.retry import Dice
from bot.runpod.transport import HttpTransport

_OPERATION_S: Final = 10.0
_HOLD_MARGIN_S: Final = 10.0
_MAX_HOLD_S: Final = 90.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is, and how it is called.

    Attributes:
        service: Penny, Grace or the Factory.
        id: The endpoint's id at RunPod, or its name at the embedded server.
        mode: How jobs are handed in and followed.
        deadline_s: The longest a call may take, queue and all, unless the call says otherwise.
    """

    service: Service
    id: str
    _: KW_ONLY
    mode: Mode
    deadline_s: float


class RunPodClient:
    """The services, behind one connection pool. An async context manager.

    Leaving an iteration early, by `break`, an error or a cancelled task, cancels the job at the
    service: in the background, so a person who interrupts need not wait; leaving the client waits
    for that, for a bounded time. While `/runsync` is held the job has no id yet: left then, it
    runs to its end, or to its deadline, of which RunPod is told.

    Args:
        base_url: Where the endpoints are, as `https://api.runpod.ai/v2`.
        key: The bearer key. It is never logged, and no error quotes it.
        endpoints: The services that are set up.
        clock: Time.
        dice: For jitter.
        transport: What carries the requests; aiohttp by default.
        hidden: Further secrets that are taken out of whatever a service answers.

    Raises:
        BadSettings: The key cannot be sent in a header.
    """

    def __init__(
        self,
        base_url: str,
        key: SecretStr,
        endpoints: Mapping[Service, Endpoint],
        *,
        clock: Clock | None = None,
        dice: Dice = random.random,
        transport: httpx.AsyncBaseTransport | None = None,
        hidden: Iterable[str] = (),
    ) -> None:
        self._endpoints = dict(endpoints)
        self._clock = clock or SystemClock()
        self._dice = dice
        carrier = HttpTransport(
            base_url, key, clock=self._clock, transport=transport, hidden=hidden
        )
        self._driver = Driver(carrier, self._clock, dice)

    async def __aenter__(self) -> Self:
        await self._driver.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._driver.stop()

    def endpoint(self, service: Service) -> Endpoint:
        """How a service is called.

        Raises:
            BadSettings: It has no endpoint.
        """
        try:
            return self._endpoints[service]
        except KeyError:
            raise BadSettings(
                f"{service} has no endpoint.", hint=f"Set {service}_ENDPOINT_ID."
            ) from None

    def detach(self, job_id: str | None = None) -> None:
        """From now on a job that is left runs on: somebody else will `collect` it.

        Args:
            job_id: Only this job; without it, all of them.
        """
        self._driver.detach(job_id)

    # -- whole calls -------------------------------------------------------------------------

    def check(
        self, request: Request, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> None:
        """Refuse a request that `submit` could not send. Sends nothing.

        Raises:
            BadSettings: The service has no endpoint.
            TooLarge, BadInput: The request cannot be sent.
        """
        self._prepare(request, deadline_s, mode)

    def submit(
        self, request: Request, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> AsyncGenerator[Update, None]:
        """Call a service, whatever its mode.

        Args:
            request: What to do; its target says which service.
            deadline_s: The longest it may take; by default what the contract's policy says, else
                what the endpoint says. In mode RUNSYNC ten seconds more can pass until the
                service has told the job's id, without which it could not be cancelled.
            mode: Instead of the endpoint's.

        Returns:
            An update on each change of state and for each response. The last one has a state that
            `has_ended`, and the final response if there is one. Partials come once each, in the
            order of arrival.

        Raises:
            TooLarge, BadInput: The request cannot be sent; nothing was.
            BadSettings: The service has no endpoint.
            ServiceFailed: After the last update: the job failed, expired, was cancelled, took
                longer than its deadline (and was cancelled), or its output was lost.
            ServiceUnreachable: No usable answer. `SubmissionUnknown` if the job may be running.
        """
        under, terms, body = self._prepare(request, deadline_s, mode)
        return self._driver.follow(OpenJob(under), flows.submit(terms, body, now=self._clock.now()))

    def collect(
        self,
        service: Service,
        job_id: str,
        *,
        deadline_s: float | None = None,
        mode: Mode | None = None,
    ) -> AsyncGenerator[Update, None]:
        """Follow a job that was handed in earlier, perhaps by a process that is gone.

        Args:
            service: Where.
            job_id: Which, as `Update.job_id` said.
            deadline_s: The longest it may take from now on.
            mode: Instead of the endpoint's.

        Returns:
            As `submit`, without SUBMITTING.

        Raises:
            JobExpired: The service does not know the job (any more).
            SkydeckError: As `submit`.
        """
        endpoint = self.endpoint(service)
        under = _path(endpoint)
        terms = self._terms(under, mode or endpoint.mode, deadline_s or endpoint.deadline_s)
        flow = flows.collect(terms, job_id, now=self._clock.now())
        return self._driver.follow(OpenJob(under, job_id), flow)

    # -- single operations -------------------------------------------------------------------

    async def run(self, request: Request, *, deadline_s: float | None = None) -> JobReport:
        """POST /run: hand a job in, and get its id. Repeated only when it was surely not taken."""
        return await self._hand_in(request, deadline_s, held=False)

    async def runsync(self, request: Request, *, deadline_s: float | None = None) -> JobReport:
        """POST /runsync: hand a job in and wait for it, 90 s at most; it may run on after that."""
        return await self._hand_in(request, deadline_s, held=True)

    async def status(self, service: Service, job_id: str) -> JobReport:
        """GET /status: where a job is.

        Raises:
            JobExpired: The service does not know it (any more).
        """
        request = _get(job_path("status", job_id))
        return await self._operate(service, on_job(self._ask(request, read_report)))

    async def stream(self, service: Service, job_id: str, *, wait_s: float = 10) -> StreamReport:
        """GET /stream: the chunks since the last call, which are then gone from the service.

        Args:
            service: Where.
            job_id: Which.
            wait_s: How long an empty answer is held, 1 to 90 s.
        """
        wait_s = min(max(wait_s, 1.0), 90.0)
        path = f"{job_path('stream', job_id)}?wait={int(wait_s * 1000)}"
        request = _get(path, timeout_s=wait_s + _HOLD_MARGIN_S)
        return await self._operate(service, on_job(self._ask(request, read_stream)))

    async def cancel(self, service: Service, job_id: str) -> bool:
        """POST /cancel, several times if need be; whether the service has confirmed it."""
        flow = flows.cancel(job_id, dice=self._dice, now=self._clock.now())
        return await self._operate(service, flow)

    async def retry(self, service: Service, job_id: str) -> JobReport:
        """POST /retry: run a job again that has failed or timed out. It costs money again."""
        request = _post(job_path("retry", job_id))
        flow = self._ask(request, read_report, repeatable=False)
        return await self._operate(service, on_job(flow))

    async def health(self, service: Service) -> Health:
        """GET /health: jobs and workers of an endpoint, counted."""
        return await self._operate(service, self._ask(_get("health"), read_health))

    async def purge_queue(self, service: Service) -> int:
        """POST /purge-queue: drop the queued jobs of everybody; how many there were."""
        return await self._operate(service, self._ask(_post("purge-queue"), read_purged))

    # -- how ---------------------------------------------------------------------------------

    def _prepare(
        self, request: Request, deadline_s: float | None, mode: Mode | None
    ) -> tuple[str, flows.JobTerms, SubmitBody]:
        endpoint = self.endpoint(request.target.service)
        mode = mode or endpoint.mode
        deadline_s = deadline_s or _policy_deadline_s(request) or endpoint.deadline_s
        body = encode(request, deadline_s=deadline_s, held=mode is Mode.RUNSYNC)
        under = _path(endpoint)
        return under, self._terms(under, mode, deadline_s), body

    def _terms(self, under: str, mode: Mode, deadline_s: float) -> flows.JobTerms:
        return flows.JobTerms(
            mode=mode,
            deadline_s=deadline_s,
            dice=self._dice,
            crowd=lambda: self._driver.crowd(under),
            secrets=self._driver.secrets,
        )

    async def _hand_in(
        self, request: Request, deadline_s: float | None, *, held: bool
    ) -> JobReport:
        endpoint = self.endpoint(request.target.service)
        deadline_s = deadline_s or _policy_deadline_s(request) or endpoint.deadline_s
        body = encode(request, deadline_s=deadline_s, held=held)
        now = self._clock.now()
        line = FlowContext(now=now, deadline=now + deadline_s, dice=self._dice)
        return await self._driver.result(hand_in(line, body), _path(endpoint))

    def _ask(
        self,
        request: HttpRequest,
        read: Callable[[bytes], _T | None],
        *,
        repeatable: bool = True,
    ) -> Flow[_T]:
        now = self._clock.now()
        return operation(request, read, dice=self._dice, now=now, repeatable=repeatable)

    async def _operate(self, service: Service, flow: Flow[_T]) -> _T:
        return await self._driver.result(flow, _path(self.endpoint(service)))


def _path(endpoint: Endpoint) -> str:
    return quote(endpoint.id, safe="")


def _policy_deadline_s(request: Request) -> float | None:
    policy = request.policy
    return policy.deadline_ms / 1000 if policy and policy.deadline_ms else None


def _get(path: str, *, timeout_s: float = _OPERATION_S) -> HttpRequest:
    return HttpRequest(method="GET", path=path, timeout_s=timeout_s)


def _post(path: str) -> HttpRequest:
    return HttpRequest(method="POST", path=path, timeout_s=_OPERATION_S)
