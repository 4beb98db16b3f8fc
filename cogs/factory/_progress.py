"""How far a build has come, taken from what its service says. Pure."""

from dataclasses import dataclass, field
from typing import Final

from bot.contract import Response
from bot.contract.factory import Iteration, read_iteration, read_working
from bot.runpod.models import JobState, Update, Waiting

MAX_KEPT: Final = 20
"""How many iterations are remembered; a service that reports more is shown from the end."""
_LINE_CHARS: Final = 300


@dataclass(slots=True)
class Progress:
    """What is known of a build that runs.

    Attributes:
        limit: The most iterations.
        state: Where the job is.
        waiting: Why no worker is up.
        number: The iteration in hand, from 1; 0 before the first.
        phase: What is done for it.
        iterations: Those that are over, oldest first.
        line: The last words of a service that does not tell in the contract's shapes.
        cost_usd: So far, when the service says.
        is_delivering: The result is there, and is being uploaded.
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
        """The best so far."""
        return max((one.score for one in self.iterations), default=None)

    def take(self, update: Update) -> None:
        """Note something new."""
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
        # A stream that was read again after a break may tell of one twice.
        others = [one for one in self.iterations if one.number != iteration.number]
        self.iterations = [*others, iteration][-MAX_KEPT:]


def cost_of(response: Response, before: float | None = None) -> float | None:
    """What the service says that it has cost, in US dollars."""
    if response.usage is None or response.usage.cost_usd is None:
        return before
    return response.usage.cost_usd
