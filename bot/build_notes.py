"""What the Factory itself says of a build, in words of the reader's language. Pure.

It sends them as `Note`s, and in English sentences too, for callers that know no notes. What the
model and the program say stays as it is: it is a value of a note.
"""

from collections.abc import Sequence
from typing import Any, Final

from bot.contract.factory import Note
from bot.i18n import DEFAULT, Words, words_for

_MAX_VALUE_CHARS: Final = 1_000


def note(kind: str, /, **values: str | int) -> Note:
    """A note; `factory.note.KIND` is its text."""
    return Note(kind=kind, values=values)


def in_words(one: Note, words: Words) -> str | None:
    """A note as a sentence or a part of one; None: there is no text for it, or a value is missing.

    Its values are inserted as they are.
    """
    key = f"factory.note.{one.kind}"
    if not words.has(key):
        return None
    try:
        return words(key, **{name: _short(value) for name, value in one.values.items()})
    except KeyError:
        return None


def all_in_words(notes: Sequence[Note], words: Words) -> str | None:
    """Several notes, one after the other; None unless each has words."""
    told = [in_words(one, words) for one in notes]
    known = [one for one in told if one]
    return " ".join(known) if known and len(known) == len(told) else None


def changes_in_words(notes: Sequence[Note], words: Words) -> str | None:
    """What a round changed: how much, then why."""
    if not notes:
        return None
    how_much, why = in_words(notes[0], words), all_in_words(notes[1:], words)
    if how_much is None or (notes[1:] and why is None):
        return None
    return how_much if why is None else f"{how_much}: {why}"


def round_in_words(number: int, limit: int, phase: str, words: Words) -> str:
    """The round that a build is at, and what it does in it; a foreign phase stays as it is."""
    values = {"number": number, "limit": limit}
    if not phase:
        return words("factory.progress.iteration", **values)
    key = f"factory.phase.{phase}"
    told = words(key) if words.has(key) else phase
    return words("factory.progress.doing", phase=told, **values)


def english(*notes: Note) -> str:
    """Our own notes in English; empty for none."""
    return all_in_words(notes, words_for(DEFAULT)) or ""


def _short(value: Any) -> Any:
    return value[:_MAX_VALUE_CHARS] if isinstance(value, str) else value
