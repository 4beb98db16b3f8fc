"""Cuts text into phrases to speak, while the model generates it. Pure."""

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
"""A first phrase of fewer words sounds torn off."""
_MAX_PHRASE_CHARS = 220
"""A longer sentence is cut after its last clause."""

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
    """Return the text without its markup, as a voice should speak it."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text.strip() if any(map(str.isalnum, text)) else ""


class Phrasing:
    """Cuts a growing text into phrases: its first clause, then whole sentences.

    The first phrase is short, so that the voice starts early; the others are sentences, so that
    their intonation is right.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._started = False

    def feed(self, text: str) -> list[str]:
        """Add text. Returns the phrases that are complete."""
        self._pending += text
        pieces = []
        while (cut := self._cut()) is not None:
            piece, self._pending = self._pending[:cut], self._pending[cut:]
            if words := speakable(piece):
                pieces.append(words)
                self._started = True
        return pieces

    def finish(self) -> list[str]:
        """Return the last phrase after the end of the text, if there is one."""
        rest, self._pending = speakable(self._pending), ""
        return [rest] if rest else []

    def _cut(self) -> int | None:
        """Return where the next phrase ends; None if it is not complete."""
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
        """Return whether the last word seems to end a sentence, without seeing the next one.

        The next token comes tens of milliseconds later, and a person waits for the first phrase.
        Outside quotes, brackets and addresses, a word with a full stop nearly always ends one.
        """
        return (
            _PROBABLE_END.search(self._pending) is not None
            and not _ABBREVIATION.search(self._pending)
            and not _UNFINISHED.search(self._pending)
            and self._pending.count("```") % 2 == 0
        )

    def _ends(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield the matches outside code blocks, which the voice does not speak."""
        for end in pattern.finditer(self._pending):
            if self._pending.count("```", 0, end.start()) % 2 == 0:
                yield end
