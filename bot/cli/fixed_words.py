"""What `skydeck ask` is told in fixed words ("cancel that"): rules answer it, as by every door."""

import asyncio
from typing import Final

from bot.clock import SystemClock
from bot.contract import System
from bot.i18n import Words, words_for
from bot.money import Payer
from bot.settings import Settings
from bot.spoken_commands import STYLES, CommandKind, CommandMatch
from bot.voice_agent.utterance_intent import UtteranceClassifier
from bot.wording import money_in_words

_MAX_CHARS: Final = 200
"""No command is longer."""
_ENDS: Final = {
    CommandKind.STOP: "commands.cancelled_nothing",
    CommandKind.CANCEL: "commands.cancelled_nothing",
    CommandKind.CANCEL_JOB: "commands.cancelled_no_such",
}


def answer_to_fixed_words(settings: Settings, said: str) -> str | None:
    """The answer to fixed words; None: it is a question, or means nothing where nothing runs.

    Each question stands alone here: there is no answer before it to be repeated or ended.

    Raises:
        BadSettings, StoreFailed: The database with the costs cannot be used.
    """
    if len(said) > _MAX_CHARS:
        return None
    names = [one.assistant for one in System]
    classifier = UtteranceClassifier([*names, *filter(None, [settings.skydeck_persona_name])])
    match = classifier.commands(said.strip(), is_written=True)
    return None if match is None else _answer(settings, match)


def _answer(settings: Settings, match: CommandMatch) -> str | None:
    words = words_for(match.language)
    told: list[str] = []
    for kind in match.kinds:
        if kind in _ENDS:
            told.append(words(_ENDS[kind]))
        elif kind is CommandKind.COST:
            told.append(asyncio.run(_cost_today(settings, words)))
        elif kind is CommandKind.FORGET:
            told.append(words("commands.forgot_nothing"))
        elif kind in STYLES:
            told.append(words("commands.ask_alone"))
        elif not told:
            return None
    return "\n".join(dict.fromkeys(told))


async def _cost_today(settings: Settings, words: Words) -> str:
    from bot.service_calls.report import view_of  # noqa: PLC0415 (SQLAlchemy loads slowly)
    from bot.store.opening import open_database  # noqa: PLC0415
    from bot.store.repositories.spending import Spending  # noqa: PLC0415

    clock = SystemClock()
    url = settings.skydeck_database_url.get_secret_value()
    async with open_database(url, clock) as database:
        days = await Spending(database).by_day(view_of(Payer(), int(clock.wall() * 1000), 1))
    spent = sum(one.micro_usd for one in days)
    if not spent:
        return words("commands.cost_all_nothing")
    return words("commands.cost_all", money=money_in_words(spent, words))
