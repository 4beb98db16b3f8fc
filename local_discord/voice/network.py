"""What a network does to the packets of one speaker on their way to the bot."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

OVERTAKEN_S = (0.025, 0.07)
"""A reordered packet is so late that the next one to three overtake it."""


@dataclass(slots=True)
class Network:
    """A bad connection, the same at every run with the same seed.

    Attributes:
        loss: Share of the packets that never arrive.
        reorder: Share that arrive after packets sent later.
        duplicate: Share that arrive twice.
        jitter_ms: Each packet is late by up to this much; order is kept.
        seed: Of the dice.
    """

    loss: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    jitter_ms: float = 0.0
    seed: int = 0
    lost: int = field(default=0, init=False)
    _dice: random.Random = field(init=False)
    _latest: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - dice that can be thrown again

    def arrivals(self, now: float) -> list[float]:
        """When a packet sent now arrives; never, once or twice."""
        dice = self._dice
        if dice.random() < self.loss:
            self.lost += 1
            return []
        at = now + dice.random() * self.jitter_ms / 1000
        if dice.random() < self.reorder:
            at += dice.uniform(*OVERTAKEN_S)
        else:
            at = self._latest = max(at, self._latest)
        twice = dice.random() < self.duplicate
        return [at, at + dice.uniform(0, 0.03)] if twice else [at]
