"""Is the voice connection alive? Pure: its state goes in every half second; what to do comes out.

The worst failure of voice in Discord is a bot that looks connected but hears nothing. So each way
of going deaf has its own symptom here, noticed within three seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from audio.discord_voice.stats import ReceptionStats

CHECK_EVERY_S: Final = 0.5
MAX_UNDECRYPTABLE: Final = 75
"""This many undecryptable packets in a row are 1.5 s of speech that the bot did not hear."""
MAX_TRANSPORT_ERRORS: Final = 75
"""The same for packets that the transport key does not open, whoever sent them."""
UNHEARD_S: Final = 2.0
"""Discord announced a speaker, and for this long no packet has arrived."""
MAX_ANNOUNCEMENT_DELAY_S: Final = 0.25
"""The announcement of a speaker may arrive this long after their first packet."""
AWAY_S: Final = 2.5
"""A shorter disconnection is not reported."""
STALLED_S: Final = 12.0
"""A reconnect that takes this long is started over."""
GRACE_S: Final = 4.0
"""How long a recovery action may take to show an effect."""


class FaultKind(StrEnum):
    """What is wrong with a connection. The values are part of locale keys.

    AWAY: It is down. DEAF: It is up, and cannot hear. UNDECRYPTABLE: It cannot decrypt somebody.
    RECOVERED: The fault is over. LOST: The bot has given it up.
    """

    AWAY = "away"
    DEAF = "deaf"
    UNDECRYPTABLE = "sealed"
    RECOVERED = "mended"
    LOST = "lost"


class RecoveryAction(StrEnum):
    """What may help.

    REKEY: Ask to be added to the encryption group again. REJOIN: Connect again.
    """

    REKEY = "rekey"
    REJOIN = "rejoin"


@dataclass(frozen=True, slots=True)
class LinkStats:
    """The state of a connection. Times are seconds of the monotonic clock.

    Attributes:
        now_s: When this was measured.
        connected: Whether it claims to be up.
        polling: Whether the voice gateway is being read.
        reading: Whether the socket is being read.
        announced_s: When Discord last announced a speaker who has agreed to be heard.
        datagram_s: When the last datagram arrived.
        transport_errors: How many packets in a row the transport key does not open.
        people: How well each person is received.
    """

    now_s: float
    connected: bool
    polling: bool
    reading: bool
    announced_s: float | None
    datagram_s: float | None
    transport_errors: int
    people: Mapping[int, ReceptionStats]


@dataclass(slots=True)
class Watchdog:
    """Reports each fault once, and says what to do about it.

    Attributes:
        counts: How many times each fault has occurred.
    """

    counts: dict[FaultKind, int] = field(default_factory=dict)
    _fault: FaultKind | None = None
    _away_since_s: float | None = None
    _acted_s: float | None = None
    _last_action: RecoveryAction | None = None

    @property
    def fault(self) -> FaultKind | None:
        """The current fault."""
        return self._fault

    def check(self, stats: LinkStats) -> tuple[FaultKind | None, RecoveryAction | None]:
        """What to report, and what to do.

        Returns:
            A new fault, or RECOVERED; and an action to start now. No other action follows until
            `GRACE_S` later.
        """
        if not stats.connected:
            return self._check_away(stats)
        self._away_since_s = None
        found = self._diagnose(stats)
        if found is None:
            return self._recovered(), None
        if self._acted_s is not None and stats.now_s - self._acted_s < GRACE_S:
            return None, None
        fault, action = found
        if self._last_action is RecoveryAction.REKEY:
            action = RecoveryAction.REJOIN  # rekeying did not help
        self._acted_s, self._last_action = stats.now_s, action
        return self._report(fault), action

    def _check_away(self, stats: LinkStats) -> tuple[FaultKind | None, RecoveryAction | None]:
        if self._away_since_s is None:
            self._away_since_s = stats.now_s
        away_s = stats.now_s - self._away_since_s
        fault = self._report(FaultKind.AWAY) if away_s >= AWAY_S else None
        if away_s < STALLED_S:
            return fault, None
        self._away_since_s = stats.now_s - AWAY_S
        return fault, RecoveryAction.REJOIN

    def _diagnose(self, stats: LinkStats) -> tuple[FaultKind, RecoveryAction] | None:
        is_read = stats.polling and stats.reading
        if not is_read or stats.transport_errors >= MAX_TRANSPORT_ERRORS or _is_unheard(stats):
            return FaultKind.DEAF, RecoveryAction.REJOIN
        if any(one.undecryptable_in_a_row >= MAX_UNDECRYPTABLE for one in stats.people.values()):
            return FaultKind.UNDECRYPTABLE, RecoveryAction.REKEY
        return None

    def _recovered(self) -> FaultKind | None:
        self._last_action = None
        if self._fault is None:
            return None
        self._fault = self._acted_s = None
        self.counts[FaultKind.RECOVERED] = self.counts.get(FaultKind.RECOVERED, 0) + 1
        return FaultKind.RECOVERED

    def _report(self, fault: FaultKind) -> FaultKind | None:
        if self._fault is fault:
            return None
        is_first, self._fault = self._fault is None, fault
        self.counts[fault] = self.counts.get(fault, 0) + 1
        return fault if is_first else None


def _is_unheard(stats: LinkStats) -> bool:
    """Discord announced a speaker, and nothing has arrived since, nor just before."""
    if stats.announced_s is None or stats.now_s - stats.announced_s < UNHEARD_S:
        return False
    if stats.datagram_s is None:
        return True
    return stats.datagram_s < stats.announced_s - MAX_ANNOUNCEMENT_DELAY_S
