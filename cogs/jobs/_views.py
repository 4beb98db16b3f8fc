"""The menu of missed results."""

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words
from bot.store.repositories.recovery import Job
from cogs.jobs._pages import about, label
from cogs.shared.error_messages import reported

COG: Final = "Jobs"
_CUSTOM_ID: Final = "jobs:missed"


class ShowsMissed(Protocol):
    """The cog, as the menu needs it."""

    async def show(self, interaction: discord.Interaction[SkyDeck], journal_id: int) -> None:
        """Show a missed result."""
        ...


class MissedMenu(ui.DynamicItem[ui.Select[Any]], template=_CUSTOM_ID):
    """A menu whose values are the jobs' numbers, so it still works after a restart; at most 25."""

    def __init__(self, menu: ui.Select[Any]) -> None:
        super().__init__(menu)

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        """Restore a menu that was used; another process may have made it."""
        return cls(cast("ui.Select[Any]", item))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Show the job that was picked."""
        cog = cast("ShowsMissed", interaction.client.get_cog(COG))
        picked = self.item.values[0]
        is_number = picked.isascii() and picked.isdigit()
        await cog.show(interaction, int(picked[:18]) if is_number else 0)


def missed_view(missed: Sequence[Job], words: Words) -> ui.View:
    """A view with the menu."""
    options = [
        discord.SelectOption(
            label=label(job), value=str(job.journal_id), description=about(job, words)
        )
        for job in missed
    ]
    view = ui.View(timeout=None)
    menu: ui.Select[Any] = ui.Select(
        custom_id=_CUSTOM_ID, placeholder=words("jobs.pick"), options=options
    )
    view.add_item(MissedMenu(menu))
    return view
