"""How much of a recording was lost to damage."""

import math
from typing import Final

_MAX_S: Final = 24 * 3600.0


class Loss:
    """How much of a recording could not be read, in seconds; known once it has been decoded."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count what was left out; no more than a day, and nothing that is no length."""
        if math.isfinite(seconds):
            self.seconds = min(_MAX_S, self.seconds + max(0.0, seconds))
