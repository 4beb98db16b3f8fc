"""Is the line alive? Pure: how it stands goes in every half second, what to do comes out.

A bot that looks connected and hears nothing is the worst failure of voice in Discord. So each way
of being deaf has a sign of its own here, seen within three seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from audio.discord_voice.stats import ReceptionStats

LOOK_EVERY_S: Final = 0.5
SEALED: Final = 75
"""So many packets in a row that do not decrypt are 1.5 s of speech that nobody heard."""
GARBLED: Final = 75
"""The same for the transport's key, of whoever."""
UNHEARD_S: Final = 2.0
"""Somebody is said to speak, and for so long no packet comes."""
TOLD_LATE_S: Final = 0.25
"""That somebody speaks may be told so long after their first packet has come."""
AWAY_S: Final = 2.5
"""Not connected for so long is worth a word."""
STALLED_S: Final = 12.0
"""A reconnect that takes so long is begun anew."""
GRACE_S: Final = 4.0
"""After mending, so much time to show that it helped."""


class FaultKind(StrEnum):
    """What is wrong with a line.

    AWAY: it is not connected. DEAF: it is, and cannot hear. SEALED: it cannot decrypt somebody.
    MENDED: it is well again. LOST: it was given up.
    """

    AWAY = "away"
    DEAF = "deaf"
    SEALED = "sealed"
    MENDED = "mended"
    LOST = "lost"


class RecoveryAction(StrEnum):
    """What may help.

    REKEY: ask to be put into the encryption's group anew. REJOIN: connect anew.
    """

    REKEY = "rekey"
    REJOIN = "rejoin"


@dataclass(frozen=True, slots=True)
class LinkStats:
    """How a line stands. Times are seconds of the monotonic clock.

    Attributes:
        now_s: When that was.
        connected: Whether it says that it is.
        polling: Whether somebody reads the voice gateway.
        reading: Whether somebody reads the socket.
        spoke_s: When somebody who agreed was last said to begin to speak.
        datagram_s: When the last datagram came.
        garbled: How many packets in a row the transport's key does not open.
        people: How each person is heard.
    """

    now_s: float
    connected: bool
    polling: bool
    reading: bool
    spoke_s: float | None
    datagram_s: float | None
    garbled: int
    people: Mapping[int, ReceptionStats]


@dataclass(slots=True)
class Watchdog:
    """Tells troubles once, and what to do about them.

    Attributes:
        counts: How often each trouble came.
    """

    counts: dict[FaultKind, int] = field(default_factory=dict)
    _fault: FaultKind | None = None
    _away_s: float | None = None
    _mended_s: float | None = None
    _tried: RecoveryAction | None = None

    @property
    def fault(self) -> FaultKind | None:
        """What is wrong now."""
        return self._fault

    def look(self, vitals: LinkStats) -> tuple[FaultKind | None, RecoveryAction | None]:
        """What to tell, and what to do.

        Returns:
            A trouble that is new, or MENDED; and a remedy to begin now. While a remedy has had
            less than `GRACE_S` there is no other.
        """
        if not vitals.connected:
            return self._look_away(vitals)
        self._away_s = None
        found = self._diagnose(vitals)
        if found is None:
            return self._well(vitals)
        if self._mended_s is not None and vitals.now_s - self._mended_s < GRACE_S:
            return None, None
        trouble, remedy = found
        if self._tried is RecoveryAction.REKEY:
            remedy = RecoveryAction.REJOIN  # it did not help
        self._mended_s, self._tried = vitals.now_s, remedy
        return self._tell(trouble), remedy

    def _look_away(self, vitals: LinkStats) -> tuple[FaultKind | None, RecoveryAction | None]:
        if self._away_s is None:
            self._away_s = vitals.now_s
        away_s = vitals.now_s - self._away_s
        told = self._tell(FaultKind.AWAY) if away_s >= AWAY_S else None
        if away_s < STALLED_S:
            return told, None
        self._away_s = vitals.now_s - AWAY_S
        return told, RecoveryAction.REJOIN

    def _diagnose(self, vitals: LinkStats) -> tuple[FaultKind, RecoveryAction] | None:
        if not vitals.polling or not vitals.reading or vitals.garbled >= GARBLED:
            return FaultKind.DEAF, RecoveryAction.REJOIN
        if _is_unheard(vitals):
            return FaultKind.DEAF, RecoveryAction.REJOIN
        if any(one.sealed_in_a_row >= SEALED for one in vitals.people.values()):
            return FaultKind.SEALED, RecoveryAction.REKEY
        return None

    def _well(self, vitals: LinkStats) -> tuple[FaultKind | None, RecoveryAction | None]:
        if self._fault is None:
            self._tried = None
            return None, None
        self._fault = self._tried = None
        self._mended_s = None
        self.counts[FaultKind.MENDED] = self.counts.get(FaultKind.MENDED, 0) + 1
        return FaultKind.MENDED, None

    def _tell(self, trouble: FaultKind) -> FaultKind | None:
        if self._fault is trouble:
            return None
        is_first, self._fault = self._fault is None, trouble
        self.counts[trouble] = self.counts.get(trouble, 0) + 1
        return trouble if is_first else None


def _is_unheard(vitals: LinkStats) -> bool:
    """Somebody began to speak, and nothing has come: not since, nor just before they were told."""
    if vitals.spoke_s is None or vitals.now_s - vitals.spoke_s < UNHEARD_S:
        return False
    return vitals.datagram_s is None or vitals.datagram_s < vitals.spoke_s - TOLD_LATE_S
