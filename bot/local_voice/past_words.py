"""Earlier conversations and what was found, as lines of text."""

from collections.abc import Iterable
from typing import Final

from bot.figures import moment
from bot.i18n import Words
from bot.local_voice.memory import MAX_DAYS, MAX_KEPT, Memory, Past
from bot.local_voice.view import Entry
from bot.sanitize import clean, clean_excerpt

_MAX_HITS: Final = 20
_EXCERPT_CHARS: Final = 160


def kept_where(memory: Memory, words: Words) -> str:
    """Whether conversations are kept, where, how many and how long."""
    key = "talk.past.kept" if memory.keeps else "talk.past.not_kept"
    return words(key, folder=clean(str(memory.folder)), most=MAX_KEPT, days=MAX_DAYS)


def past_row(past: Past, words: Words) -> str:
    """One conversation of before: when, how long, and how it began."""
    return words(
        "talk.past.row",
        at=moment(past.at, words.language),
        count=words.count("talk.past.turns", len(past.turns)),
        title=past.title,
    )


def past_in_words(memory: Memory | None, words: Words) -> str:
    """All of them, for whoever reads lines."""
    if memory is None:
        return words("talk.past.none")
    rows = [f"{number}. {past_row(one, words)}" for number, one in enumerate(memory.past(), 1)]
    return "\n".join([kept_where(memory, words), *(rows or [words("talk.past.none")])])


def found_in(entries: Iterable[Entry], wanted: str) -> str:
    """The entries that have these words, an excerpt of each; empty: none has them."""
    wanted = wanted.strip().casefold()
    lines = [line for entry in entries for line in (entry.asked, entry.answered)]
    hits = [line for line in lines if wanted and wanted in line.casefold()]
    return "\n".join(clean_excerpt(_around(hit, wanted)) for hit in hits[-_MAX_HITS:])


def _around(text: str, wanted: str) -> str:
    at = max(0, text.casefold().find(wanted) - _EXCERPT_CHARS // 4)
    return text[at : at + _EXCERPT_CHARS]
