"""The Cancel button, and the dialogs that ask for words."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

import discord
from discord import ui

from bot.client import SkyDeck
from bot.errors import NotAllowed
from bot.i18n import Words, words_for
from cogs.shared.failures import ReportingModal, reported

DIALOG_S: Final = 14 * 60.0
"""How long a dialog is waited for; a person who has not filled it in by then has closed it."""
_LONGEST_TITLE: Final = 45
_LONGEST_ANSWER: Final = 4_000

Submitted = Callable[[discord.Interaction[SkyDeck], str], Awaitable[None]]
"""What is done with the words of a dialog."""


class CancelButton(ui.DynamicItem[ui.Button[Any]], template=r"grace:cancel:(?P<id>[0-9]{1,18})"):
    """Stops a job. The button's id has the job's number in it, so it outlives a restart."""

    def __init__(self, journal_id: int, words: Words) -> None:
        super().__init__(
            ui.Button(
                label=words("common.cancel"),
                style=discord.ButtonStyle.secondary,
                custom_id=f"grace:cancel:{journal_id}",
            )
        )
        self.journal_id = journal_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """A button that was clicked, whichever process had made it."""
        return cls(int(match["id"]), words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Stop the job, if it is theirs."""
        bot = interaction.client
        words = words_for(str(interaction.locale))
        job = await bot.store.jobs.get(self.journal_id)
        is_theirs = job is not None and job.user_id == interaction.user.id
        if not is_theirs and not interaction.permissions.manage_messages:
            raise NotAllowed(words("grace.not_yours"))
        if bot.runner.stop(self.journal_id):
            await interaction.response.defer()
        else:
            await interaction.response.send_message(words("grace.already_over"), ephemeral=True)


def cancel_view(journal_id: int, words: Words) -> ui.View:
    """The button, to go with a message."""
    view = ui.View(timeout=None)
    view.add_item(CancelButton(journal_id, words))
    return view


class AskDialog(ReportingModal):
    """Asks for a text.

    Args:
        title: Above it.
        label: Above the field.
        on_answer: What is done with the words.
    """

    def __init__(self, *, title: str, label: str, on_answer: Submitted) -> None:
        super().__init__(title=title[:_LONGEST_TITLE], timeout=DIALOG_S)
        self._field: ui.TextInput[Self] = ui.TextInput(
            style=discord.TextStyle.paragraph, max_length=_LONGEST_ANSWER
        )
        self._on_answer = on_answer
        self.add_item(ui.Label(text=label[:_LONGEST_TITLE], component=self._field))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Pass the words on."""
        await self._on_answer(interaction, self._field.value)
