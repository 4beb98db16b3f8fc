"""Whether a device's stream works, and when to try it again. Pure: the caller passes the time.

CLOSED ──opened──▶ OPEN ──stalled, gone──▶ CLOSED (again after a pause, longer each time)
"""

from dataclasses import dataclass
from typing import Final

from audio.devices.device_errors import Fault

STALLED_AFTER_S: Final = 0.6
"""A stream calls back every 20 ms, or in bursts of 100; a longer silence is more than mere load."""
MAX_STEP_S: Final = 0.2
"""A check later than this after the one before counts as this: whatever held up the checks, such as
a model that is being loaded, held up the callbacks too."""
WORKS_AFTER_S: Final = 0.8
"""A stream on a sleeping device accepts some audio at first; one that works lasts this long."""
PAUSES_S: Final = (0.3, 0.6, 1.0, 2.0, 4.0)
"""The pauses before each retry; the last one repeats."""
_STEADY_S: Final = 3.0
"""A fault of a stream that worked for this long is a new one, and its retries start over."""


@dataclass(slots=True)
class StreamHealth:
    """The health of one stream.

    Attributes:
        fault: The current fault; None if there is none known.
        tries: How many times in a row it could not be opened, or failed at once.
    """

    fault: Fault | None = None
    tries: int = 0
    _opened_s: float | None = None
    _checked_s: float = 0.0
    _silent_s: float = 0.0
    _next_try_s: float = float("-inf")
    _is_resting: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it was opened and has not failed since."""
        return self._opened_s is not None or self._is_resting

    def wants_opening(self, now_s: float) -> bool:
        """Whether it is time to try."""
        return self._opened_s is None and now_s >= self._next_try_s

    def opened(self, now_s: float) -> None:
        """It was opened. Its callbacks will show whether it works."""
        self._opened_s, self._is_resting = now_s, False
        self._checked_s, self._silent_s = now_s, 0.0

    def failed(self, fault: Fault, now_s: float) -> None:
        """It could not be opened, or failed and was closed."""
        if self._opened_s is not None and now_s - self._opened_s > _STEADY_S:
            self.tries = 0
        self._opened_s, self._is_resting = None, False
        self.fault = fault
        self._next_try_s = now_s + PAUSES_S[min(self.tries, len(PAUSES_S) - 1)]
        self.tries += 1

    def check(self, now_s: float, *, called_s: float | None, is_active: bool) -> Fault | None:
        """The fault of an open stream, if any. Call this often: every tenth of a second.

        Args:
            now_s: The current time.
            called_s: When it last called back; None if it never did.
            is_active: Whether PortAudio says that it runs.
        """
        if self._opened_s is None:
            return None
        if not is_active:
            return Fault.GONE
        if called_s is not None and called_s > self._checked_s:
            self._checked_s, self._silent_s = called_s, 0.0
        self._silent_s += min(now_s - self._checked_s, MAX_STEP_S)
        self._checked_s = now_s
        if self._silent_s > STALLED_AFTER_S:
            return Fault.STALLED
        if called_s is not None and called_s - self._opened_s > WORKS_AFTER_S:
            self.fault = None
        return None

    def rest(self) -> None:
        """It was closed to let another stream open: it counts as open, and reopens at once."""
        self._opened_s, self._is_resting = None, True
        self._next_try_s = float("-inf")
        self.tries = 0
