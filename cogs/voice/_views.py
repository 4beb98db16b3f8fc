"""The two buttons with which people say whether the bot may hear them; the move confirmation."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from cogs.shared.error_messages import ReportingView, reported

COG: Final = "Voice"
OPEN_S: Final = 120.0
"""How long the move confirmation can be answered."""

Act = Callable[[discord.Interaction[SkyDeck]], Awaitable[None]]


class TakesConsent(Protocol):
    """The cog, as the buttons need it."""

    async def take_consent(
        self, interaction: discord.Interaction[SkyDeck], *, agreed: bool
    ) -> None:
        """Store whether the person who pressed a button may be heard."""


class ConsentButton(ui.DynamicItem[ui.Button[Any]], template=r"voice:consent:(?P<says>yes|no)"):
    """Records the consent of whoever presses it; it still works after a restart."""

    def __init__(self, says: str, words: Words) -> None:
        style = discord.ButtonStyle.success if says == "yes" else discord.ButtonStyle.secondary
        super().__init__(
            ui.Button(
                label=words(f"voice.consent.{says}"),
                style=style,
                custom_id=f"voice:consent:{says}",
            )
        )
        self.agreed = says == "yes"

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Restore a button that was pressed; another process may have made it."""
        return cls(match["says"], words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Store the person's decision."""
        cog = cast("TakesConsent", interaction.client.get_cog(COG))
        await cog.take_consent(interaction, agreed=self.agreed)


def consent_view(words: Words) -> ui.View:
    """Both buttons, to go with a message."""
    view = ui.View(timeout=None)
    for says in ("yes", "no"):
        view.add_item(ConsentButton(says, words))
    return view


class MoveQuestion(ReportingView):
    """Asks for confirmation before the bot leaves other people.

    Args:
        act: Moves the bot, and responds to the interaction that it is given.
    """

    def __init__(self, words: Words, act: Act) -> None:
        super().__init__(timeout=OPEN_S)
        self.act = act
        self._is_taken = False
        self.move.label = words("voice.move")

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def move(self, interaction: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        """Move once, however often the button is clicked."""
        if self._is_taken:
            await interaction.response.defer()  # the first press's response covers this one
            return
        self._is_taken = True
        try:
            await self.act(interaction)
        finally:
            self.stop()
