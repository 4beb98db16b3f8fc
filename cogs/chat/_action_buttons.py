"""The two buttons under the question whether to go ahead with an action."""

import re
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from cogs.chat._views import COG
from cogs.shared.error_messages import reported


class ActionAnswer(StrEnum):
    """What a button answers."""

    GO = "go"
    LEAVE = "leave"


class Decides(Protocol):
    """The cog, as the buttons need it."""

    async def decide(self, interaction: discord.Interaction[SkyDeck], answer: ActionAnswer) -> None:
        """Go ahead with an action, or leave it."""


class ActionButton(
    ui.DynamicItem[ui.Button[Any]], template=r"action:(?P<answer>go|leave):(?P<id>[0-9]{1,20})"
):
    """A button that answers; its id names the message that asked for the action."""

    def __init__(self, answer: ActionAnswer, question_id: int, words: Words) -> None:
        is_go = answer is ActionAnswer.GO
        super().__init__(
            ui.Button(
                label=words(f"actions.{answer}"),
                style=discord.ButtonStyle.primary if is_go else discord.ButtonStyle.secondary,
                custom_id=f"action:{answer}:{question_id}",
            )
        )
        self.answer = answer

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Restore a button that was pressed; another process may have made it."""
        words = words_for(str(interaction.locale))
        return cls(ActionAnswer(match["answer"]), int(match["id"]), words)

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Pass the press on to the cog."""
        cog = cast("Decides", interaction.client.get_cog(COG))
        await cog.decide(interaction, self.answer)


def action_view(question_id: int, words: Words) -> ui.View:
    """A view with both buttons."""
    view = ui.View(timeout=None)
    for answer in ActionAnswer:
        view.add_item(ActionButton(answer, question_id, words))
    return view
