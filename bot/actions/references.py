"""What words point at: "this", "what we said", "the last ten minutes", "the file". Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.actions.phrases import language_names, phrases
from bot.actions.plain_words import QUOTE

_QUOTE: Final = re.compile(rf"\b{QUOTE}(\d{{1,3}})\b")
_TO_TEN: Final = (
    "one two three four five six seven eight nine ten",
    "uno dos tres cuatro cinco seis siete ocho nueve diez",
)
_NUMBERS: Final = {
    **{word: n for words in _TO_TEN for n, word in enumerate(words.split(), 1)},
    **dict.fromkeys(("a", "an", "un", "una"), 1),
    **dict.fromkeys(("few", "pocos"), 5),
    **dict.fromkeys(("couple", "par"), 2),
    **dict.fromkeys(("twelve", "doce"), 12),
    **dict.fromkeys(("fifteen", "quince"), 15),
    **dict.fromkeys(("twenty", "veinte"), 20),
    **dict.fromkeys(("thirty", "treinta"), 30),
    **dict.fromkeys(("forty", "cuarenta"), 40),
    **dict.fromkeys(("fifty", "cincuenta"), 50),
    **dict.fromkeys(("hundred", "cien"), 100),
}
_MAX_NUMBER: Final = 1_000
_MINUTES: Final = {
    **dict.fromkeys(("hour", "hora"), 60),
    **dict.fromkeys(("half hour", "half an hour", "media hora"), 30),
    **dict.fromkeys(("quarter of an hour", "quarter hour", "cuarto de hora"), 15),
}


class Points(StrEnum):
    """What words point at.

    NOTHING: they name nothing. TEXT: the text is in the words themselves. THIS: "this", "it".
    SAID: what was said here. MINUTES, MESSAGES: the last so many of them. ANSWER: the assistant's
    last answer. ABOVE: the message above. FILE: a file. TOPIC: a subject, as "bees".
    """

    NOTHING = "nothing"
    TEXT = "text"
    THIS = "this"
    SAID = "said"
    MINUTES = "minutes"
    MESSAGES = "messages"
    ANSWER = "answer"
    ABOVE = "above"
    FILE = "file"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Reference:
    """What words point at; the number of minutes or messages, or the text."""

    points: Points
    number: int = 0
    text: str = ""


NOTHING: Final = Reference(Points.NOTHING)


def number_in(word: str | None) -> int | None:
    """The number that a plain word says; None: it says none."""
    if not word:
        return None
    last = word.split()[-1]
    if last.isascii() and last.isdigit():
        return min(int(last[:6]), _MAX_NUMBER)
    return _NUMBERS.get(last)


def reference_in(words: str, quotes: Sequence[str] = ()) -> Reference:
    """What plain words point at.

    Args:
        words: The words of a request after its verb, or all of a sentence.
        quotes: The texts that they quote.
    """
    if (found := _QUOTE.search(words)) and int(found[1]) < len(quotes):
        return Reference(Points.TEXT, text=quotes[int(found[1])])
    known = phrases().references
    if found := known["minutes"].search(words):
        return _minutes(found.groupdict())
    if found := known["messages"].search(words):
        number = next((n for name in ("n1", "n2", "n3") if (n := number_in(found[name]))), None)
        return Reference(Points.MESSAGES, number or 0)
    for points in (Points.SAID, Points.ANSWER, Points.FILE, Points.ABOVE, Points.THIS):
        if known[points].search(words):
            return Reference(points)
    return Reference(Points.TOPIC) if _has_content(words) else NOTHING


def _minutes(found: dict[str, str | None]) -> Reference:
    whole = found["unit2"] or found["unit4"]
    if whole is not None:
        return Reference(Points.MINUTES, _MINUTES[whole])
    said = found["n1"] or found["n2"] or ""
    if said in {"half", "half an", "media"}:
        return Reference(Points.MINUTES, 30)
    number = number_in(said) or 0
    unit = found["unit1"] or found["unit3"] or ""
    return Reference(Points.MINUTES, number * 60 if unit.startswith("ho") else number)


def _has_content(words: str) -> bool:
    """Whether anything is left that a text could be about."""
    for option, choices in phrases().options.items():
        if option == "kind":  # what is to be built is what it is about
            continue
        for pattern in choices.values():
            words = pattern.sub(" ", words)
    names = language_names()
    known = phrases().empty
    return any(
        word not in known and word not in names and number_in(word) is None
        for word in words.split()
    )
