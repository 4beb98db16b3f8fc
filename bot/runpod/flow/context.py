"""One flow's line to its endpoint: what time it is, how long is left, how to ask and to rest."""

from dataclasses import dataclass
from typing import TypeVar

from bot.errors import DeadlineExceeded
from bot.runpod.models import Flow, HttpRequest, Pause, Reply, Tick, Update
from bot.runpod.retry import Dice
from bot.steps import Steps

_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class FlowContext:
    """What the steps of a flow share.

    Attributes:
        now: The time of the last value that was sent to the flow, in seconds.
        deadline: When the caller's patience ends, on the same scale.
        dice: For jitter.
    """

    now: float
    deadline: float
    dice: Dice

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

    def rest(self, seconds: float) -> Flow[None]:
        """Wait, but not beyond the deadline."""
        tick = yield Pause(min(seconds, self.left_s))
        self.now = tick.now

    def work(self, steps: Steps[_T]) -> Flow[_T]:
        """Do work on an answer; whoever drives the flow lets others have their turn between."""
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                value: _T = stop.value
                return value
            yield from self.rest(0)

    def tell(self, update: Update) -> Flow[None]:
        """Hand an update to the caller."""
        tick = yield update
        self.now = tick.now

    def check_deadline(self) -> None:
        """Stop here if the caller's patience is over.

        Raises:
            DeadlineExceeded: It is.
        """
        if self.now >= self.deadline:
            raise DeadlineExceeded("The call took longer than its deadline.")
