"""What a measurement has found: figures against a size, beside a peer's. Pure."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

WORSE_THAN_LINEAR: Final = 1.25
"""From this exponent on, a cost grows faster than its cause; what is less may be noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One figure against a size.

    Attributes:
        title: What it shows.
        size: What grows, in words.
        unit: What the figures are, in words.
        peer: What the second line is.
        sizes: Ascending.
        ours: A figure for each size.
        theirs: The peer's in the same run; None where it has none.
        is_rate: Whether more is better: then nothing is said about how it grows.
        remark: Why the peer has no figure for a size.
    """

    title: str
    size: str
    unit: str
    peer: str
    sizes: list[int]
    ours: list[float]
    theirs: list[float | None]
    is_rate: bool = False
    remark: str = ""

    @property
    def exponent(self) -> float:
        """How the figure grows in the later half of the sizes: 1 is linear, 0 is not at all.

        The half begins at the last size before the middle.
        """
        start, end = max(0, len(self.sizes) // 2 - 1), len(self.sizes) - 1
        if start == end or min(self.ours[start], self.ours[end]) <= 0:
            return 0.0
        grown = math.log(self.ours[end] / self.ours[start])
        return grown / math.log(self.sizes[end] / max(self.sizes[start], 1))

    @property
    def verdict(self) -> str:
        """How it grows, in words."""
        if self.is_rate:
            return ""
        if self.exponent >= WORSE_THAN_LINEAR:
            return f"Worse than linear (exponent {self.exponent:.2f})."
        return f"Exponent {self.exponent:.2f} (1 is linear)."

    def to_json(self) -> dict[str, Any]:
        """For the file beside the page."""
        return asdict(self)
