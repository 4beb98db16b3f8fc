"""The steps after the first, in words that no rule knows: "…, and then into Polish". Pure."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from bot.actions.language_words import language_in, language_span
from bot.actions.option_words import options_in
from bot.actions.phrases import phrases
from bot.actions.plain_words import joined, plain_in_place, tokens_of
from bot.actions.reading import Reading, read
from bot.actions.request_parts import Wish
from bot.contract import Service
from bot.contract.actions import MAX_STEPS, OfferedAction

_THEN: Final = re.compile(
    r"[\s,;.]+(?:(?P<then>(?:and |y |e )?(?:then|after that|afterwards|luego|despues)(?: me)?)"
    r"|(?:and |y )?(?:also|de paso|tambien)|and|y|e)[\s,]+"
)
_LIKELY_AFTER_THEN: Final = -1.0
"""The natural logarithm of how much likelier than talk an action must be after "and then"."""
_LIKELY_BEFORE_AND: Final = 1.0
_MAX_CLAUSES: Final = 6


def split_steps(
    words: str, first: OfferedAction, offered: Sequence[OfferedAction], names: Collection[str]
) -> tuple[str, tuple[Wish, ...]]:
    """What belongs to the first step of an utterance, and the steps on its result.

    Args:
        words: The utterance.
        first: The action of its first step.
        offered: What may be done.
        names: The assistant's names.

    Returns:
        The words before the next step, and the steps; without any, all words, and none.
    """
    if first.service is not Service.GRACE:  # "a game that reads a text and then translates it"
        return words, ()
    steps = [one for one in offered if one.service is Service.GRACE and one != first]
    is_on_text = _works_on_text(first)
    for found in list(_THEN.finditer(plain_in_place(words)))[:_MAX_CLAUSES]:
        clause, is_then = words[found.end() :], found["then"] is not None
        if not (is_on_text or is_then):
            continue
        reading = read(clause, steps, names=names)
        wishes = reading.wishes
        if (
            not wishes
            and is_then
            and (likely := _likely(reading, clause, steps, _LIKELY_AFTER_THEN))
        ):
            wishes = (likely,)
        if not wishes and (translated := _translated(clause, steps)):
            wishes = (translated,)
        if wishes and (is_then or all(_works_on_text(one.action) for one in wishes)):
            return words[: found.start()], wishes[: MAX_STEPS - 1]
    return words, ()


def unknown_first(
    words: str, known: Wish, offered: Sequence[OfferedAction], names: Collection[str]
) -> Wish | None:
    """The step before the one that a rule found, in words that no rule knows.

    As in "get the handover down to the essentials, and then list who does what". None: there is
    none, or it is not likely enough.
    """
    steps = [one for one in offered if one.service is Service.GRACE and one != known.action]
    if known.action.service is not Service.GRACE or not _works_on_text(known.action):
        return None
    for found in list(_THEN.finditer(plain_in_place(words)))[:_MAX_CLAUSES]:
        following = read(words[found.end() :], offered, names=names).wishes
        if [one.action for one in following] != [known.action]:
            continue
        own = words[: found.start()]
        reading = read(own, steps, names=names)
        least = _LIKELY_AFTER_THEN if found["then"] is not None else _LIKELY_BEFORE_AND
        return reading.wishes[0] if reading.wishes else _likely(reading, own, steps, least)
    return None


def _likely(
    reading: Reading, clause: str, offered: Sequence[OfferedAction], least: float
) -> Wish | None:
    """What a clause most likely asks for, by its words."""
    judgement = reading.judgement
    if judgement is None or judgement.log_odds < least:
        return None
    action = next((one for one in offered if one.module == judgement.intent), None)
    if action is None:
        return None
    return Wish(action, options_in(joined(tokens_of(clause)), action.params, clause))


def _translated(clause: str, offered: Sequence[OfferedAction]) -> Wish | None:
    """As in "and then in French, please"."""
    words = joined(tokens_of(clause))
    span = language_span(words)
    action = next((one for one in offered if one.module == "TRANSLATOR"), None)
    language = language_in(words)
    if action is None or span is None or span[0] > 0 or language is None:
        return None
    return Wish(action, {"to": language})


def _works_on_text(action: OfferedAction) -> bool:
    """Whether an action is done to a text, and not about a subject."""
    known = phrases().modules.get(action.module)
    return known is not None and known.works_on_text
