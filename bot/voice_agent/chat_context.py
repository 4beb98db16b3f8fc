"""What the model is told about the conversation so far, spoken or in a text chat. Pure.

`options/history.py` sets its length.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.contract import Message
from bot.store.records import Role, StoredMessage
from bot.voice_agent.events import Remember
from bot.voice_agent.options import DEFAULT_OPTIONS

_CUT_OFF: Final = "—"
"""Ends an interrupted answer, so that the model knows that its end was not heard."""


@dataclass(slots=True)
class ChatContext:
    """The latest turns of a spoken conversation, oldest first; in memory only.

    Beyond the limit, the older half is dropped at once. Dropping turns one by one would change the
    beginning of the prompt every time, and a model could never reuse its cache.
    """

    max_chars: int = DEFAULT_OPTIONS.chat_context.max_chars
    _turns: list[tuple[int, tuple[Message, ...]]] = field(default_factory=list)

    def add(self, over: Remember, name: str) -> None:
        """Add a turn of the person with this name."""
        transcript, reply = over.transcript.strip(), over.reply.strip()[: self.max_chars // 2]
        if not transcript:
            return
        question = Message(
            role="user",
            content=transcript[: self.max_chars // 2],
            **({"name": name} if name else {}),
        )
        if reply and over.interrupted:
            reply += _CUT_OFF
        answer = (Message(role="assistant", content=reply),) if reply else ()
        self._turns.append((over.user_id, (question, *answer)))
        if self._chars() > self.max_chars:
            while len(self._turns) > 1 and self._chars() > self.max_chars // 2:
                del self._turns[0]

    def messages(self) -> list[Message]:
        """The turns, for the contract's context."""
        return [message for _, turn in self._turns for message in turn]

    def forget(self, user_id: int) -> None:
        """Drop what a person said, and the answers to it."""
        self._turns = [turn for turn in self._turns if turn[0] != user_id]

    def clear(self) -> None:
        """Drop everything."""
        self._turns.clear()

    def _chars(self) -> int:
        return sum(len(message.content) for message in self.messages())


def fit_history(messages: Sequence[StoredMessage], *, max_chars: int) -> list[Message]:
    """The newest messages of a text chat that fit, oldest first, each under its author's name.

    The newest message is cut if it does not fit.
    """
    room = max_chars
    kept: list[Message] = []
    for message in reversed(messages):
        content = message.content.strip()
        if not content:
            continue
        if len(content) > room:
            if not kept and room > 0:
                kept.append(_message(message, content[:room]))
            break
        room -= len(content)
        kept.append(_message(message, content))
    return kept[::-1]


def _message(message: StoredMessage, content: str) -> Message:
    if message.role is Role.ASSISTANT:
        return Message(role=message.role.value, content=content)
    return Message(role=message.role.value, content=content, name=message.author_name)
