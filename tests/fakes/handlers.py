"""A scripted service, and a clock that is advanced by hand: for faults and timing."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Any

from bot.contract import Output, Request, Response, Service, Status
from bot.workers.protocols import Delivery

Script = Callable[[Request], AsyncIterator[Response]]


class Scripted:
    """A `Handler` whose work is the given async generator function.

    Args:
        script: What it does with each contract.
        service: As whom.
        delivery: How RunPod delivers it.
        warm_ups: What each warm-up raises; None, and after the last, is a success.
    """

    def __init__(
        self,
        script: Script,
        *,
        service: Service = Service.PENNY,
        delivery: Delivery = Delivery.STREAM,
        warm_ups: Sequence[Exception | None] = (),
    ) -> None:
        self.service = service
        self.delivery = delivery
        self.running = self.most_at_once = self.started = self.left = self.warmed = 0
        self.warm = asyncio.Event()
        self.warm.set()
        self._script = script
        self._warm_ups = list(warm_ups)

    async def handle(self, request: Request) -> AsyncGenerator[Response, None]:
        self.started += 1
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            async for response in self._script(request):
                yield response
        finally:
            self.running -= 1
            self.left += 1

    async def warm_up(self) -> None:
        self.warmed += 1
        await self.warm.wait()
        if self._warm_ups and (error := self._warm_ups.pop(0)):
            raise error

    async def close(self) -> None:
        """Nothing to close."""


def partial(text: str) -> Response:
    """A partial answer."""
    return Response(status=Status.PARTIAL, output=Output(text=text))


def completed(text: str) -> Response:
    """The final answer."""
    return Response(status=Status.COMPLETED, output=Output(type="text", data=text, text=text))


class _Sent(dict):
    """An object as it is; our server asks each answer for its status."""

    def __missing__(self, name: str) -> str:
        return {"status": "completed"}[name]


class Foreign(Response):
    """An answer that goes out as any JSON object: its field `value`."""

    def to_wire(self) -> Any:
        assert self.model_extra is not None
        return _Sent(self.model_extra["value"])


def foreign(value: dict[str, Any]) -> Response:
    """The final answer of a service that does not know the contract."""
    return Foreign(status=Status.COMPLETED, value=value)


async def echo(request: Request) -> AsyncGenerator[Response, None]:
    """Return the words at once."""
    yield completed(str(request.input.data))


async def spell(request: Request) -> AsyncGenerator[Response, None]:
    """Return the words one by one, then all of them."""
    for word in str(request.input.data).split():
        yield partial(word)
        await asyncio.sleep(0.02)
    yield completed(str(request.input.data))


async def hang(_request: Request) -> AsyncGenerator[Response, None]:
    """Say that it has begun, and never end."""
    yield partial("working")
    await asyncio.Event().wait()


async def hang_on_request(request: Request) -> AsyncGenerator[Response, None]:
    """Hang if asked to; else return the words."""
    script = hang if request.input.data == "hang" else echo
    async for response in script(request):
        yield response


async def take_steps(_request: Request) -> AsyncGenerator[Response, None]:
    """Two partials, further apart than the throttle, and an end right after the second."""
    yield partial("one")
    await asyncio.sleep(1.1)
    yield partial("two")
    yield completed("three")


def contract(text: Any = "hello there", *, service: Service = Service.PENNY) -> dict[str, Any]:
    """A contract as it goes over the wire."""
    return {
        "contract_version": "2.1",
        "source": {"system": "DECK"},
        "target": {"service": service.value, "module": "CONVERSE"},
        "input": {"type": "text", "data": text},
    }


class TurnableClock:
    """Time stands still until it is advanced; sleepers wake in order."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return 1_800_000_000 + self._now

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        with contextlib.suppress(asyncio.InvalidStateError):
            await future

    async def turn(self, seconds: float) -> None:
        """Let `seconds` pass, and let every task run that this wakes."""
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)
        for _ in range(10):
            await asyncio.sleep(0)
