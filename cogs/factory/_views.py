"""The buttons under a build."""

import re
from enum import StrEnum
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from cogs.shared.error_messages import reported

COG: Final = "Factory"


class Action(StrEnum):
    """What a button does."""

    CANCEL = "cancel"
    REFINE = "refine"
    AGAIN = "again"


class HandlesActions(Protocol):
    """The cog, as the buttons need it."""

    async def press(
        self, action: Action, journal_id: int, interaction: discord.Interaction[SkyDeck]
    ) -> None:
        """Handle a button under a build."""


class BuildButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"factory:(?P<action>cancel|refine|again):(?P<id>[0-9]{1,18})",
):
    """A button whose id contains the build's number, so it still works after a restart."""

    def __init__(self, action: Action, journal_id: int, words: Words) -> None:
        is_main = action is Action.REFINE
        super().__init__(
            ui.Button(
                label=words(f"factory.button.{action}"),
                style=discord.ButtonStyle.primary if is_main else discord.ButtonStyle.secondary,
                custom_id=f"factory:{action}:{journal_id}",
            )
        )
        self.action = action
        self.journal_id = journal_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Restore a button that was pressed; another process may have made it."""
        return cls(Action(match["action"]), int(match["id"]), words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Pass the press on to the cog."""
        cog = cast("HandlesActions", interaction.client.get_cog(COG))
        await cog.press(self.action, self.journal_id, interaction)


def buttons(journal_id: int, words: Words, *actions: Action) -> ui.View:
    """A view with buttons."""
    view = ui.View(timeout=None)
    for action in actions:
        view.add_item(BuildButton(action, journal_id, words))
    return view
