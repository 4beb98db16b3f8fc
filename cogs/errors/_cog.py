"""Handles errors of commands and listeners, and buttons that no view handles."""

import asyncio
import contextlib
import logging
import sys
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.clock import SystemClock
from bot.discord_client import SkyDeck
from bot.i18n import words_for
from cogs.shared.error_messages import explain, report

log = logging.getLogger(__name__)

_OTHERS_FIRST_S: Final = 2.0
"""How long a view may take to respond; Discord waits for 3 s."""


class Errors(commands.Cog):
    """Replaces discord.py's handlers, which only log.

    Views and modals have no common handler: they inherit from `ReportingView` and `ReportingModal`,
    and persistent items use `@reported`.
    """

    def __init__(self, bot: commands.Bot) -> None:
        self.bot = bot
        self._before = (bot.tree.on_error, bot.on_error)
        # Compared with the times of Discord's messages.
        self._since_s = (
            bot.membership.time.wall() if isinstance(bot, SkyDeck) else SystemClock().wall()
        )

    async def cog_load(self) -> None:
        """Install the handlers."""
        self.bot.tree.on_error = self.on_command_failure  # type: ignore[method-assign]
        self.bot.on_error = self.on_listener_failure  # type: ignore[method-assign]

    async def cog_unload(self) -> None:
        """Restore discord.py's handlers."""
        self.bot.tree.on_error, self.bot.on_error = self._before  # type: ignore[method-assign]

    async def on_command_failure(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Report the error of a slash command or context menu to the person."""
        command = interaction.command
        name = command.qualified_name if command is not None else "a command that we do not have"
        log.info("%s failed", name)
        await report(interaction, error)

    async def on_listener_failure(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Log the error of a listener; a cog that knows the person reports it itself."""
        error = sys.exception()
        if error is None:
            return
        explained = explain(error, words_for(None))
        log.warning("(%s) in the listener for %s", explained.reference, event)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a button whose view was lost in a restart."""
        message = interaction.message
        is_click = interaction.type is discord.InteractionType.component
        if not is_click or message is None or message.created_at.timestamp() >= self._since_s:
            return
        await asyncio.sleep(_OTHERS_FIRST_S)
        if interaction.response.is_done():
            return
        words = words_for(str(interaction.locale))
        with contextlib.suppress(discord.HTTPException):  # it was answered in the meantime
            await interaction.response.send_message(words("errors.unknown_control"), ephemeral=True)
