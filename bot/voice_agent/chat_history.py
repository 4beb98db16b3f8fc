"""What a service is told of the conversation so far. Pure."""

from collections.abc import Sequence
from typing import Final

from bot.contract import Message
from bot.store.records import Role, StoredMessage

CHARS_PER_TOKEN: Final = 4
"""A usual figure for English; other languages have fewer, so a budget errs on the short side."""


def history(messages: Sequence[StoredMessage], *, budget_tokens: int) -> list[Message]:
    """The newest messages that fit, oldest first, each person's under their name.

    Args:
        messages: Oldest first.
        budget_tokens: How much may be sent. The newest message is cut rather than left out.
    """
    room = budget_tokens * CHARS_PER_TOKEN
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
