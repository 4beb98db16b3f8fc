"""What a build is called and how it is shown: all that a later process must know of it. Pure."""

from typing import Final

from bot.jobs.place import PlacePart

TITLE_CHARS: Final = 80
"""For a build and its thread. Discord allows 100 in a thread's name."""


class Plan(PlacePart):
    """How one build is shown.

    Attributes:
        limit: The most iterations.
        begun: When it was asked for, in seconds of the wall clock.
        opens_thread: Whether it gets a thread of its own.
        lacks_thread: Whether it would have got one if the bot were allowed to open it.
        goes_direct: Whether it is sent directly when it takes longer than the interaction lives.
    """

    title: str
    limit: int
    begun: float
    opens_thread: bool = False
    lacks_thread: bool = False
    goes_direct: bool = False


def title_of(task: str) -> str:
    """A task's first line, cut to the length of a title."""
    first = next((line for line in task.splitlines() if line.strip()), "")
    line = " ".join(first.split())
    return line if len(line) <= TITLE_CHARS else f"{line[: TITLE_CHARS - 1].rstrip()}…"
