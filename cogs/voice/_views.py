"""The two buttons by which people say whether they may be heard."""

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord
from discord import ui

from bot.client import SkyDeck
from bot.i18n import Words, words_for
from cogs.shared.failures import reported

if TYPE_CHECKING:
    from cogs.voice._cog import Voice


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
