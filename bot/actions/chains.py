"""The steps after the first, in words that no rule knows: "…, and then into Polish". Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from bot.actions.language_words import language_in, language_span
from bot.actions.option_words import options_in
from bot.actions.phrases import phrases
from bot.actions.plain_words import joined, plain_in_place, quotes_masked, tokens_of
from bot.actions.reading import Reading, read
from bot.actions.references import Points
from bot.actions.request_parts import Wish
from bot.contract import Service
from bot.contract.actions import OfferedAction

_DONE: Final = (
    r"(?:once|when|as soon as) (?:that|this|it|you)(?:.?s| is| are|.?re)? "
    r"(?:done|there|finished|through|ready)"
    r"|cuando (?:este|lo tengas|termines|acabes|lo hayas hecho)"
    r"|una vez (?:hech[oa]s?|list[oa]s?|escrit[oa]s?|\w+[ai]d[oa]s?)"
)
_THEN: Final = re.compile(
    r"(?<! que)[\s,;.]+(?:(?P<then>(?:and |y |e )?(?:then|after (?:that|this)|afterwards|finally"
    rf"|lastly|at the end|luego|despues(?: de eso)?|al final|finalmente|por ultimo|tras eso|{_DONE}"
    r"|a continuacion|al terminar|con eso|de ahi)(?: me)?)"
    r"|(?:and |y )?(?:also|de paso|tambien)|and|y|e)[\s,]+"
)
_LIKELY_AFTER_THEN: Final = -2.0
"""The natural logarithm of how much likelier than talk an action must be after "and then"."""
_LIKELY_BESIDE_AND: Final = 2.0
"""The same beside an "and" alone."""
_TO_YOU: Final = re.compile(r"(?:lo|la|los|las|le|les) ")
_MAX_CLAUSES: Final = 6
_LANGUAGE: Final = "language"
"""The parameter with the language of a result."""


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
    for found in _joints(words):
        clause, is_then = words[found.end() :], found["then"] is not None
        if not (is_on_text or is_then):
            continue
        if not is_then and _starts_with_language(clause) and _LANGUAGE in _params_of(first):
            continue  # the language of the first step
        wishes = _steps_in(
            clause, steps, names, _LIKELY_AFTER_THEN if is_then else _LIKELY_BESIDE_AND
        )
        if wishes and (is_then or all(_works_on_text(one.action) for one in wishes)):
            if len(wishes) == 1:
                wishes = with_following(clause, wishes[0], steps, names)
            return words[: found.start()], wishes
    return words, ()


def _steps_in(
    clause: str, offered: Sequence[OfferedAction], names: Collection[str], least: float
) -> tuple[Wish, ...]:
    """What a clause asks for by rules, or as a language alone, or most likely."""
    # "luego lo traduces" is said to whoever was asked before: as "¿me lo traduces?"
    asked = f"me {clause}" if _TO_YOU.match(plain_in_place(clause)) else clause
    reading = read(asked, offered, names=names)
    if len(reading.wishes) == 1:
        return (*unknown_first(asked, reading.wishes, offered, names), *reading.wishes)
    if reading.wishes:
        return reading.wishes
    found = _translated(clause, offered) or _likely(reading, clause, offered, least)
    return () if found is None else (found,)


def with_following(
    words: str, first: Wish, offered: Sequence[OfferedAction], names: Collection[str]
) -> tuple[Wish, ...]:
    """A step, and those after it in its words that no rule has found."""
    if _is_after_colon(first, words):
        return (first,)
    own, following = split_steps(words, first.action, offered, names)
    if not following:
        return (first,)
    alone = read(own, [first.action], names=names).wishes
    return (alone[0] if alone else first, *following)


def unknown_first(
    words: str, known: Sequence[Wish], offered: Sequence[OfferedAction], names: Collection[str]
) -> tuple[Wish, ...]:
    """The steps before those that rules found, in words that no rule knows.

    As in "get the handover down to the essentials, and then list who does what". None: there are
    none, or they are not likely enough.
    """
    actions = [one.action for one in known]
    steps = [one for one in offered if one.service is Service.GRACE and one not in actions]
    if actions[0].service is not Service.GRACE or not _works_on_text(actions[0]):
        return ()
    if _is_after_colon(known[0], words):
        return ()
    for found in reversed(_joints(words)):  # the known steps may hide one between
        following = read(words[found.end() :], offered, names=names).wishes
        if [one.action for one in following] != actions:
            continue
        own = words[: found.start()]
        reading = read(own, steps, names=names)
        least = _LIKELY_AFTER_THEN if found["then"] is not None else _LIKELY_BESIDE_AND
        if reading.wishes and (before := unknown_first(own, reading.wishes, steps, names)):
            return (*before, *reading.wishes)
        first = reading.wishes[0] if reading.wishes else _likely(reading, own, steps, least)
        return () if first is None else with_following(own, first, steps, names)
    return ()


def _joints(words: str) -> list[re.Match[str]]:
    """Where a next step may begin: nowhere in what is quoted."""
    return list(_THEN.finditer(plain_in_place(quotes_masked(words))))[:_MAX_CLAUSES]


def _is_after_colon(step: Wish, words: str) -> bool:
    """Whether the rest of the words is the text to work on, whatever it says.

    As in "translate into Spanish: I went home and then summarized it".
    """
    reference = step.reference
    if reference.points is not Points.TEXT or not _works_on_text(step.action):
        return False
    before, colon, rest = words.partition(":")
    return bool(before and colon) and rest.strip() == reference.text.strip()


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
    language = language_in(joined(tokens_of(clause)))
    action = next((one for one in offered if one.module == "TRANSLATOR"), None)
    if action is None or language is None or not _starts_with_language(clause):
        return None
    return Wish(action, {"to": language})


def _starts_with_language(clause: str) -> bool:
    span = language_span(joined(tokens_of(clause)))
    return span is not None and span[0] == 0


def _params_of(action: OfferedAction) -> Mapping[str, Any]:
    return dict(action.params.get("properties", {}))


def _works_on_text(action: OfferedAction) -> bool:
    """Whether an action is done to a text, and not about a subject."""
    known = phrases().modules.get(action.module)
    return known is not None and known.works_on_text
