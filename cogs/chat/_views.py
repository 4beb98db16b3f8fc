"""Regenerate, under an answer."""

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from cogs.shared.error_messages import reported

if TYPE_CHECKING:
    from cogs.chat._cog import Chat


class RegenerateButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"chat:again:(?P<id>[0-9]{1,20})(?::(?P<module>[A-Z0-9_]{1,32}))?",
):
    """Writes an answer anew.

    Its id has the question's message in it, and the module that answered if it was one of Grace's;
    so it outlives a restart.
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
        """A button that was clicked, whichever process had made it."""
        return cls(int(match["id"]), match["module"] or "", words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Ask the same question again, in the same place."""
        chat = cast("Chat", interaction.client.get_cog("Chat"))
        await chat.regenerating.answer(interaction, self.question_id, self.module)


def again_view(question_id: int, module: str, words: Words) -> ui.View:
    """The Regenerate button, to go with a message."""
    view = ui.View(timeout=None)
    view.add_item(RegenerateButton(question_id, module, words))
    return view
