"""Which words of an answer were really played, from the packets that left. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from audio.constants import FRAME_MS

_CHARS_PER_SECOND: Final = 14.0
"""How fast voices speak English and Spanish, where the service does not tell; rather too slow, so
that nothing is claimed that was not heard."""
_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\S+?(?=[\u3040-\u9fff]|\s|$)")
"""What is not cut: a word, or a single sign of a script that has no spaces."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of sound.

    Attributes:
        packets: How many packets it has.
        says: The words in it; empty when the service does not tell.
    """

    packets: int
    says: str


def spoken(pieces: Sequence[Piece], played: int, *, text: str, is_whole: bool) -> str:
    """The words that were played.

    A word counts when it was played to its end. Within a piece, time is shared out by letters.

    Args:
        pieces: All sound of the answer that has come, in order.
        played: How many of its packets have left.
        text: The answer's text so far; used where the pieces do not say their words.
        is_whole: Nothing more of the answer will come.

    Returns:
        The beginning of the answer, whole words; empty when none was played.
    """
    total = sum(piece.packets for piece in pieces)
    if played <= 0 or total == 0:
        return ""
    if is_whole and played >= total:
        return text.strip() or _joined(piece.says for piece in pieces)
    if not all(piece.says for piece in pieces if piece.packets):
        return _beginning(text, _share_of_text(text, played, total, is_whole=is_whole))
    words = []
    for piece in pieces:
        words.append(_beginning(piece.says, played / piece.packets if piece.packets else 1.0))
        played -= piece.packets
        if played <= 0:
            break
    return _joined(words)


def _share_of_text(text: str, played: int, total: int, *, is_whole: bool) -> float:
    if is_whole:
        return played / total
    return played * FRAME_MS / 1000 * _CHARS_PER_SECOND / max(1, len(text))


def _beginning(text: str, share: float) -> str:
    """The words that end within a share (0 to 1) of the text."""
    text = text.strip()
    if share >= 1.0:
        return text
    most, end = share * len(text), 0
    for word in _WORD.finditer(text):
        if word.end() > most:
            break
        end = word.end()
    return text[:end]


def _joined(words: Iterable[str]) -> str:
    return " ".join(word.strip() for word in words if word.strip())
