"""The length of the history: how much of a conversation the model is told. Pure."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatContextOptions:
    """How much of a conversation the model is told.

    Attributes:
        max_tokens: Tokens. The default is for speech: a small local model reads it in two seconds,
            once; then it is in its cache.
        chars_per_token: Characters. Common for English; other languages have fewer, so that a
            budget errs on the short side.
    """

    max_tokens: int = 900
    chars_per_token: int = 4

    @property
    def max_chars(self) -> int:
        """`max_tokens` in characters."""
        return self.max_tokens * self.chars_per_token


TEXT_CHAT: Final = ChatContextOptions(max_tokens=1_500)
"""For what people write; a small local model reads it in two or three seconds."""
