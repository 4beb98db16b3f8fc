"""The button that stops a job, under whatever message shows it."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.client import SkyDeck
from bot.errors import NotAllowed
from bot.i18n import Words, words_for
from cogs.shared.failures import reported


class StopButton(ui.DynamicItem[ui.Button[Any]], template=r"job:stop:(?P<id>[0-9]{1,18})"):
    """Stops a job. Its id has the job's number in it, so it outlives a restart."""

    def __init__(self, journal_id: int, words: Words) -> None:
        super().__init__(
            ui.Button(
                label=words("common.stop"),
                style=discord.ButtonStyle.secondary,
                custom_id=f"job:stop:{journal_id}",
            )
        )
        self.journal_id = journal_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """A button that was pressed, whichever process had made it."""
        return cls(int(match["id"]), words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Stop the job, if it is theirs."""
        bot = interaction.client
        words = words_for(str(interaction.locale))
        job = await bot.store.jobs.get(self.journal_id)
        check_owner(interaction, None if job is None else job.user_id, words)
        if job is not None and await bot.elsewhere.stop(job):
            await interaction.response.defer()
        else:
            await interaction.response.send_message(words("common.already_over"), ephemeral=True)


def stop_view(journal_id: int, words: Words) -> ui.View:
    """The button, to go with a message."""
    view = ui.View(timeout=None)
    view.add_item(StopButton(journal_id, words))
    return view


def check_owner(
    interaction: discord.Interaction[SkyDeck], owner_id: int | None, words: Words
) -> None:
    """Only who asked, and who manages messages there, may touch a job.

    Raises:
        NotAllowed: It is somebody else's.
    """
    if interaction.user.id != owner_id and not interaction.permissions.manage_messages:
        raise NotAllowed(words("common.not_yours"))
