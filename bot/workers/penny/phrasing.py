"""When there is enough text to begin to speak: pure, fed piece by piece as the model writes."""

import re
from collections.abc import Iterator

_SENTENCE_END = re.compile(r"""(?<=[.!?…])["'»)\]]*\s+|\n+""")
_CLAUSE_END = re.compile(r"(?<=[,;:])\s+|\s+[\u2014\u2013-]\s+")  # em dash, en dash
_PROBABLE_END = re.compile(r"[^\W\d_]{2,}[.!?…]\Z")
_UNFINISHED = re.compile(r"""://\S*\Z|\([^)]*\Z|\A[^"]*"[^"]*(?:"[^"]*"[^"]*)*\Z""")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|st|vs|etc|e\.g|i\.e|sr|sra|srta|ud|uds|no|p\.ej)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_MIN_FIRST_WORDS = 3
"""A clause of fewer words sounds torn off, so the first piece has at least so many."""
_MAX_PHRASE_CHARS = 220
"""Characters after which a sentence without an end is spoken up to its last clause."""

_MARKUP = (
    (re.compile(r"```.*?(?:```|\Z)", re.DOTALL), " "),
    (re.compile(r"`([^`]*)`"), r"\1"),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"https?://\S+"), " "),
    (re.compile(r"^\s*(?:[-*+•]|#{1,6}|>)\s+", re.MULTILINE), ""),
    (re.compile(r"[*_~|]{1,3}"), ""),
    (re.compile(r"\s+"), " "),
)


def speakable(text: str) -> str:
    """The words of a text without its markup: what a voice should say of it."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text.strip() if any(map(str.isalnum, text)) else ""


class Phrasing:
    """Cuts a growing text into pieces to speak: the first clause, then whole sentences.

    The first piece is short, so that the voice starts early; the later ones are sentences, so that
    their melody is right.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._started = False

    def feed(self, text: str) -> list[str]:
        """Take more text; the pieces that can be spoken now."""
        self._pending += text
        pieces = []
        while (cut := self._cut()) is not None:
            piece, self._pending = self._pending[:cut], self._pending[cut:]
            if words := speakable(piece):
                pieces.append(words)
                self._started = True
        return pieces

    def finish(self) -> list[str]:
        """No more text comes: what is left to speak."""
        rest, self._pending = speakable(self._pending), ""
        return [rest] if rest else []

    def _cut(self) -> int | None:
        """Where the next piece ends; None while there is not enough for one."""
        for end in self._ends(_SENTENCE_END):
            if not _ABBREVIATION.search(self._pending[: end.start()]):
                return end.end()
        if not self._started:
            if self._probably_ends():
                return len(self._pending)
            for end in self._ends(_CLAUSE_END):
                if len(self._pending[: end.start()].split()) >= _MIN_FIRST_WORDS:
                    return end.end()
        if len(self._pending) > _MAX_PHRASE_CHARS and self._pending.count("```") == 0:
            window = self._pending[:_MAX_PHRASE_CHARS]
            clauses = [end.end() for end in _CLAUSE_END.finditer(window)]
            return clauses[-1] if clauses else window.rfind(" ") + 1 or _MAX_PHRASE_CHARS
        return None

    def _probably_ends(self) -> bool:
        """Whether the last word ends a sentence, as far as one can tell without the next one.

        A model's next piece comes tens of milliseconds later, and only the first phrase is waited
        for; outside quotes, brackets and addresses a word with a full stop is nearly always an end.
        """
        return (
            _PROBABLE_END.search(self._pending) is not None
            and not _ABBREVIATION.search(self._pending)
            and not _UNFINISHED.search(self._pending)
            and self._pending.count("```") % 2 == 0
        )

    def _ends(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Matches outside code blocks: those are not spoken, so nothing ends inside them."""
        for end in pattern.finditer(self._pending):
            if self._pending.count("```", 0, end.start()) % 2 == 0:
                yield end
