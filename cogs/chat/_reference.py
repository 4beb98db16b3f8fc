"""The message that another one replies to, and the channel that a message is in."""

import contextlib

import discord

from bot.discord_client import SkyDeck
from cogs.shared.places import find_place


async def author_replied_to(bot: SkyDeck, message: discord.Message) -> int | None:
    """The author of the message that this one replies to; None if it is not a reply, or unknown.

    Raises:
        StoreFailed: The memory cannot be read.
    """
    parent_id = parent_of(message)
    reference = message.reference
    if parent_id is None or reference is None:
        return None
    if reference.resolved is None:
        remembered = await bot.store.conversations.get(parent_id)
        if remembered is not None:
            return remembered.author_id
    resolved = await replied_to(message)
    return resolved.author.id if resolved is not None else None


async def replied_to(message: discord.Message) -> discord.Message | None:
    """The message that this one replies to; None if it is not a reply, or that message is gone.

    Discord may leave that message out ("the backend did not attempt to fetch the message", in its
    reference of `referenced_message`); if it is fetched here, it is stored in `resolved`.
    """
    parent_id, reference = parent_of(message), message.reference
    if parent_id is None or reference is None:
        return None
    if reference.resolved is None:
        with contextlib.suppress(discord.HTTPException, OSError):  # deleted, or not available now
            reference.resolved = await message.channel.fetch_message(parent_id)
    return reference.resolved if isinstance(reference.resolved, discord.Message) else None


def parent_of(message: discord.Message) -> int | None:
    """The id of the message that a person replies to, in the same channel.

    A forwarded message also references its original, which is in another channel. Readers of this
    channel may not be allowed to read that one, so the reference is ignored.
    """
    pointed_at = message.reference
    if pointed_at is None or pointed_at.type is not discord.MessageReferenceType.reply:
        return None
    return pointed_at.message_id if pointed_at.channel_id == message.channel.id else None


async def look_up_channel(message: discord.Message) -> None:
    """Give a message its channel, if discord.py does not know it.

    Discord may announce the first message in a thread that was archived before the thread itself.
    discord.py then has an id only: no permissions, no parent channel, no owner.
    """
    guild, channel = message.guild, message.channel
    if guild is None or not isinstance(channel, discord.PartialMessageable):
        return
    with contextlib.suppress(discord.HTTPException, OSError):  # not available now: go on without
        found = await find_place(guild, channel.id)
        if isinstance(found, discord.abc.Messageable):
            message.channel = found
