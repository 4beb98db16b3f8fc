"""Everything the local Discord saw: REST calls, dispatches, and what Discord would have refused."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import breaches
from .rules import Deprecation
from .values import Json

_number = itertools.count(1).__next__
"""Numbers all entries of a process in the order in which they came."""


@dataclass(slots=True)
class Call:
    """One REST request and how it was answered.

    Attributes:
        at: When it came.
        ended_at: When it was answered; None as long as it is not.
        number: Higher than that of each entry before it.
    """

    at: float
    method: str
    route: str
    path: str
    body: Json | list[Json] | None = None
    files: list[str] = field(default_factory=list)
    query: dict[str, str] = field(default_factory=dict)
    read: bool = False
    """Whether the body was looked at: not so when a limit or an ordered fault came first."""
    status: int = 0
    answer: object = None
    ended_at: float | None = None
    number: int = field(default_factory=_number)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """One event that left for a session of the bot."""

    at: float
    name: str
    data: Json
    number: int = field(default_factory=_number)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the bot did that Discord refuses."""

    where: str
    code: int
    message: str
    detail: object = None

    def __str__(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.where} → {self.code} {self.message}{detail}"


@dataclass(slots=True)
class Log:
    """The record of one local Discord's life; times are of the monotonic clock.

    Attributes:
        keeps: How many of each kind it holds, the latest; None: all, for a test to look at.
    """

    keeps: int | None = None
    calls: deque[Call] = field(init=False)
    dispatches: deque[Dispatched] = field(init=False)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calls = deque(maxlen=self.keeps)
        self.dispatches = deque(maxlen=self.keeps)

    def refused(self, problem: Problem) -> None:
        """Note what the bot did that Discord refuses."""
        self.problems.append(problem)
        if self.keeps is not None:
            del self.problems[: -self.keeps]

    def deprecated(self, where: str, way: Deprecation) -> None:
        """Note a deprecated way, which fails the test whether or not it looks at `problems`."""
        self.breach(where, f"deprecated ({way.source}): {way.name}; instead: {way.instead}")

    def breach(self, where: str, message: str) -> None:
        """Note what works at Discord and must not be done."""
        self.refused(Problem(where, 0, message))
        breaches.note(f"{where}: {message}")

    def requests(self, method: str = "", route: str = "") -> list[Call]:
        """The REST calls of a method whose route contains some text."""
        return [c for c in self.calls if method in ("", c.method) and route in c.route]

    def events(self, name: str) -> list[Dispatched]:
        """The dispatches of one kind."""
        return [d for d in self.dispatches if d.name == name]

    def __iter__(self) -> Iterator[Call | Dispatched]:
        entries: list[Call | Dispatched] = [*self.calls, *self.dispatches]
        return iter(sorted(entries, key=lambda entry: entry.at))
