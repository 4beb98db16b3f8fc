"""Reception statistics: enough to notice when somebody cannot be heard."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ReceptionStats:
    """How one person has been received since they joined, in packets.

    Attributes:
        received: Arrived, each counted once.
        silent: Silence frames among those.
        padding: Padding alone, among those.
        lost: Did not arrive in time.
        late: Arrived after they had been given up; these count as lost, too.
        duplicate: Arrived again.
        undecryptable: Arrived, but could not be decrypted end to end.
        concealed: Handed on as `LostSpeech`.
        waiting: Held back for a missing packet, or for a key.
        undecryptable_in_a_row: Undecryptable since one was decrypted; 50 are a second of speech.
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
    undecryptable_in_a_row: int = 0

    @property
    def loss(self) -> float:
        """The share of packets that were lost or could not be decrypted, from 0 to 1."""
        sent = self.received + self.lost - self.late
        return (self.lost + self.undecryptable) / sent if sent > 0 else 0.0


_COUNTED: Final = (
    "received", "silent", "padding", "lost", "late", "duplicate", "undecryptable", "concealed",
)  # fmt: skip


def combined(people: Iterable[ReceptionStats]) -> ReceptionStats:
    """The sum over several people."""
    everyone = list(people)
    return ReceptionStats(
        **{name: sum(getattr(one, name) for one in everyone) for name in _COUNTED}
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """What cannot be attributed to one person.

    Attributes:
        datagrams: All that arrived.
        not_voice: RTCP, video, keepalives and the like.
        transport_errors: Packets that the transport key does not open.
        without_consent: Packets of people who have not agreed; they were dropped unopened.
        unmapped: Packets dropped because their sender was never known.
        learned: Streams whose sender was found by trial.
        waiting: Packets kept, unopened, until their sender is known.
        transport_errors_in_a_row: Those since the last packet that the key opened.
        last_datagram_s: When the last one arrived, on the caller's clock; None before the first.
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
