"""How well people are heard, in figures: enough to notice that somebody is not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ReceptionStats:
    """How one person has been received, since they joined.

    Attributes:
        received: Packets that came in, each once.
        silent: How many of those were silence frames.
        padding: How many of those were padding alone.
        lost: Packets that did not come in time.
        late: Packets that came after they had been given up; they count as lost, too.
        duplicate: Packets that came again.
        undecryptable: Packets that came and could not be decrypted end to end.
        concealed: Gaps handed on as `LostSpeech`, in packets.
        waiting: Packets that wait for a missing one, or for a key.
        sealed_in_a_row: How many packets could not be decrypted (so far) since the last one that
            could; 50 make a second of speech that nobody heard.
        last_packet_s: When the last packet came, on the clock of the calls; None: none yet.
    """

    received: int = 0
    silent: int = 0
    padding: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    undecryptable: int = 0
    concealed: int = 0
    waiting: int = 0
    sealed_in_a_row: int = 0
    last_packet_s: float | None = None

    @property
    def loss(self) -> float:
        """The share of packets that were lost or could not be decrypted, from 0 to 1."""
        sent = self.received + self.lost - self.late
        return (self.lost + self.undecryptable) / sent if sent > 0 else 0.0


_COUNTED: Final = (
    "received", "silent", "padding", "lost", "late", "duplicate", "undecryptable", "concealed",
)  # fmt: skip


def combined(people: Iterable[ReceptionStats]) -> ReceptionStats:
    """All that came of several people, as if it were of one."""
    all_of_them = list(people)
    return ReceptionStats(
        **{name: sum(getattr(one, name) for one in all_of_them) for name in _COUNTED}
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """What cannot be told of one person.

    Attributes:
        datagrams: All that came in.
        not_voice: RTCP, video, keepalives and the like.
        transport_errors: Packets that the transport key does not open.
        without_consent: Packets of people who have not agreed; they were dropped unopened.
        unmapped: Packets dropped because nobody could tell whose they are.
        learned: Streams whose sender was found by trial.
        waiting: Packets kept, unopened, until it is known whose they are.
        transport_errors_in_a_row: How many of those came since the last packet that was in order.
        last_datagram_s: When the last one came, on the clock of the calls; None: none yet.
    """

    datagrams: int = 0
    not_voice: int = 0
    transport_errors: int = 0
    without_consent: int = 0
    unmapped: int = 0
    learned: int = 0
    waiting: int = 0
    transport_errors_in_a_row: int = 0
    last_datagram_s: float | None = None
