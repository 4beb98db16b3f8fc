"""The rhythm in which a terminal repeats a held key, learned from the key itself. Pure.

    press ──── first delay (200 to 1000 ms) ────▶ repeat ─ period (20 to 500 ms) ─▶ repeat …

A keyboard repeats evenly. A slow line (ssh) hands several repeats over at once and then none for a
while, so that the longest gap, and not the period, says how long to wait.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

MAX_DELAY_S: Final = 1.5
"""No first repeat comes later: a second on the slowest keyboard, and half of one on the line."""
MAX_PERIOD_S: Final = 0.6
MAX_JITTER_S: Final = 0.3
"""How much longer the line may take for one key than for the next."""
_MIN_WAIT_S: Final = 0.2
_MAX_WAIT_S: Final = 1.5
_UNEVEN_WAIT_S: Final = 0.7
_MARGIN_S: Final = 0.08
_AT_ONCE_S: Final = 0.01
"""No keyboard repeats so fast: repeats this close were held up and came together."""
_EVEN: Final = 0.4
_KNOWN_GAPS: Final = 6
_MAX_GAPS: Final = 32


@dataclass(slots=True)
class KeyRhythm:
    """What is known about the repeats; it stays known from one press to the next.

    Attributes:
        delay_s: Between a press and its first repeat; None: not seen yet.
    """

    delay_s: float | None = None
    _gaps: deque[float] = field(default_factory=lambda: deque(maxlen=_MAX_GAPS))

    def note_gap(self, gap_s: float) -> None:
        """Learn from two repeats in a row."""
        self._gaps.append(min(gap_s, _MAX_WAIT_S))

    def is_first_delay(self, after_s: float) -> bool:
        """Whether a second press so long after the first is the first repeat, as it was before."""
        return self.delay_s is not None and abs(after_s - self.delay_s) < 0.25 * self.delay_s

    def is_period(self, gap_s: float) -> bool:
        """Whether repeats have been so close together before."""
        return bool(self._gaps) and gap_s <= 1.5 * max(self._gaps)

    @property
    def is_even(self) -> bool:
        """Whether the repeats come as the keyboard sends them."""
        return bool(self._gaps) and min(self._gaps) >= max(_EVEN * max(self._gaps), _AT_ONCE_S)

    @property
    def wait_s(self) -> float:
        """A held key that has not repeated for this long was released."""
        longest = max(self._gaps, default=0.0)
        if not self.is_even:
            return min(max(_UNEVEN_WAIT_S, 1.5 * longest + _MARGIN_S), _MAX_WAIT_S)
        is_known = len(self._gaps) >= _KNOWN_GAPS
        wait_s = 2 * longest + _MARGIN_S if is_known else 6 * longest
        return min(max(_MIN_WAIT_S, wait_s), _MAX_WAIT_S)
