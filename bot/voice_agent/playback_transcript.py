"""The words of an answer that were played, from the number of packets played. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from audio.constants import FRAME_MS
from bot.voice_agent.options import DEFAULT_OPTIONS

_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\S+?(?=[\u3040-\u9fff]|\s|$)")
"""A unit that is never cut: a word, or one character of a script without spaces."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of speech.

    `text` is empty when the service does not say its words, or has said them with an earlier piece.
    """

    packets: int
    text: str


def played_text(
    pieces: Sequence[Piece],
    played: int,
    *,
    text: str,
    is_complete: bool,
    chars_per_s: float = DEFAULT_OPTIONS.speech_chars_per_s,
) -> str:
    """The beginning of the answer that was played, in whole words.

    A word counts once it has been played to its end. Within a piece, each character takes the same
    time.

    Args:
        pieces: All speech received so far, in order.
        played: How many of its packets were played.
        text: The answer's text so far; used where the pieces have no text.
        is_complete: No more of the answer will arrive.
        chars_per_s: The rate of speech, used while the length of the answer is unknown.
    """
    total = sum(piece.packets for piece in pieces)
    if played <= 0 or total == 0:
        return ""
    if is_complete and played >= total:
        return text.strip() or _joined(piece.text for piece in pieces)
    pieces = _with_words(pieces)
    if not all(piece.text for piece in pieces if piece.packets):
        played_chars = played * FRAME_MS / 1000 * chars_per_s
        share = played / total if is_complete else played_chars / max(1, len(text))
        return _beginning(text, share)
    words = []
    for piece in pieces:
        words.append(_beginning(piece.text, played / piece.packets if piece.packets else 1.0))
        played -= piece.packets
        if played <= 0:
            break
    return _joined(words)


def _with_words(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, each with those after it that continue its words."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].text and not piece.text:
            found[-1] = Piece(found[-1].packets + piece.packets, found[-1].text)
        else:
            found.append(piece)
    return found


def _beginning(text: str, share: float) -> str:
    """The words that end within a share (0 to 1) of the text."""
    text = text.strip()
    if share >= 1.0:
        return text
    limit, end = share * len(text), 0
    for word in _WORD.finditer(text):
        if word.end() > limit:
            break
        end = word.end()
    return text[:end]


def _joined(words: Iterable[str]) -> str:
    return " ".join(word.strip() for word in words if word.strip())
