"""What became of each time that somebody spoke while an answer played. Pure.

The commands to the playout tell: it pauses when they begin, and then either goes on or is dropped.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.voice_agent.events import Command, FlushPlayout, PausePlayout, ResumePlayout


class Overlap(StrEnum):
    """How speech over an answer ended.

    BACKCHANNEL: the answer went on: "mm-hm", a cough. INTERRUPTION: they stopped it. TALK_OVER:
    they stopped it so soon that it had begun in a pause of their own.
    """

    BACKCHANNEL = "backchannel"
    INTERRUPTION = "interruption"
    TALK_OVER = "talk_over"


@dataclass(slots=True)
class OverlapTracker:
    """Follows one conversation's playout.

    Attributes:
        talk_over_s: An answer that was stopped within this time of its beginning talked over them.
    """

    talk_over_s: float
    _began_s: float | None = None
    _played_s: float = 0.0

    def take(self, command: Command, *, played_s: float, now_s: float) -> Overlap | None:
        """Process a command to the playout. Returns how an overlap ended, if one has.

        Args:
            command: Any command of the turn manager.
            played_s: When the answer that plays began to sound.
            now_s: The current time.
        """
        match command:
            case PausePlayout():
                self._began_s, self._played_s = now_s, now_s - played_s
            case ResumePlayout() if self._began_s is not None:
                self._began_s = None
                return Overlap.BACKCHANNEL
            case FlushPlayout() if self._began_s is not None:
                self._began_s = None
                soon = self._played_s <= self.talk_over_s
                return Overlap.TALK_OVER if soon else Overlap.INTERRUPTION
        return None
