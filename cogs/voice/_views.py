"""The two buttons by which people say whether they may be heard; the question before a move."""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from cogs.shared.error_messages import ReportingView, reported

if TYPE_CHECKING:
    from cogs.voice._cog import Voice


OPEN_S: Final = 120.0
"""How long a question is open."""

Act = Callable[[discord.Interaction[SkyDeck]], Awaitable[None]]


class ConsentButton(ui.DynamicItem[ui.Button[Any]], template=r"voice:consent:(?P<says>yes|no)"):
    """Works for everybody who presses it, also after a restart: each speaks for themselves."""

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
        """A button that was pressed, whichever process had made it."""
        return cls(match["says"], words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Note what they say."""
        voice = cast("Voice", interaction.client.get_cog("Voice"))
        await voice.take_consent(interaction, agreed=self.agreed)


def consent_view(words: Words) -> ui.View:
    """Both buttons, to go with a message."""
    view = ui.View(timeout=None)
    for says in ("yes", "no"):
        view.add_item(ConsentButton(says, words))
    return view


class MoveQuestion(ReportingView):
    """Asks before the bot is called away from others.

    Args:
        words: The language.
        act: Has it move; has to answer the interaction it is given.
    """

    def __init__(self, words: Words, act: Act) -> None:
        super().__init__(timeout=OPEN_S)
        self.act = act
        self._is_taken = False
        self.move.label = words("voice.move")

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def move(self, interaction: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        """Once, however often it is clicked."""
        if self._is_taken:
            await interaction.response.defer()  # the first press's answer is for this one, too
            return
        self._is_taken = True
        try:
            await self.act(interaction)
        finally:
            self.stop()
