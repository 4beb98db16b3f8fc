"""Calls the services on behalf of people, within their budgets.

    async with ServiceClient(RunPodClient(…), clock=clock, budget_gate=gate) as services:
        async with services.submit(request) as updates:
            async for update in updates: …

Unlike the RunPod client alone, it does not call a failing service, holds calls to the budgets and
charges them, and shows every call to observers.
"""

import asyncio
import logging
import math
import uuid
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from types import TracebackType
from typing import Final, Self

from bot.choices import Mode
from bot.clock import Clock
from bot.contract import Request, Service
from bot.errors import ServiceDown, ServiceUnreachable, SkydeckError
from bot.money import Call, Payer
from bot.runpod.client import Endpoint, RunPodClient
from bot.runpod.models import JobState, Update
from bot.service_calls.availability import Availability, LatestHealth, warmth
from bot.service_calls.budget_gate import BudgetGate, OnLow
from bot.service_calls.call import CallObserver, ServiceCall
from bot.service_calls.circuit_breaker import Breaker, State, verdict

log = logging.getLogger(__name__)

HEALTH_TIMEOUT_S: Final = 5.0
"""How long to wait for a service's health report."""


class ServiceClient:
    """Makes calls. An async context manager that also opens and closes its RunPod client.

    Args:
        clock: Times calls, and the pauses of the circuit breakers.
        budget_gate: Reserves money and records costs; None: costs are not tracked.
        breaker: Makes each service's circuit breaker.
        sleeps: Whether idle workers may be scaled down, as RunPod's are.
    """

    def __init__(
        self,
        client: RunPodClient,
        *,
        clock: Clock,
        budget_gate: BudgetGate | None = None,
        observers: Sequence[CallObserver] = (),
        breaker: Callable[[], Breaker] = Breaker,
        sleeps: bool = True,
    ) -> None:
        self._client = client
        self._sleeps = sleeps
        self._clock = clock
        self._services = _ServiceHealth(clock, breaker)
        self._budget_gate = budget_gate
        # The breaker comes first: it must learn of calls that the budget refuses.
        own = [self._services] if budget_gate is None else [self._services, budget_gate]
        self._observers: list[CallObserver] = [*own, *observers]
        self._detached: set[str] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self._budget_gate is not None:
            await self._stack.enter_async_context(self._budget_gate)
        await self._stack.enter_async_context(self._client)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    # -- calls ---------------------------------------------------------------------------------

    def check(
        self, request: Request, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> int:
        """Refuse a request that could not be sent. Sends nothing and has no side effects.

        Call it before recording a job; `submit` then needs to be called only once, when the job
        is really sent. It repeats these checks, and may refuse for reasons known only then.

        Returns:
            How many bytes would be sent.

        Raises:
            BadSettings: The service has no endpoint.
            TooLarge: The request exceeds RunPod's limit.
            BadInput: The request contains text that is not valid Unicode.
        """
        return self._client.check(request, deadline_s=deadline_s, mode=mode)

    def submit(
        self, request: Request, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> ServiceCall:
        """Call a service: `async with` admits the call, iterating sends it.

        The arguments, the updates and the errors are those of `RunPodClient.submit`. Besides, and
        before anything is sent, these can be raised:

        Raises:
            OverBudget: It may cost more than is left.
            ServiceDown: The service keeps failing and is not called for now.
        """
        if request.contract_id is None:
            request = request.model_copy(update={"contract_id": str(uuid.uuid4())})
        for observer in self._observers:
            request = observer.inject_traceparent(request)
        target = request.target
        endpoint = self._client.endpoint(target.service)
        return ServiceCall(
            info=Call(
                call_id=request.contract_id or "",
                service=target.service,
                module=target.module,
                payer=_payer(request),
                deadline_ms=int((deadline_s or endpoint.deadline_s) * 1000),
            ),
            clock=self._clock,
            updates=self._client.submit(request, deadline_s=deadline_s, mode=mode),
            observers=self._observers,
            detached=self._detached,
            request=request,
            is_held=(mode or endpoint.mode) is Mode.RUNSYNC,
        )

    async def prepare(self, request: Request) -> None:
        """Let a service on this machine prepare for a request that is about to come.

        That is no call: nobody pays for it, sees it, or hears that it failed.
        """
        with suppress(SkydeckError):
            async with aclosing(self._client.submit(request)) as updates:
                async for _ in updates:
                    pass

    def collect(
        self, job_id: str, call: Call, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> ServiceCall:
        """Follow a job that was sent earlier; see `RunPodClient.collect`.

        Args:
            job_id: The platform's id of the job.
            call: The call that it was sent for; its cost is recorded there.
            deadline_s: The longest it may take from now on.
            mode: Overrides the endpoint's mode.
        """
        return ServiceCall(
            info=call,
            clock=self._clock,
            updates=self._client.collect(call.service, job_id, deadline_s=deadline_s, mode=mode),
            observers=self._observers,
            detached=self._detached,
            job_id=job_id,
        )

    def detach(self, job_id: str) -> None:
        """Let a job run on when its caller leaves it; whoever collects it records its cost."""
        self._detached.add(job_id)
        self._client.detach(job_id)

    # -- services ------------------------------------------------------------------------------

    def endpoint(self, service: Service) -> Endpoint:
        """How a service is called.

        Raises:
            BadSettings: It has no endpoint.
        """
        return self._client.endpoint(service)

    def breaker(self, service: Service) -> Breaker:
        """A service's circuit breaker."""
        return self._services.breakers[service]

    def when_low(self, tell: OnLow) -> None:
        """From now on, call `tell` for budgets that are nearly spent."""
        if self._budget_gate is not None:
            self._budget_gate.on_low = tell

    async def availability(self, service: Service) -> Availability:
        """How available a service is now; not answering is not an error.

        Raises:
            BadSettings: It has no endpoint.
        """
        health, trouble, code = None, "", ""
        self._client.endpoint(service)
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                health = await self._client.health(service)
        except SkydeckError as e:
            trouble, code = str(e), e.code
        except TimeoutError:
            trouble, code = "The service does not answer in time.", ServiceUnreachable.code
        now, latest = self._clock.now(), self._services.latest.get(service)
        if latest is None and self._budget_gate is not None:
            latest = await self._budget_gate.latest(service)
        breaker = self.breaker(service)
        return Availability(
            service=service,
            warmth=warmth(health, latest, now, sleeps=self._sleeps),
            health=health,
            trouble=trouble,
            code=code,
            latest=latest,
            age_s=None if latest is None else now - latest.at_s,
            breaker=breaker.state,
            wait_s=breaker.wait_s(now),
        )


class _ServiceHealth(CallObserver):
    """Tracks what calls reveal about services: each one's breaker and latest success."""

    def __init__(self, clock: Clock, breaker: Callable[[], Breaker]) -> None:
        self.breakers = {service: breaker() for service in Service}
        self.latest: dict[Service, LatestHealth] = {}
        self._clock = clock

    async def started(self, call: ServiceCall) -> None:
        """Let the call through, or not.

        Raises:
            ServiceDown: Its service keeps failing.
        """
        if call.request is None:
            return
        service = call.info.service
        breaker = self.breakers[service]
        wait_s = breaker.admit(self._clock.now())
        if wait_s > 0:
            raise ServiceDown(
                f"{service.value.title()} keeps failing.",
                hint=f"The next attempt is in {math.ceil(wait_s)} s.",
                wait_s=wait_s,
            )
        call.attempt = breaker.attempt if breaker.state is State.TRYING else 0

    def updated(self, call: ServiceCall, update: Update) -> None:
        """A worker that has the job proves that its service works."""
        if update.state is JobState.RUNNING:
            breaker = self.breakers[call.info.service]
            before = breaker.state
            breaker.taken(self._clock.now(), attempt=call.attempt)
            self._log_change(call.info.service, before)

    def ended(self, call: ServiceCall) -> None:
        """Judge the service by how the call ended."""
        service, meter, now = call.info.service, call.meter, self._clock.now()
        breaker = self.breakers[service]
        before = breaker.state
        judged = verdict(call.error, has_run=meter.running_s is not None)
        breaker.ended(judged, now, attempt=call.attempt)
        self._log_change(service, before)
        if call.error is None:
            self.latest[service] = LatestHealth(
                at_s=now, delay_ms=meter.delay_ms, execution_ms=meter.execution_ms
            )

    def _log_change(self, service: Service, before: State) -> None:
        breaker = self.breakers[service]
        if breaker.state is before:
            return
        if breaker.state is State.OPEN:
            wait_s = breaker.wait_s(self._clock.now())
            log.warning("%s is down; the next attempt is in %.0f s", service, wait_s)
        elif breaker.state is State.CLOSED:
            log.info("%s is up again", service)


def _payer(request: Request) -> Payer:
    source = request.source
    return Payer(
        user_id=_id(source.user), guild_id=_id(source.guild), channel_id=_id(source.channel)
    )


def _id(text: str | None) -> int | None:
    """A Discord id; None for a source that is named otherwise, so that it has no budget."""
    with suppress(ValueError):
        if text is not None and 0 < (number := int(text)) < 2**63:
            return number
    return None
