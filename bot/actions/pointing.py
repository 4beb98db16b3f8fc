"""What a person's own words point at, without a request. Pure."""

from typing import Final

from bot.actions.candidates import MAX_TALK_WORDS
from bot.actions.phrases import phrases
from bot.actions.plain_words import joined, tokens_of, without_quotes
from bot.actions.references import Points, Reference, reference_in
from bot.contract.actions import MAX_OWN_WORDS_CHARS

_AROUND_POINTERS: Final = frozenset(
    [
        "i",
        "mean",
        "use",
        "take",
        "work",
        "want",
        "with",
        "all",
        "everything",
        "whole",
        "quiero",
        "digo",
        "refiero",
        "usa",
        "coge",
        "toma",
        "trabaja",
        "todo",
        "toda",
        "entero",
        "entera",
        "se",
        "sobre",
    ]
)
"""Beside these, an answer only points: "I mean the message above"."""


def answer_points_at(words: str) -> Reference:
    """What the answer to "what should I work on?" points at; a text may say "here" or "it", too."""
    reference, plain = points_at(words), joined(tokens_of(words)[:MAX_TALK_WORDS])
    if reference.points in {Points.NOTHING, Points.TOPIC}:
        return reference
    for pattern in phrases().references.values():
        plain = pattern.sub(" ", plain)
    left = [one for one in plain.split() if one not in _AROUND_POINTERS | phrases().empty]
    is_pointer = len(left) <= 1 and len(tokens_of(words)) <= MAX_TALK_WORDS
    return reference if is_pointer else Reference(Points.TOPIC)


def points_at(words: str) -> Reference:
    """What a person's own words point at, whatever they ask for."""
    text, quotes = without_quotes(words[:MAX_OWN_WORDS_CHARS])
    return reference_in(joined(tokens_of(text)[:MAX_TALK_WORDS]), quotes)
