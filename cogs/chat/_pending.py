"""Actions that wait for a word of the person: a yes, or what to work on. In memory, and pure.

A restart forgets them; the person is then told to ask again.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from bot.clock import Clock

MAX_PENDING: Final = 1_000
PENDING_S: Final = 600.0
"""How long an action waits, in seconds."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Pending(Generic[_T]):
    """Values that are kept for a while, each under the message that asks about it.

    A person has at most one in a channel: who asks for something else has changed their mind.
    """

    clock: Clock
    _kept: OrderedDict[int, tuple[float, tuple[int, int], _T]] = field(default_factory=OrderedDict)

    def put(self, asked_in: int, channel_id: int, user_id: int, value: _T) -> _T | None:
        """Keep a value under a message, in place of the person's earlier one, which it returns."""
        before = self.drop(channel_id, user_id)
        self._kept[asked_in] = (self.clock.now(), (channel_id, user_id), value)
        if len(self._kept) > MAX_PENDING:
            self._kept.popitem(last=False)
        return before

    def get(self, asked_in: int) -> _T | None:
        """The value under a message, if it still waits."""
        self._forget()
        kept = self._kept.get(asked_in)
        return None if kept is None else kept[2]

    def take(self, asked_in: int) -> _T | None:
        """The same, and it waits no longer."""
        value = self.get(asked_in)
        self._kept.pop(asked_in, None)
        return value

    def of(self, channel_id: int, user_id: int) -> int | None:
        """The message that asks a person about something in a channel."""
        self._forget()
        where = (channel_id, user_id)
        return next((one for one, kept in self._kept.items() if kept[1] == where), None)

    def drop(self, channel_id: int, user_id: int) -> _T | None:
        """Forget what a person was asked in a channel; returns it."""
        return self.take(self.of(channel_id, user_id) or 0)

    def drop_all(self, fits: Callable[[_T], bool]) -> list[_T]:
        """Forget every value that fits; returns them."""
        dropped = {one: kept[2] for one, kept in self._kept.items() if fits(kept[2])}
        for asked_in in dropped:
            del self._kept[asked_in]
        return list(dropped.values())

    def _forget(self) -> None:
        now = self.clock.now()
        while self._kept:
            first = next(iter(self._kept))
            if now - self._kept[first][0] < PENDING_S:
                return
            del self._kept[first]
