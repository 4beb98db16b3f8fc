"""Calling the services over RunPod's API: the I/O around the flows of `bot.runpod.flow`."""

import random
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Self
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.choices import Mode
from bot.clock import Clock, SystemClock
from bot.contract import Request, Service
from bot.contract.job import Health
from bot.errors import BadSettings
from bot.runpod.driver import Driver, OpenJob
from bot.runpod.flow import job as flows
from bot.runpod.flow.health import ask_health
from bot.runpod.flow.submit import SubmitBody, encode
from bot.runpod.models import Update
from bot.runpod.retry import Rng
from bot.runpod.transport import HttpTransport


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is, and how to call it.

    Attributes:
        id: The endpoint's id on RunPod, or its name on the embedded server.
        mode: How jobs are submitted and followed.
        deadline_s: How long a call may take, including its time in the queue, by default.
    """

    service: Service
    id: str
    _: KW_ONLY
    mode: Mode
    deadline_s: float


class RunPodClient:
    """The services, behind one connection pool. An async context manager.

    Leaving an iteration early, by `break`, an error or a cancelled task, cancels the job at the
    service in the background, so that a person who interrupts need not wait. Closing the client
    waits for that, for a limited time. While `/runsync` holds its answer the job has no id yet: a
    job left then runs to its end, or to the deadline that RunPod was given.

    Args:
        base_url: The address of the endpoints, such as `https://api.runpod.ai/v2`.
        key: The bearer key. It is never logged, and no error quotes it.
        endpoints: The services that are set up.
        clock: Measures deadlines, and waits between polls.
        rng: For jitter.
        transport: Sends the requests; aiohttp by default.
        hidden: Further secrets to remove from what services answer.

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
        rng: Rng = random.random,
        transport: httpx.AsyncBaseTransport | None = None,
        hidden: Iterable[str] = (),
    ) -> None:
        self._endpoints = dict(endpoints)
        self._clock = clock or SystemClock()
        self._rng = rng
        http = HttpTransport(base_url, key, clock=self._clock, transport=transport, hidden=hidden)
        self._driver = Driver(http, self._clock, rng)

    async def __aenter__(self) -> Self:
        await self._driver.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._driver.stop()

    def endpoint(self, service: Service) -> Endpoint:
        """How to call a service.

        Raises:
            BadSettings: It has no endpoint.
        """
        try:
            return self._endpoints[service]
        except KeyError:
            raise BadSettings(
                f"{service} has no endpoint.", hint=f"Set {service}_ENDPOINT_ID."
            ) from None

    def detach(self, job_id: str) -> None:
        """Let a job run on when its caller leaves it, so that it can be `collect`ed."""
        self._driver.detach(job_id)

    def check(
        self, request: Request, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> int:
        """Refuse a request that `submit` could not send. Sends nothing.

        Returns:
            How many bytes `submit` would send.

        Raises:
            BadSettings: The service has no endpoint.
            TooLarge, BadInput: The request cannot be sent.
        """
        _, _, body = self._prepare(request, deadline_s, mode)
        return len(body.content)

    def submit(
        self, request: Request, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> AsyncGenerator[Update, None]:
        """Call a service, whatever its mode.

        Args:
            request: What to do; its target says which service.
            deadline_s: How long it may take; defaults to the contract's policy, then the
                endpoint's. In mode RUNSYNC ten seconds more can pass until the service gives the
                job's id, which is needed to cancel it.
            mode: Overrides the endpoint's mode.

        Returns:
            An update for each change of state and each response. The last one has a final state,
            and the final response if there is one. Each partial comes once, in order of arrival.

        Raises:
            TooLarge, BadInput: The request cannot be sent; nothing was.
            BadSettings: The service has no endpoint.
            ServiceFailed: After the last update: the job failed, expired, was cancelled, exceeded
                its deadline (and was cancelled), or its output was lost.
            ServiceUnreachable: No usable answer. `SubmissionUnknown` if the job may be running.
        """
        endpoint_path, terms, body = self._prepare(request, deadline_s, mode)
        return self._driver.follow(
            OpenJob(endpoint_path), flows.submit(terms, body, now=self._clock.now())
        )

    def collect(
        self,
        service: Service,
        job_id: str,
        *,
        deadline_s: float | None = None,
        mode: Mode | None = None,
    ) -> AsyncGenerator[Update, None]:
        """Follow a job that was submitted earlier, perhaps by a process that has ended.

        Args:
            service: The service that has it.
            job_id: Its `Update.job_id`.
            deadline_s: How long it may take from now on.
            mode: Overrides the endpoint's mode.

        Returns:
            The same as `submit`, without SUBMITTING.

        Raises:
            JobExpired: The service does not know the job, or no longer does.
            SkydeckError: As for `submit`.
        """
        endpoint = self.endpoint(service)
        endpoint_path = _path(endpoint)
        terms = self._terms(endpoint_path, mode or endpoint.mode, deadline_s or endpoint.deadline_s)
        flow = flows.collect(terms, job_id, now=self._clock.now())
        return self._driver.follow(OpenJob(endpoint_path, job_id), flow)

    async def health(self, service: Service) -> Health:
        """Count the jobs and workers of an endpoint.

        Raises:
            BadSettings: The service has no endpoint.
            SkydeckError: It gave no usable answer.
        """
        flow = ask_health(rng=self._rng, now=self._clock.now())
        return await self._driver.result(flow, _path(self.endpoint(service)))

    def _prepare(
        self, request: Request, deadline_s: float | None, mode: Mode | None
    ) -> tuple[str, flows.JobTerms, SubmitBody]:
        endpoint = self.endpoint(request.target.service)
        mode = mode or endpoint.mode
        deadline_s = deadline_s or _policy_deadline_s(request) or endpoint.deadline_s
        body = encode(request, deadline_s=deadline_s, held=mode is Mode.RUNSYNC)
        endpoint_path = _path(endpoint)
        return endpoint_path, self._terms(endpoint_path, mode, deadline_s), body

    def _terms(self, endpoint_path: str, mode: Mode, deadline_s: float) -> flows.JobTerms:
        return flows.JobTerms(
            mode=mode,
            deadline_s=deadline_s,
            rng=self._rng,
            in_flight=lambda: self._driver.in_flight(endpoint_path),
            secrets=self._driver.secrets,
        )


def _path(endpoint: Endpoint) -> str:
    return quote(endpoint.id, safe="")


def _policy_deadline_s(request: Request) -> float | None:
    policy = request.policy
    return policy.deadline_ms / 1000 if policy and policy.deadline_ms else None
