"""What the steps of one flow share: the time, the deadline, and ways to ask, wait and report."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeGuard, TypeVar

from bot.errors import DeadlineExceeded
from bot.runpod.models import Flow, HttpRequest, HttpResponse, Pause, Reply, Tick, Update
from bot.runpod.retry import Rng
from bot.steps import Steps

_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class FlowContext:
    """What the steps of a flow share.

    Attributes:
        now: The time of the last value that was sent to the flow, in seconds.
        deadline: When the caller stops waiting, on the same scale.
        rng: For jitter.
    """

    now: float
    deadline: float
    rng: Rng

    @property
    def left_s(self) -> float:
        """How long the caller still waits; never negative."""
        return max(self.deadline - self.now, 0.0)

    def ask(self, request: HttpRequest) -> Flow[Reply]:
        """Make a request."""
        reply = yield request
        self.now = reply.now
        if isinstance(reply, Tick):
            raise TypeError("a request was answered by a tick")
        return reply

    def wait(self, seconds: float) -> Flow[None]:
        """Wait, but not beyond the deadline."""
        tick = yield Pause(min(seconds, self.left_s))
        self.now = tick.now

    def run(self, steps: Steps[_T]) -> Flow[_T]:
        """Work on a reply in steps; other tasks can run between them."""
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                value: _T = stop.value
                return value
            yield from self.wait(0)

    def emit(self, update: Update) -> Flow[None]:
        """Hand an update to the caller."""
        tick = yield update
        self.now = tick.now

    def check_deadline(self) -> None:
        """Stop here if the deadline has passed.

        Raises:
            DeadlineExceeded: It has.
        """
        if self.now >= self.deadline:
            raise DeadlineExceeded("The call took longer than its deadline.")


def is_ok(reply: Reply) -> TypeGuard[HttpResponse]:
    """Whether there is a body to read."""
    return isinstance(reply, HttpResponse) and reply.status == HTTPStatus.OK
