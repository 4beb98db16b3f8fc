"""Barge-in: how much speech over an answer stops it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionOptions:
    """What happens when the person being answered speaks over the answer (barge-in).

    The answer pauses at once. It then either stops or continues.

    Attributes:
        max_backchannel_duration_s: Seconds. More speech than this interrupts, whatever its words;
            less may be an "uh-huh", so its transcript decides.
        false_interruption_timeout_s: Seconds. A paused answer continues after this time if the
            person is silent again and their words are still unknown.
        talk_over_s: Seconds. An answer that is interrupted within this time of its beginning counts
            as begun in a pause of theirs.
    """

    max_backchannel_duration_s: float = 0.8
    false_interruption_timeout_s: float = 4.0
    talk_over_s: float = 1.0
