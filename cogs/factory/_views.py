"""The buttons under a build, and the dialog behind Refine."""

import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from cogs.shared.error_messages import ReportingModal, reported

COG: Final = "Factory"
_DIALOG_S: Final = 14 * 60.0
"""How long to wait for a dialog; Discord does not report that one was closed."""
_MAX_CHANGE_CHARS: Final = 2_000
_MAX_LABEL_CHARS: Final = 45


class Action(StrEnum):
    """What a button does."""

    CANCEL = "cancel"
    REFINE = "refine"
    AGAIN = "again"


class HandlesActions(Protocol):
    """The cog, as the buttons need it."""

    async def act(
        self, action: Action, journal_id: int, interaction: discord.Interaction[SkyDeck]
    ) -> None:
        """Handle a button under a build."""
        ...


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
        await cog.act(self.action, self.journal_id, interaction)


def buttons(journal_id: int, words: Words, *actions: Action) -> ui.View:
    """A view with buttons."""
    view = ui.View(timeout=None)
    for action in actions:
        view.add_item(BuildButton(action, journal_id, words))
    return view


Answered = Callable[[discord.Interaction[SkyDeck], str], Awaitable[None]]
"""Handles the text of a dialog."""


class ChangeDialog(ReportingModal):
    """Asks what to change.

    Args:
        words: The person's language.
        on_answer: Gets the answer.
    """

    def __init__(self, words: Words, on_answer: Answered) -> None:
        super().__init__(title=words("factory.dialog.title")[:_MAX_LABEL_CHARS], timeout=_DIALOG_S)
        self._field: ui.TextInput[Self] = ui.TextInput(
            style=discord.TextStyle.paragraph, max_length=_MAX_CHANGE_CHARS
        )
        self._on_answer = on_answer
        label = words("factory.dialog.label")[:_MAX_LABEL_CHARS]
        self.add_item(ui.Label(text=label, component=self._field))

    async def on_first_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the text on."""
        await self._on_answer(interaction, self._field.value)
