"""What Penny is told of a spoken conversation so far. Pure; in memory only."""

from dataclasses import dataclass, field
from typing import Final

from bot.contract import Message
from bot.voice_agent.chat_history import CHARS_PER_TOKEN
from bot.voice_agent.events import Remember

MAX_TOKENS: Final = 900
"""A small local model reads that in two seconds, once; then it is in its cache."""
_CUT: Final = "—"
"""Ends an answer that was cut off, so that the model knows that it was not heard to its end."""


@dataclass(slots=True)
class ChatContext:
    """The latest turns, oldest first.

    When there are too many the older half goes at once. Dropped one by one, the beginning of the
    prompt would be another every time, and no cache of a model's would ever fit again.
    """

    most_chars: int = MAX_TOKENS * CHARS_PER_TOKEN
    _turns: list[tuple[int, tuple[Message, ...]]] = field(default_factory=list)

    def add(self, over: Remember, name: str) -> None:
        """A turn is over.

        Args:
            over: What was said, and what was really heard of the answer.
            name: The speaker's.
        """
        if not over.heard.strip():
            return
        asked = Message(
            role="user",
            content=over.heard.strip()[: self.most_chars // 2],
            **({"name": name} if name else {}),
        )
        said = over.said.strip()[: self.most_chars // 2]
        if said and over.interrupted:
            said += _CUT
        answered = (Message(role="assistant", content=said),) if said else ()
        self._turns.append((over.user_id, (asked, *answered)))
        if self._chars() > self.most_chars:
            self._drop_older_half()

    def messages(self) -> list[Message]:
        """For the contract's context."""
        return [message for _, turn in self._turns for message in turn]

    def forget(self, user_id: int) -> None:
        """Drop what a person said, and the answers to it."""
        self._turns = [turn for turn in self._turns if turn[0] != user_id]

    def clear(self) -> None:
        """Drop everything."""
        self._turns.clear()

    def _chars(self) -> int:
        return sum(len(message.content) for message in self.messages())

    def _drop_older_half(self) -> None:
        while len(self._turns) > 1 and self._chars() > self.most_chars // 2:
            del self._turns[0]
