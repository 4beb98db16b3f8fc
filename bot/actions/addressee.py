"""Whether a sentence is said to somebody else: "Ben, can you send me the summary?". Pure."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from bot.actions.candidates import MAX_TALK_WORDS
from bot.actions.phrases import language_names, phrases
from bot.actions.plain_words import Token, joined
from bot.common_words import common_words, people_names
from bot.sound_alike import letter_distance

_ASKED: Final = re.compile(
    r"(?:(?:can|could|would|will|do|did|have) you|you|please|puedes|podrias|me (?:puedes|pasas|das)"
    r"|te importa)\b"
)
"""What follows a name without a comma, as recognisers write it: "Tom could you…"."""
_CHARS_PER_SLIP: Final = 3
"""A recogniser may miss one in so many letters of the assistant's name."""


def is_to_another(tokens: Sequence[Token], text: str, names: Collection[tuple[str, ...]]) -> bool:
    """Whether a sentence calls a person who is not the assistant.

    Args:
        tokens: Its words, without a call of the assistant.
        text: It, as it was written.
        names: The assistant's names, in plain words.
    """
    tokens = tokens[:MAX_TALK_WORDS]
    if any(_is_like(token.word, name) for token in tokens for name in names):
        return False
    at = _after_openers(tokens)
    if at < len(tokens) - 1 and _is_called_first(tokens, at, text):
        return True
    return any(_is_set_apart(tokens, at, text) for at in range(1, len(tokens)))


def _after_openers(tokens: Sequence[Token]) -> int:
    """How many words like "hey" and "oye" come first."""
    for at, token in enumerate(tokens):
        if token.word in people_names() or not phrases().frames.match(f"{token.word} "):
            return at
    return 0


def _is_called_first(tokens: Sequence[Token], at: int, text: str) -> bool:
    if tokens[at].breaks:
        return _is_name(tokens[at], text) and not _is_verb(tokens[at].word)
    is_known = tokens[at].word in people_names() | phrases().titles and tokens[at].word != "will"
    return is_known and _ASKED.match(joined(tokens[at + 1 : at + 3])) is not None


def _is_set_apart(tokens: Sequence[Token], at: int, text: str) -> bool:
    """Whether a word between commas, or after the last, is a call: "fix it, darling"."""
    token, is_last = tokens[at], at == len(tokens) - 1
    if not tokens[at - 1].breaks or not (token.breaks or is_last):
        return False
    return _is_name(token, text) and not _is_name(tokens[at - 1], text)  # else it is a list


def _is_verb(word: str) -> bool:
    """Whether a request may begin with a word: "Resume, por favor, lo que hemos dicho"."""
    known = phrases()
    return known.does.match(word) is not None or any(
        one.verbs.match(f"{word} ") for one in known.modules.values()
    )


def _is_like(word: str, name: tuple[str, ...]) -> bool:
    written = "".join(name)
    return letter_distance(word, written) <= len(written) // _CHARS_PER_SLIP


def _is_name(token: Token, text: str) -> bool:
    """Whether a word names a person: it is known to, or has a capital and is not a common word."""
    if token.word in people_names() | phrases().titles:
        return True
    known = token.word in common_words() or token.word in language_names()
    return text[token.start].isupper() and token.word.isalpha() and not known
