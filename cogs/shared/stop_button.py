"""The button that stops a job, below the message that shows it."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from cogs.shared.error_messages import reported
from cogs.shared.places import Places
from cogs.shared.rights import Right, require


class StopButton(ui.DynamicItem[ui.Button[Any]], template=r"job:stop:(?P<id>[0-9]{1,18})"):
    """Stops a job. Its id contains the job's number, so it still works after a restart."""

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
        """Restore a button that was pressed; another process may have made it."""
        return cls(int(match["id"]), words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Stop the job, if they may."""
        bot = interaction.client
        words = words_for(str(interaction.locale))
        job = await bot.store.jobs.get(self.journal_id)
        if job is not None:
            relation = await Places(interaction).relation_to_job(job)
            require(Right.STOP_JOB, relation, words("common.not_yours"))
        if job is not None and await bot.remote_jobs.stop(job):
            await interaction.response.defer()
        else:
            await interaction.response.send_message(words("common.already_over"), ephemeral=True)


def stop_view(journal_id: int, words: Words) -> ui.View:
    """A view with the button."""
    view = ui.View(timeout=None)
    view.add_item(StopButton(journal_id, words))
    return view
