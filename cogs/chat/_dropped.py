"""A question that a process had read when it died, before it could write the job down.

Whoever takes its shard over is told of the question once more. That the question is remembered does
not mean that it was begun; the journal tells.
"""

import contextlib
from typing import Final

import discord

from bot.client import SkyDeck

_SURELY_DEAD_S: Final = 4.0
"""Whoever read a question longer ago than that has begun it, or is dead; no lease is shorter."""
_LOOKED_THROUGH: Final = 20


async def was_dropped(bot: SkyDeck, message: discord.Message) -> bool:
    """Whether a question that is remembered was never begun.

    Raises:
        StoreFailed: The journal cannot be read.
    """
    age_s = bot.clock.wall() - message.created_at.timestamp()
    if not bot.share.is_claimed or age_s < _SURELY_DEAD_S:
        return False
    jobs = await bot.store.jobs.listing(user_id=message.author.id)
    return all(job.place.get("question") != str(message.id) for job in jobs)


async def answer_begun(bot: SkyDeck, message: discord.Message) -> discord.Message | None:
    """The message in which the dead process had begun to answer, if it came so far."""
    own = bot.user.id if bot.user is not None else 0
    with contextlib.suppress(discord.HTTPException, OSError):
        async for one in message.channel.history(after=message, limit=_LOOKED_THROUGH):
            if (
                one.author.id == own
                and one.reference is not None
                and one.reference.message_id == message.id
            ):
                return one
    return None
