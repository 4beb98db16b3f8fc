"""The first visible word on a slash command."""

from typing import Any

import discord

from bot.i18n import Words


async def working_message(interaction: discord.Interaction[Any], words: Words) -> int:
    """Answer a command with a public working line, and give that message's id.

    One request, so the job can be sent as soon as Discord has taken it: deferring first would
    cost two more before the message's id is known.

    Raises:
        discord.HTTPException: Discord refused it, or the three seconds are over.
    """
    answer = await interaction.response.send_message(words("common.working"))
    if answer.message_id is None:
        raise AssertionError("a response with a message has the message's id")
    return answer.message_id
