"""Cuts text into phrases to speak, while the model generates it. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from bot import sentences
from bot.clauses import UNSPACED, clause_ends
from bot.graphemes import is_boundary

FENCE: Final = "```"
_WIDE: Final = f"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff{UNSPACED}"
_STOPS: Final = ".!?\u2026\u3002\uff01\uff1f\u0964\u061f\u06d4"
_PROBABLE_END: Final = re.compile(rf"[^\W\d_]{{2,}}[{_STOPS}]\s*\Z")
_UNFINISHED: Final = re.compile(
    r"""://\S*\Z|[(\[\u201c\u00ab\u300c][^)\]\u201d\u00bb\u300d]*\Z"""
    r"""|\A[^"]*"[^"]*(?:"[^"]*"[^"]*)*\Z"""
)
_WIDE_CHAR: Final = re.compile(f"[{_WIDE}]")
_WORD: Final = re.compile(rf"[{_WIDE}]{{1,2}}|[^\W_]+")
_MIN_FIRST_WORDS: Final = 3
"""A first phrase of fewer words sounds torn off. Two characters of a wide script are a word."""
_MAX_PHRASE_CHARS: Final = 220
_MAX_WIDE_CHARS: Final = 80
"""A longer sentence is cut after its last clause."""
_MAX_LINK_CHARS: Final = 200


class Phrasing:
    """Cuts a growing text into phrases: its first clause, then whole sentences.

    The first phrase is short, so that the voice starts early; the others are sentences, so that
    their intonation is right. A code block is a phrase. Joined, the phrases are the text.

    Args:
        language: ISO 639-1, if known: conjunctions then end a clause, too.
    """

    def __init__(self, language: str = "") -> None:
        self._language = language
        self._pending = ""
        self._started = False
        self._searched = 0  # for the end of a code block

    def feed(self, text: str) -> list[str]:
        """Add text. Returns the phrases that are complete, with their markup and white space."""
        self._pending += text
        phrases = []
        while cut := self._cut():
            phrase, self._pending = self._pending[:cut], self._pending[cut:]
            self._started = self._started or _WORD.search(phrase) is not None
            self._searched = 0
            phrases.append(phrase)
        return phrases

    def finish(self, *, unwanted_chars: int = 0) -> list[str]:
        """Return the last phrase after the end of the text, if there is one.

        Args:
            unwanted_chars: How many characters at the text's end are not to be spoken.
        """
        rest = self._pending[: max(0, len(self._pending) - unwanted_chars)]
        self._pending = ""
        return [rest] if rest else []

    def _cut(self) -> int:
        """Return where the next phrase ends; 0 if it is not complete."""
        fence = self._pending.find(FENCE)
        if fence >= 0 and _WORD.search(self._pending, 0, fence) is None:
            return self._block_end(fence)
        limit = self._limit()
        before = self._pending[:fence] if fence >= 0 else self._pending
        for end in sentences.ends(before, is_complete=fence >= 0):
            if end > limit:
                break
            if end == fence or not self._is_in_link(end):
                return end
        if not self._started and (end := self._first_clause(limit)):
            return end
        return self._long_cut(limit) if len(self._pending) > limit else 0

    def _block_end(self, fence: int) -> int:
        begin = max(fence + len(FENCE), self._searched)
        end = self._pending.find(FENCE, begin)
        self._searched = max(begin, len(self._pending) - len(FENCE) + 1)
        return end + len(FENCE) if end >= 0 else 0

    def _limit(self) -> int:
        """The most characters in a phrase. Each one of a wide script takes longer to speak."""
        begin = self._pending[:_MAX_PHRASE_CHARS]
        is_wide = len(_WIDE_CHAR.findall(begin)) > len(begin) // 3
        return _MAX_WIDE_CHARS if is_wide else _MAX_PHRASE_CHARS

    def _first_clause(self, limit: int) -> int:
        if self._probably_ends():
            return min(len(self._pending), limit)
        for end in self._clause_ends(limit):
            if len(_WORD.findall(self._pending, 0, end)) >= _MIN_FIRST_WORDS:
                return end
        return 0

    def _long_cut(self, limit: int) -> int:
        """Return where a sentence that is too long is cut: after its last clause, else a word."""
        spaces = (end for end in range(limit, 0, -1) if self._pending[end - 1].isspace())
        whole = (end for end in range(limit, 0, -1) if is_boundary(self._pending, end))
        clauses = list(self._clause_ends(limit))
        return clauses[-1] if clauses else next(spaces, 0) or next(whole, limit)

    def _clause_ends(self, limit: int) -> Iterator[int]:
        for end in clause_ends(self._pending, limit, self._language):
            if not self._is_in_link(end):
                yield end

    def _probably_ends(self) -> bool:
        """Return whether the last word seems to end a sentence, without seeing the next one.

        The next token comes tens of milliseconds later, and a person waits for the first phrase.
        Outside quotes, brackets and addresses, a word with a full stop nearly always ends one,
        unless it would go on with a name or a number: "Dr.", "p. ej.", "núm."
        """
        return (
            _PROBABLE_END.search(self._pending) is not None
            and _UNFINISHED.search(self._pending) is None
            and all(
                sentences.last_end(self._pending, next_word=word) == len(self._pending)
                for word in ("Xx", "5")
            )
        )

    def _is_in_link(self, place: int) -> bool:
        """Whether a cut would part a link's words from its address."""
        opened = self._pending.rfind("[", max(0, place - _MAX_LINK_CHARS), place)
        return opened >= 0 and self._pending.find("]", opened, place) < 0
