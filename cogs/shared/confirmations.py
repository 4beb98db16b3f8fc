"""What people were asked to confirm, and have not answered yet. Pure."""

from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from bot.clock import Clock

OPEN_S: Final = 60.0
"""How long a question can be answered."""
_MAX_OPEN: Final = 1_000

Key = TypeVar("Key")
Asked = TypeVar("Asked")


@dataclass(slots=True)
class Confirmations(Generic[Key, Asked]):
    """The open questions: one for each key, the latest.

    Attributes:
        clock: Tells how old they are.
    """

    clock: Clock
    _open: dict[Key, tuple[Asked, float]] = field(default_factory=dict)

    def ask(self, key: Key, asked: Asked) -> None:
        """Note a question."""
        self._open.pop(key, None)
        self._open[key] = (asked, self.clock.now() + OPEN_S)
        if len(self._open) > _MAX_OPEN:
            del self._open[next(iter(self._open))]

    def peek(self, key: Key) -> Asked | None:
        """The question that can still be answered; None: there is none, or it is too old."""
        asked, until_s = self._open.get(key, (None, 0.0))
        return asked if self.clock.now() <= until_s else None

    def take(self, key: Key) -> Asked | None:
        """The question that can still be answered, which is then closed."""
        asked = self.peek(key)
        self._open.pop(key, None)
        return asked
