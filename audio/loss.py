"""How much of a recording was lost to damage."""

import math
from typing import Final

_MAX_S: Final = 24 * 3600.0
_MIN_NOTABLE_S: Final = 0.5


class Loss:
    """How much of a recording could not be read, in seconds; known once it has been decoded."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @property
    def is_notable(self) -> bool:
        """Whether it is enough to tell people about."""
        return self.seconds >= _MIN_NOTABLE_S

    def add(self, seconds: float) -> None:
        """Count a loss, up to a day in all; ignore negative and infinite lengths."""
        if math.isfinite(seconds):
            self.seconds = min(_MAX_S, self.seconds + max(0.0, seconds))
