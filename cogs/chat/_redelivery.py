"""Messages that are delivered twice, because the process that got them first has died.

The process that takes over a shard gets its latest messages again. An answer is in the journal as
a job before it is remembered or posted, so the process that claims the job finishes it.
"""

import contextlib
from typing import Final

import discord

from bot.discord_client import SkyDeck
from bot.jobs.place import question_at
from cogs.chat._job_message import ChatMessage

_LOOKED_THROUGH: Final = 20


async def was_handled(bot: SkyDeck, message: discord.Message) -> bool:
    """Whether another process has begun to answer a question, so that there is nothing to do.

    Raises:
        StoreFailed: The journal cannot be read.
    """
    return _may_be_repeated(bot, message) and await _has_job(bot, message)


async def was_dropped(bot: SkyDeck, message: discord.Message) -> bool:
    """Whether a question was remembered, but its answer never begun.

    Raises:
        StoreFailed: The journal cannot be read.
    """
    return _may_be_repeated(bot, message) and not await _has_job(bot, message)


async def find_reply(bot: SkyDeck, channel_id: int, question_id: int) -> int | None:
    """The message in which a dead process began to answer, if there is one."""
    own = bot.user.id if bot.user is not None else 0
    channel, asked = bot.get_partial_messageable(channel_id), discord.Object(question_id)
    with contextlib.suppress(discord.HTTPException, OSError):
        async for one in channel.history(after=asked, limit=_LOOKED_THROUGH, oldest_first=True):
            if (
                one.author.id == own
                and one.reference is not None
                and one.reference.message_id == question_id
            ):
                return one.id
    return None


async def fetch_question(bot: SkyDeck, place: ChatMessage) -> discord.Message | None:
    """The message that an answer is for, with its author as a member; None if it is not there."""
    channel = bot.get_channel(place.channel_id) or bot.get_partial_messageable(
        place.channel_id, guild_id=place.guild_id
    )
    if not isinstance(channel, discord.abc.Messageable):
        return None
    with contextlib.suppress(discord.HTTPException, OSError):
        message = await channel.fetch_message(place.question_id)
        if message.guild is not None and not isinstance(message.author, discord.Member):
            message.author = await message.guild.fetch_member(place.user_id)
        return message
    return None


def _may_be_repeated(bot: SkyDeck, message: discord.Message) -> bool:
    age_s = bot.membership.time.wall() - message.created_at.timestamp()
    return bot.membership.is_claimed and age_s >= bot.membership.dead_after_s


async def _has_job(bot: SkyDeck, message: discord.Message) -> bool:
    jobs = await bot.store.jobs.listing(user_id=message.author.id)
    return any(question_at(job.place) == message.id for job in jobs)
