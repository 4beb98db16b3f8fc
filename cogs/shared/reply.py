"""The first answer to an interaction, changed with the interaction's own token.

That needs no permission in the channel, and is possible for 15 minutes.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import discord

from cogs.shared.page import Page, files_of, in_one_message

_LAST_MINUTE: Final = timedelta(seconds=60)


@dataclass(slots=True)
class Reply:
    """An interaction whose first answer is a message.

    Attributes:
        interaction: Which.
    """

    interaction: discord.Interaction[Any]

    @property
    def is_open(self) -> bool:
        """Whether its token still counts."""
        return not self.interaction.is_expired()

    @property
    def is_closing(self) -> bool:
        """Whether that is nearly over."""
        return discord.utils.utcnow() >= self.interaction.expires_at - _LAST_MINUTE

    async def edit(self, page: Page) -> int:
        """Show a page, in one message; gives that message's id.

        Raises:
            discord.HTTPException: Discord refused it.
        """
        page = in_one_message(page)
        shown = await self.interaction.edit_original_response(
            content=page.text,
            embeds=list(page.embeds),
            attachments=files_of(page),
            view=page.view,
        )
        return shown.id


def may_write(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot can go on there with its own token.

    It cannot where it is only an application that somebody brought along: in group messages, and
    on servers that it is not a member of.
    """
    if interaction.guild_id is None:
        is_group = isinstance(interaction.channel, discord.GroupChannel)
        return not (is_group or interaction.context.private_channel)
    if interaction.is_user_integration() and not interaction.is_guild_integration():
        return False
    may = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    return may.view_channel and (may.send_messages_in_threads if in_thread else may.send_messages)
