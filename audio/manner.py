"""How speech should sound. Pure, and apart from what changes it, which loads NumPy."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Manner:
    """How speech should sound.

    Attributes:
        tempo: Relative to what it is: 0.5 to 2.
        gain_db: Decibels.
    """

    tempo: float = 1.0
    gain_db: float = 0.0

    @property
    def is_plain(self) -> bool:
        """Whether nothing changes."""
        return self.tempo == 1.0 and self.gain_db == 0.0


PLAIN: Final = Manner()
"""As it is."""
