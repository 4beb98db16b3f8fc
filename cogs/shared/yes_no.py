"""Two buttons under a question of the bot's, for the person whom it asks."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.errors import NotAllowed
from bot.i18n import Words
from bot.voice_agent.options.actions import QUESTION_OPEN_S
from cogs.shared.error_messages import ReportingView

Act = Callable[[bool], Awaitable[str]]


class YesNo(ReportingView):
    """Asks for confirmation of what somebody has told the bot in a sentence.

    Args:
        act: Does it, or not; returns what to say.

    Attributes:
        message: The question, which loses its buttons when it cannot be answered any more.
    """

    def __init__(self, words: Words, user_id: int, act: Act) -> None:
        super().__init__(timeout=QUESTION_OPEN_S)
        self._words = words
        self._user_id = user_id
        self._act = act
        self._is_taken = False
        self.message: discord.Message | None = None
        self.yes.label, self.no.label = words("common.yes"), words("common.no")

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Check that the person who was asked answers."""
        if interaction.user.id != self._user_id:
            raise NotAllowed(self._words("commands.not_asked"))
        return True

    async def on_timeout(self) -> None:
        """Remove the buttons, if the question still exists."""
        await self.settle()

    async def is_shown_in(self, message: discord.Message) -> None:
        """Note the question's message; it may be settled before Discord has confirmed it."""
        self.message = message
        if self.is_finished():
            await self.settle()

    async def settle(self) -> None:
        """Remove the buttons of a question that is answered or called off."""
        self.stop()
        with contextlib.suppress(discord.HTTPException, OSError):
            if self.message is not None:
                await self.message.edit(view=None)

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def yes(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        """Do it, once."""
        await self._answer(interaction, is_yes=True)

    @discord.ui.button(style=discord.ButtonStyle.secondary)
    async def no(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        """Do nothing."""
        await self._answer(interaction, is_yes=False)

    async def _answer(self, interaction: discord.Interaction, *, is_yes: bool) -> None:
        if self._is_taken:
            await interaction.response.defer()
            return
        self._is_taken = True
        await interaction.response.edit_message(view=None)
        self.stop()
        await interaction.edit_original_response(content=await self._act(is_yes))
