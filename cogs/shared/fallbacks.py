"""Ways to show an answer, best first: the first one that Discord accepts is taken."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import discord

from bot.jobs.view import Undeliverable
from cogs.shared.discord_retry import Unreadable, is_passing, persist

log = logging.getLogger(__name__)

TOO_HEAVY: Final = 413
"""The files of one message are larger than Discord accepts there."""

Way = Callable[[], Awaitable[None]]


class TooHeavy(Undeliverable):
    """The answer is too large, so other ways would fail too."""


async def first_open(ways: Iterable[Way]) -> None:
    """Take the first way that Discord accepts.

    Raises:
        OSError, TimeoutError: Discord does not answer now, or limits the bot.
        Undeliverable: Discord refuses all ways, or the answer is too large for all of them.
    """
    codes: list[int] = []
    for way in ways:
        try:
            await persist(way)
        except Unreadable:
            log.warning("an answer may be missing: Discord's response is unreadable", exc_info=True)
            codes.append(0)
        except discord.HTTPException as e:
            if is_passing(e):
                raise TimeoutError("Discord limits us") from e
            if e.status == TOO_HEAVY:
                raise TooHeavy("too large") from e
            codes.append(e.code or e.status)
        else:
            if codes:
                log.warning("an answer was shown in another way; Discord refused it with %s", codes)
            return
    raise Undeliverable(f"refused with {codes}")
