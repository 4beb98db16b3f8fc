"""Whether words lead to an action without a model's word."""

from collections.abc import Sequence
from typing import Final

from bot.actions.offering import offer
from bot.actions.reading import read
from bot.catalogue import packaged_catalogue
from bot.contract import Service
from bot.contract.actions import OfferedAction
from bot.contract.grace import parse_catalogue
from bot.workers.penny.action_choice import ASKS_BY_WORDS

OFFERED: Final = offer(parse_catalogue(packaged_catalogue()), set(Service))


def asks_for_nothing(words: str, offered: Sequence[OfferedAction] = tuple(OFFERED)) -> bool:
    """Whether no rule finds a request, nor the learned intents one that is likely enough."""
    reading = read(words, offered, names=["Alfred"])
    if reading.wishes or reading.candidates or reading.is_open:
        return False
    likely = reading.judgement
    is_offered = likely is not None and any(one.module == likely.intent for one in offered)
    return likely is None or not is_offered or likely.log_odds < ASKS_BY_WORDS
