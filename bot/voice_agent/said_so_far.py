"""What was said in a spoken conversation, with times, for actions to work on. Pure.

Only people who have agreed are heard, so only their words are here; who withdraws takes theirs
along, and the answers to them. In memory, and bounded.
"""

from collections import deque
from dataclasses import dataclass, field

from bot.contract.envelope import speaker_label
from bot.voice_agent.options.actions import MAX_AGE_S, MAX_TURN_CHARS, MAX_TURNS


@dataclass(frozen=True, slots=True)
class SaidTurn:
    """One turn: who said what and when, and what was answered; empty: nothing."""

    at_s: float
    user_id: int
    name: str
    transcript: str
    reply: str = ""


@dataclass(slots=True)
class SaidSoFar:
    """The latest turns of a conversation, oldest first.

    Attributes:
        result: What an action has made last; it counts as the last answer.
    """

    result: str = ""
    _turns: deque[SaidTurn] = field(default_factory=lambda: deque(maxlen=MAX_TURNS))

    def add(self, turn: SaidTurn) -> None:
        """Add a turn that is over."""
        if turn.transcript.strip():
            self._turns.append(turn)
        if turn.reply.strip():
            self.result = ""

    def forget(self, user_id: int) -> None:
        """Drop what a person said, the answers to it, and what was made of what was said."""
        kept = [turn for turn in self._turns if turn.user_id != user_id]
        if len(kept) < len(self._turns):
            self.result = ""
        self._turns = deque(kept, maxlen=MAX_TURNS)

    def clear(self) -> None:
        """Drop everything."""
        self._turns.clear()
        self.result = ""

    def last_answer(self) -> str:
        """What the assistant said or made last; empty: nothing."""
        said = (turn.reply for turn in reversed(self._turns) if turn.reply.strip())
        return self.result or next(said, "")

    def lines(self, now_s: float, assistant: str, *, turns: int = 0, minutes: int = 0) -> str:
        """What was said as lines `Name: words`, without the request that is being made.

        Args:
            now_s: The time.
            assistant: Whose answers they are.
            turns: How many of the latest turns; 0: all.
            minutes: How many of the latest minutes; 0: all that is kept.
        """
        since_s = now_s - (60.0 * minutes or MAX_AGE_S)
        recent = [turn for turn in self._turns if turn.at_s >= since_s]
        lines: list[str] = []
        for turn in recent[-turns:] if turns else recent:
            lines.append(f"{speaker_label(turn.name)}: {_one_line(turn.transcript)}")
            if turn.reply.strip():
                lines.append(f"{speaker_label(assistant)}: {_one_line(turn.reply)}")
        return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text[:MAX_TURN_CHARS].split())
