"""The Regenerate button under an answer."""

import re
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from cogs.shared.error_messages import reported

COG: Final = "Chat"


class Regenerates(Protocol):
    """The cog, as the button needs it."""

    async def regenerate(
        self, interaction: discord.Interaction[SkyDeck], question_id: int, module: str
    ) -> None:
        """Regenerate the answer to a question."""


class RegenerateButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"chat:again:(?P<id>[0-9]{1,20})(?::(?P<module>[A-Z0-9_]{1,32}))?",
):
    """Regenerates an answer.

    Its id names the question's message, and Grace's module if one of those answered, so it still
    works after a restart.
    """

    def __init__(self, question_id: int, module: str, words: Words) -> None:
        super().__init__(
            ui.Button(
                label=words("chat.again"),
                style=discord.ButtonStyle.secondary,
                custom_id=f"chat:again:{question_id}" + (f":{module}" if module else ""),
            )
        )
        self.question_id = question_id
        self.module = module

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Restore a button that was clicked; another process may have made it."""
        return cls(int(match["id"]), match["module"] or "", words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Pass the press on to the cog."""
        cog = cast("Regenerates", interaction.client.get_cog(COG))
        await cog.regenerate(interaction, self.question_id, self.module)


def again_view(question_id: int, module: str, words: Words) -> ui.View:
    """A view with the button."""
    view = ui.View(timeout=None)
    view.add_item(RegenerateButton(question_id, module, words))
    return view
