"""Sentences that could ask for an action, in words that leave it open: a model decides. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from bot.actions.phrases import hints_of, phrases
from bot.actions.references import Points, reference_in
from bot.contract.actions import OfferedAction

MAX_TALK_WORDS: Final = 60
"""How many words of a sentence are looked at; about a longer one no model is asked."""
_POINTING: Final = frozenset(Points) - {Points.NOTHING, Points.TOPIC, Points.TEXT}
_OFFERS: Final = re.compile(r"(?:what about|how about|que tal)\b")
"""Questions that ask for something all the same."""


def candidates_in(
    sentences: Iterable[str], offered: Sequence[OfferedAction]
) -> tuple[tuple[OfferedAction, ...], bool]:
    """The actions that some sentence could ask for by its words.

    Args:
        sentences: In plain words, without a call of the assistant.
        offered: What may be done.

    Returns:
        They, and whether one asks for something to be done to a text that it points at.
    """
    found: dict[str, OfferedAction] = {}
    is_open = False
    for words in sentences:
        if not _could_ask(words):
            continue
        is_pointing = reference_in(words).points in _POINTING
        is_ability = not is_pointing and phrases().abilities.match(words) is not None
        hinted = (one for one in offered if _hints(one).search(words) and not _is_talk(one, words))
        found |= {one.module: one for one in hinted if not (is_ability and _needs_text(one))}
        is_open = is_open or is_pointing
    return tuple(found.values()), is_open


def _could_ask(words: str) -> bool:
    known = phrases()
    if len(words.split()) > MAX_TALK_WORDS or known.requests.search(words) is None:
        return False
    is_question = known.questions.match(words) and not _OFFERS.match(words)
    if is_question or known.plans.match(f"{words} ") or known.idioms.search(words):
        return False
    return known.negated.search(words) is None and known.reported.search(words) is None


def _needs_text(action: OfferedAction) -> bool:
    known = phrases().modules.get(action.module)
    return known is not None and known.works_on_text


def _is_talk(action: OfferedAction, words: str) -> bool:
    known = phrases().modules.get(action.module)
    return known is not None and known.unless.search(words) is not None


def _hints(action: OfferedAction) -> re.Pattern[str]:
    known = phrases().modules.get(action.module)
    if known is None:
        return hints_of(action.module)
    return known.hints
