"""Opens a build's thread, but never a second one for the same build."""

import contextlib
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord

from bot.discord_client import SkyDeck
from cogs.shared.discord_retry import persist
from cogs.shared.live import LiveMessage

TROUBLE: Final = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)
"""The errors of a request to Discord."""
_THREAD_EXISTS: Final = 160004
_FIRST_MESSAGES: Final = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """Where the build is shown now."""

    thread_id: int
    message_id: int


async def open_thread(
    bot: SkyDeck, home: LiveMessage, guild_id: int | None, title: str, first: discord.Embed
) -> Opened:
    """Open a thread on one of the bot's messages, with a first message in it.

    If a process that died had already opened it, its thread and message are used. A thread on a
    message has the same id as that message.

    Raises:
        discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError: Discord refuses it or
            does not answer.
    """
    message_id = home.message_id
    channel = bot.get_partial_messageable(home.channel_id, guild_id=guild_id)
    message = channel.get_partial_message(message_id)
    try:
        thread = await persist(lambda: message.create_thread(name=title))
    except discord.HTTPException as e:
        if e.code != _THREAD_EXISTS:
            raise
        found = await _first_of_ours(bot, message_id)
        if found is not None:
            return Opened(message_id, found)
    else:
        with contextlib.suppress(*TROUBLE):  # optional: it puts the thread into the person's list
            await thread.add_user(discord.Object(home.user_id))
    inside = bot.get_partial_messageable(message_id, guild_id=guild_id)

    async def send(nonce: str) -> discord.Message:
        return await inside.send(embed=first, nonce=nonce)

    sent = await persist(lambda: home.nonces.post("first", send))
    return Opened(message_id, sent.id)


async def _first_of_ours(bot: SkyDeck, thread_id: int) -> int | None:
    own = bot.user.id if bot.user else 0
    thread = bot.get_partial_messageable(thread_id)
    async for message in thread.history(limit=_FIRST_MESSAGES, oldest_first=True):
        if message.author.id == own and message.embeds:
            return message.id
    return None
