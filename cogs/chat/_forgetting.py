"""Forgets what a person has said in a conversation, and the answers to it."""

from typing import Final

import discord

from bot.discord_client import SkyDeck
from cogs.chat._reference import parent_of
from cogs.shared.forgetting import forget_messages

_READ_CHARS: Final = 10_000_000
_MAX_ROUNDS: Final = 100
"""Each forgets up to 200 messages."""


async def forget_what_was_said(
    bot: SkyDeck, message: discord.Message, *, whole_channel: bool
) -> int:
    """Forget what a person said in this conversation; without one, on this whole server.

    Answers that are being written to it are withdrawn. Returns how many messages are forgotten.

    Raises:
        StoreFailed: The memory cannot be changed.
    """
    gone = 0
    for _ in range(_MAX_ROUNDS):
        found = await _said(bot, message, whole_channel=whole_channel)
        if not found:
            break
        await forget_messages(bot, found)
        gone += len(found)
    return gone


async def _said(bot: SkyDeck, message: discord.Message, *, whole_channel: bool) -> set[int]:
    memory, user_id = bot.store.conversations, message.author.id
    parent_id = parent_of(message)
    if whole_channel:
        said = await memory.thread(message.channel.id, budget_chars=_READ_CHARS)
    elif parent_id is not None:
        said = await memory.chain(parent_id, budget_chars=_READ_CHARS)
    else:
        guild_id = message.guild.id if message.guild is not None else None
        return set(await memory.of_person(user_id, guild_id))
    return {one.message_id for one in said if one.person_id == user_id}
