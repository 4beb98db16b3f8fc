"""Whether a device's stream is in order, and when to try it again. Pure: it is told the time.

CLOSED ──opened──▶ OPEN ──stalled, gone──▶ CLOSED (again after a pause, longer each time)
"""

from dataclasses import dataclass
from typing import Final

from audio.devices.device_errors import Fault

STALLED_AFTER_S: Final = 0.6
"""A stream calls back every 20 ms, or in bursts of 100; silence for so long is no load."""
MENDED_AFTER_S: Final = 0.8
"""A stream on a sleeping device takes some sound at first; one that works goes on for so long."""
PAUSES_S: Final = (0.3, 0.6, 1.0, 2.0, 4.0)
"""How long to wait before trying again; the last for ever after."""
_STEADY_S: Final = 3.0
"""A stream that was in order for so long has been mended; the next trouble is a new one."""


@dataclass(slots=True)
class StreamHealth:
    """One stream's health.

    Attributes:
        fault: What is wrong now; None when nothing is known to be.
        tries: How often in a row it could not be opened, or broke off at once.
    """

    fault: Fault | None = None
    tries: int = 0
    _opened_s: float | None = None
    _next_s: float = float("-inf")
    _is_resting: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it was opened and has not failed since."""
        return self._opened_s is not None or self._is_resting

    def wants_opening(self, now_s: float) -> bool:
        """Whether it is time to try."""
        return self._opened_s is None and now_s >= self._next_s

    def opened(self, now_s: float) -> None:
        """It could be opened. Whether it works will be seen at its first callback."""
        self._opened_s, self._is_resting = now_s, False

    def failed(self, fault: Fault, now_s: float) -> None:
        """It could not be opened, or broke off and was closed."""
        if self._opened_s is not None and now_s - self._opened_s > _STEADY_S:
            self.tries = 0
        self._opened_s, self._is_resting = None, False
        self.fault = fault
        self._next_s = now_s + PAUSES_S[min(self.tries, len(PAUSES_S) - 1)]
        self.tries += 1

    def check(self, now_s: float, *, called_s: float | None, is_active: bool) -> Fault | None:
        """What is wrong with an open stream; None: nothing.

        Args:
            now_s: Now.
            called_s: When it called back last; None: it never has.
            is_active: Whether PortAudio says that it runs.
        """
        if self._opened_s is None:
            return None
        if not is_active:
            return Fault.GONE
        if now_s - max(self._opened_s, called_s or 0.0) > STALLED_AFTER_S:
            return Fault.STALLED
        if called_s is not None and called_s - self._opened_s > MENDED_AFTER_S:
            self.fault = None
        return None

    def closed(self) -> None:
        """It was closed for another's sake: it is as good as open, and opened again at once."""
        self._opened_s, self._is_resting = None, True
        self._next_s = float("-inf")
        self.tries = 0
