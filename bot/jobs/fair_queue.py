"""Whose job is next: people take turns, and each person's jobs keep their order. Pure.

::

    Ana:  a1 a2 a3 ┐
    Ben:  b1       ├─►  a1 b1 c1 a2 c2 a3
    Cleo: c1 c2    ┘

A newcomer queues behind everybody who already waits, and moves to the back after each turn. So
nobody can keep others waiting by submitting many jobs: for each job that a person has in front of a
given one, at most as many other jobs start first as there are people in the queue.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class FairQueue:
    """The jobs of one server.

    Attributes:
        room: How many run at once.
    """

    room: int
    _running: set[int] = field(default_factory=set)
    _waiting: dict[int, deque[int]] = field(default_factory=dict)
    """Tickets by user, in the order of the users' turns."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is running and nobody is waiting."""
        return not self._running and not self._waiting

    def join(self, ticket: int, user: int) -> None:
        """Queue a ticket, which must be unique."""
        self._waiting.setdefault(user, deque()).append(ticket)

    def occupy(self, ticket: int) -> None:
        """Count a job that already runs; this may exceed `room`."""
        self._running.add(ticket)

    def leave(self, ticket: int) -> None:
        """Remove a job that has ended or no longer waits."""
        self._running.discard(ticket)
        for user, tickets in self._waiting.items():
            if ticket in tickets:
                tickets.remove(ticket)
                if not tickets:
                    del self._waiting[user]
                return

    def admit(self) -> list[int]:
        """Start as many jobs as there is room for, and return them."""
        admitted = []
        while self._waiting and len(self._running) < self.room:
            ticket = self._next()
            self._running.add(ticket)
            admitted.append(ticket)
        return admitted

    def place(self, ticket: int) -> int | None:
        """A waiting job's position in the queue, from 1; None if it does not wait."""
        for number, waiting in enumerate(self._order(), start=1):
            if waiting == ticket:
                return number
        return None

    def _next(self) -> int:
        user = next(iter(self._waiting))
        tickets = self._waiting.pop(user)
        ticket = tickets.popleft()
        if tickets:
            self._waiting[user] = tickets  # to the back
        return ticket

    def _order(self) -> Iterator[int]:
        lanes = [list(tickets) for tickets in self._waiting.values()]
        for turn in range(max(map(len, lanes), default=0)):
            yield from (lane[turn] for lane in lanes if turn < len(lane))
