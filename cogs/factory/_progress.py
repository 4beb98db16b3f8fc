"""The progress of a build, from its service's updates. Pure."""

from dataclasses import dataclass, field
from typing import Final

from bot.contract import Response
from bot.contract.factory import Iteration, read_iteration, read_working
from bot.runpod.models import JobState, Update, Waiting

MAX_KEPT: Final = 20
"""How many iterations are kept; beyond that, only the latest are shown."""
_LINE_CHARS: Final = 300


@dataclass(slots=True)
class Progress:
    """The progress of a running build.

    Attributes:
        limit: The most iterations.
        waiting: Why no worker is up.
        number: The current iteration, from 1; 0 before the first.
        phase: The current step of the iteration.
        iterations: The finished ones, oldest first.
        line: The latest line of a service that does not use the contract's shapes.
        cost_usd: The cost so far, if the service reports it.
        is_delivering: Whether the result is being uploaded.
    """

    limit: int
    state: JobState = JobState.SUBMITTING
    waiting: Waiting | None = None
    number: int = 0
    phase: str = ""
    iterations: list[Iteration] = field(default_factory=list)
    line: str = ""
    cost_usd: float | None = None
    is_delivering: bool = False

    @property
    def score(self) -> float | None:
        """The best score so far."""
        return max((one.score for one in self.iterations), default=None)

    def take(self, update: Update) -> None:
        """Add an update."""
        self.state = update.state
        self.waiting = update.waiting
        if update.response is not None:
            self._hear(update.response)

    def _hear(self, response: Response) -> None:
        self.cost_usd = cost_of(response, self.cost_usd)
        iteration = read_iteration(response)
        working = read_working(response)
        if iteration is not None:
            self._note(iteration)
        elif working is not None:
            self.number, self.limit = working.number, working.limit
            self.phase = str(working.phase)
            self.line = ""
        elif response.is_partial and (end := response.text[-4 * _LINE_CHARS :].strip()):
            self.line = end.splitlines()[-1][:_LINE_CHARS]

    def _note(self, iteration: Iteration) -> None:
        self.number, self.limit, self.phase = iteration.number, iteration.limit, ""
        self.line = ""
        # A stream that is resumed after a break may repeat an iteration.
        others = [one for one in self.iterations if one.number != iteration.number]
        self.iterations = [*others, iteration][-MAX_KEPT:]


def cost_of(response: Response, before: float | None = None) -> float | None:
    """The cost that the service reports, in US dollars."""
    if response.usage is None or response.usage.cost_usd is None:
        return before
    return response.usage.cost_usd
