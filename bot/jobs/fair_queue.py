"""Whose build is next: in turn between people, first come first served for each. Pure.

::

    Ana:  a1 a2 a3 ┐
    Ben:  b1       ├─►  a1 b1 c1 a2 c2 a3
    Cleo: c1 c2    ┘

Who joins stands behind everybody who waits already, and goes to the back after each turn. So a
build is begun after at most as many others as people were waiting before it, for each of its own
person's builds that stand before it: nobody can be kept waiting by how many builds others hand in.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class FairQueue:
    """The builds of one server.

    Attributes:
        room: How many run at once.
    """

    room: int
    _running: set[int] = field(default_factory=set)
    _waiting: dict[int, deque[int]] = field(default_factory=dict)
    """Tickets by user; the order of the users is the order of their turns."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing runs and nobody waits."""
        return not self._running and not self._waiting

    def join(self, ticket: int, user: int) -> None:
        """Wait for a turn; a ticket is anything that no other has."""
        self._waiting.setdefault(user, deque()).append(ticket)

    def occupy(self, ticket: int) -> None:
        """Take up room without a turn, for what runs already; there may be more than `room`."""
        self._running.add(ticket)

    def leave(self, ticket: int) -> None:
        """It has ended, or waits no longer."""
        self._running.discard(ticket)
        for user, tickets in self._waiting.items():
            if ticket in tickets:
                tickets.remove(ticket)
                if not tickets:
                    del self._waiting[user]
                return

    def admit(self) -> list[int]:
        """Those whose turn has come now; they run from here on."""
        admitted = []
        while self._waiting and len(self._running) < self.room:
            ticket = self._next()
            self._running.add(ticket)
            admitted.append(ticket)
        return admitted

    def place(self, ticket: int) -> int | None:
        """How many turns it takes until it is this one's, from 1; None when it does not wait."""
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
