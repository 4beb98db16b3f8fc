"""The first visible word on a slash command, and the answer that grows out of it."""

from typing import Any

import aiohttp
import discord

from bot.client import SkyDeck
from bot.conversation import Asker, Undeliverable
from bot.i18n import Words
from cogs.shared.asker import words_of
from cogs.shared.failures import explain
from cogs.shared.live import LiveMessage
from cogs.shared.page import Page
from cogs.shared.patience import persist
from cogs.shared.reply import Reply, may_write


async def working_message(interaction: discord.Interaction[Any], words: Words) -> int:
    """Answer a command with a public working line, and give that message's id.

    One request, so the job can be sent as soon as Discord has taken it: deferring first would
    cost two more before the message's id is known.

    Raises:
        discord.HTTPException: Discord refused it, or the three seconds are over.
    """
    try:
        answer = await interaction.response.send_message(words("common.working"))
    except (aiohttp.ClientError, ConnectionError):
        return (await persist(interaction.original_response)).id  # it is there, if it arrived
    if answer.message_id is None:
        raise AssertionError("a response with a message has the message's id")
    return answer.message_id


def live_reply(
    bot: SkyDeck, interaction: discord.Interaction[Any], asker: Asker, message_id: int
) -> LiveMessage:
    """The answer to a command, which may have been used where the bot cannot write."""
    return LiveMessage(
        bot,
        asker.channel_id,
        message_id,
        asker.user_id,
        words=words_of(asker),
        reply=Reply(interaction),
        is_shut=not may_write(interaction),
    )


async def working_line(
    bot: SkyDeck, interaction: discord.Interaction[Any], asker: Asker
) -> LiveMessage:
    """Answer a command with a public working line, in place of which the answer will stand.

    Raises:
        discord.HTTPException: Discord refused it, or the three seconds are over.
    """
    message_id = await working_message(interaction, words_of(asker))
    return live_reply(bot, interaction, asker, message_id)


async def give_reason(live: LiveMessage, error: Exception, words: Words) -> None:
    """In place of an answer that was not begun: why. Nothing was paid, so it need not be kept.

    Raises:
        OSError, TimeoutError: Discord does not answer.
    """
    try:
        await live.settle(Page(text=explain(error, words).text))
    except Undeliverable:
        return  # the log has it
