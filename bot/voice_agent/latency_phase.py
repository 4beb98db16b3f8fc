"""A part of a turn's latency, as screens show it. Pure.

Apart from `turn_latency`, which measures it: a screen is drawn before what is measured is imported.
"""

from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """What a phase's time is spent on.

    OURS: this program. WAIT: the deliberate wait for more speech. SERVICE: the queue, the models
    and the network.
    """

    OURS = "ours"
    WAIT = "wait"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a turn's latency. `begins_ms` counts from the last packet of the question."""

    name: str
    owner: Owner
    begins_ms: float
    lasts_ms: float
