"""The switchboard: between those who call the services and the client that does it.

    async with Switchboard(RunPodClient(…), clock=clock, till=till) as services:
        async with aclosing(services.submit(request)) as updates: …

It has the client's surface. What it adds: a service that is down is not called, nor one that cannot
be paid for; what each call has cost is booked; watchers see it from its beginning to its end.
"""

import asyncio
import logging
import math
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Never, Protocol, Self

from bot.choices import Mode
from bot.clock import Clock
from bot.contract import Request, Service
from bot.contract.job import Health, JobReport
from bot.errors import ServiceDown, ServiceUnreachable, SkydeckError, SubmissionUnknown
from bot.money import Call, Charge, Payer, micro
from bot.runpod.client import Endpoint, RunPodClient
from bot.runpod.models import JobState, Update
from bot.service_calls.availability import Availability, LatestHealth, warmth
from bot.service_calls.budget_gate import BudgetGate, OnLow
from bot.service_calls.circuit_breaker import Breaker, State, verdict
from bot.service_calls.pricing import Meter

log = logging.getLogger(__name__)

HEALTH_WITHIN_S: Final = 5.0
"""A service that has not said by then how it is, does not say it."""
SWEEP_EVERY_S: Final = 60.0
"""How often reservations are looked for that have expired."""


class CallObserver(Protocol):
    """Sees every call. No method may wait or raise."""

    def stamp(self, request: Request) -> Request:
        """The contract as it is to be sent: with what lets the worker's records join ours."""
        ...

    def began(self, call: Call) -> None:
        """A call is about to be made."""
        ...

    def told(self, call: Call, update: Update) -> None:
        """There is something new of it."""
        ...

    def ended(self, call: Call, error: BaseException | None, charge: Charge | None) -> None:
        """It is over.

        Args:
            call: Which.
            error: What ended it; GeneratorExit or CancelledError when it was left; None: all well.
            charge: What it has cost; None: nothing, or another process will know.
        """
        ...


class ServiceClient:
    """Makes calls. An async context manager, which opens and closes its client, too.

    Args:
        client: Calls the services.
        clock: Time.
        till: Sets money aside and books costs; None: costs are nobody's concern here.
        watchers: See every call.
        breaker: Makes each service's circuit breaker.
    """

    def __init__(
        self,
        client: RunPodClient,
        *,
        clock: Clock,
        till: BudgetGate | None = None,
        watchers: Sequence[CallObserver] = (),
        breaker: Callable[[], Breaker] = Breaker,
    ) -> None:
        self._client = client
        self._breakers = {service: breaker() for service in Service}
        self._latest: dict[Service, LatestHealth] = {}
        self._clock = clock
        self._till = till
        self._watchers = tuple(watchers)
        self._group = asyncio.TaskGroup()
        self._sweeping: asyncio.Task[Never] | None = None
        self._is_detached = False
        self._detached: set[str] = set()

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        await self._group.__aenter__()
        if self._till is not None:
            self._sweeping = self._group.create_task(self._sweep(self._till))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._client.__aexit__(kind, error, trace)
        finally:
            if self._sweeping is not None:
                self._sweeping.cancel()
            await self._group.__aexit__(None, None, None)  # what is over is booked

    # -- calls ---------------------------------------------------------------------------------

    def check(
        self, request: Request, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> None:
        """Refuse a request that could not be sent. Sends nothing and has no side effects.

        Call it before writing a job down; `submit` then needs to be called only once, when the job
        is really sent. It repeats these checks, and may refuse for reasons known only then.

        Args:
            request: As for `submit`.
            deadline_s: As for `submit`.
            mode: As for `submit`.

        Raises:
            BadSettings: The service has no endpoint.
            TooLarge: The request exceeds RunPod's limit.
            BadInput: The request contains text that is not valid Unicode.
        """
        self._client.check(request, deadline_s=deadline_s, mode=mode)

    def submit(
        self, request: Request, *, deadline_s: float | None = None, mode: Mode | None = None
    ) -> AsyncGenerator[Update, None]:
        """Call a service; as `RunPodClient.submit`.

        Raises:
            OverBudget: It may cost more than is left. Nothing was sent.
            ServiceDown: It has failed again and again, and is left alone for now. Nothing was sent.
            SkydeckError: As the client says.
        """
        if request.contract_id is None:
            request = request.model_copy(update={"contract_id": str(uuid.uuid4())})
        for watcher in self._watchers:
            request = watcher.stamp(request)
        endpoint = self._client.endpoint(request.target.service)
        policy = request.policy
        updates = self._client.submit(request, deadline_s=deadline_s, mode=mode)
        call = Call(
            call_id=request.contract_id or "",
            service=request.target.service,
            module=request.target.module,
            payer=_payer(request),
            deadline_ms=int((deadline_s or endpoint.deadline_s) * 1000),
        )
        most_usd = policy.max_cost_usd if policy is not None else None
        terms = _Terms(
            most_micro_usd=None if most_usd is None else micro(most_usd),
            is_held=(mode or endpoint.mode) is Mode.RUNSYNC,
        )
        return self._seen(call, updates, terms)

    def collect(
        self,
        service: Service,
        job_id: str,
        *,
        call: Call | None = None,
        deadline_s: float | None = None,
        mode: Mode | None = None,
    ) -> AsyncGenerator[Update, None]:
        """Follow a job that was handed in earlier; as `RunPodClient.collect`.

        Args:
            service: Where.
            job_id: Which.
            call: The call that it belongs to: its cost is booked there.
            deadline_s: The longest it may take from now on.
            mode: Instead of the endpoint's.
        """
        updates = self._client.collect(service, job_id, deadline_s=deadline_s, mode=mode)
        return updates if call is None else self._followed(call, updates, _Terms())

    def endpoint(self, service: Service) -> Endpoint:
        """How a service is called.

        Raises:
            BadSettings: It has no endpoint.
        """
        return self._client.endpoint(service)

    def detach(self, job_id: str | None = None) -> None:
        """From now on a job that is left runs on, and whoever collects it books its cost."""
        if job_id is None:
            self._is_detached = True
        else:
            self._detached.add(job_id)
        self._client.detach(job_id)

    def when_low(self, tell: OnLow) -> None:
        """From now on, `tell` hears of budgets that are nearly spent."""
        if self._till is not None:
            self._till.on_low = tell

    async def status(self, service: Service, job_id: str) -> JobReport:
        """Where a job is.

        Raises:
            SkydeckError: As `RunPodClient.status`.
        """
        return await self._client.status(service, job_id)

    async def health(self, service: Service) -> Health:
        """Jobs and workers of an endpoint, counted.

        Raises:
            SkydeckError: As `RunPodClient.health`.
        """
        return await self._client.health(service)

    # -- how -----------------------------------------------------------------------------------

    async def _seen(
        self, call: Call, updates: AsyncGenerator[Update, None], terms: "_Terms"
    ) -> AsyncGenerator[Update, None]:
        terms.attempt = self._check_up(call.service)
        if self._till is not None:
            try:
                terms.reserved = await self._till.admit(call, most_micro_usd=terms.most_micro_usd)
            except BaseException as e:
                self._judge(call.service, e, terms)
                raise
        async with aclosing(self._followed(call, updates, terms)) as followed:
            async for update in followed:
                yield update

    async def _followed(
        self, call: Call, updates: AsyncGenerator[Update, None], terms: "_Terms"
    ) -> AsyncGenerator[Update, None]:
        meter, job_id = Meter(), None
        error: BaseException | None = None
        for watcher in self._watchers:
            watcher.began(call)
        try:
            async with aclosing(updates):
                async for update in updates:
                    job_id = update.job_id or job_id
                    meter.told(update, self._clock.now())
                    if update.state is JobState.RUNNING:
                        self._taken(call.service, terms)
                    for watcher in self._watchers:
                        watcher.told(call, update)
                    yield update
        except BaseException as e:
            error = e
            raise
        finally:
            self._over(call, meter, error, job_id, terms)

    def _over(
        self,
        call: Call,
        meter: Meter,
        error: BaseException | None,
        job_id: str | None,
        terms: "_Terms",
    ) -> None:
        self._judge(call.service, error, terms, has_run=meter.running_s is not None)
        if error is None:
            self._latest[call.service] = LatestHealth(
                at_s=self._clock.now(), delay_ms=meter.delay_ms, execution_ms=meter.execution_ms
            )
        charge = None
        is_left = isinstance(error, GeneratorExit | asyncio.CancelledError)
        goes_on = is_left and (self._is_detached or job_id in self._detached)
        if job_id is not None:
            self._detached.discard(job_id)
        if self._till is not None and not goes_on:
            meter.over(self._clock.now())
            # A call that is held and left has no id yet: it cannot be cancelled, and runs on.
            is_lost = isinstance(error, SubmissionUnknown) or (
                is_left and terms.is_held and job_id is None
            )
            charge = self._till.charge(call, meter, is_lost=is_lost, reserved=terms.reserved)
            self._group.create_task(self._till.book(call, charge, reserved=terms.reserved))
        for watcher in self._watchers:
            watcher.ended(call, error, charge)

    async def standing(self, service: Service) -> Availability:
        """How a service stands now; one that does not answer is no error.

        Raises:
            BadSettings: It has no endpoint.
        """
        health, trouble, code = None, "", ""
        self._client.endpoint(service)
        try:
            async with asyncio.timeout(HEALTH_WITHIN_S):
                health = await self._client.health(service)
        except SkydeckError as e:
            trouble, code = str(e), e.code
        except TimeoutError:
            trouble, code = "It does not answer in time.", ServiceUnreachable.code
        now, latest = self._clock.now(), self._latest.get(service)
        if latest is None and self._till is not None:
            latest = await self._till.latest(service, now, self._clock.wall())
        breaker = self._breakers[service]
        return Availability(
            service=service,
            warmth=warmth(health, latest, now),
            health=health,
            trouble=trouble,
            code=code,
            latest=latest,
            age_s=None if latest is None else now - latest.at_s,
            breaker=breaker.state,
            wait_s=breaker.wait_s(now),
        )

    def breaker(self, service: Service) -> Breaker:
        """Whether calls of a service are let through now."""
        return self._breakers[service]

    def _check_up(self, service: Service) -> int:
        """Whether a call may be made; which try of the breaker's it is."""
        breaker = self._breakers[service]
        wait_s = breaker.admit(self._clock.now())
        if wait_s > 0:
            raise ServiceDown(
                f"{service.value.title()} has failed again and again.",
                hint=f"It is tried again in {math.ceil(wait_s)} s.",
                wait_s=wait_s,
            )
        return breaker.attempt if breaker.state is State.TRYING else 0

    def _taken(self, service: Service, terms: "_Terms") -> None:
        breaker = self._breakers[service]
        before = breaker.state
        breaker.taken(self._clock.now(), attempt=terms.attempt)
        self._log_change(service, before)

    def _judge(
        self,
        service: Service,
        error: BaseException | None,
        terms: "_Terms",
        *,
        has_run: bool = False,
    ) -> None:
        breaker = self._breakers[service]
        before = breaker.state
        told = verdict(error, has_run=has_run)
        breaker.ended(told, self._clock.now(), attempt=terms.attempt)
        self._log_change(service, before)

    def _log_change(self, service: Service, before: State) -> None:
        breaker = self._breakers[service]
        if breaker.state is State.OPEN and before is not State.OPEN:
            wait_s = breaker.wait_s(self._clock.now())
            log.warning("%s is down; it is tried again in %.0f s", service, wait_s)
        elif breaker.state is State.CLOSED and before is not State.CLOSED:
            log.info("%s is up again", service)

    async def _sweep(self, till: BudgetGate) -> Never:
        while True:
            await till.sweep()
            await self._clock.sleep(SWEEP_EVERY_S)


@dataclass(slots=True)
class _Terms:
    """What one call goes by.

    Attributes:
        most_micro_usd: What its contract allows it to cost.
        is_held: Whether its submission is answered only when it has ended.
        reserved: What was set aside for it.
        attempt: Which try of the breaker's it is; 0: none.
    """

    most_micro_usd: int | None = None
    is_held: bool = False
    reserved: int = 0
    attempt: int = 0


def _payer(request: Request) -> Payer:
    source = request.source
    return Payer(
        user_id=_id(source.user), guild_id=_id(source.guild), channel_id=_id(source.channel)
    )


def _id(text: str | None) -> int | None:
    """An id of Discord's; a source that is named otherwise is nobody's purse."""
    with suppress(ValueError):
        if text is not None and 0 < (number := int(text)) < 2**63:
            return number
    return None
