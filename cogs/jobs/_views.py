"""The menus of missed results, and of jobs to cancel."""

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.i18n import Words
from bot.store.repositories.recovery import Job
from cogs.jobs._pages import Overview, about, label
from cogs.shared.error_messages import reported

COG: Final = "Jobs"
_MISSED: Final = "jobs:missed"
_CANCEL: Final = "jobs:cancel"


class HandlesJobs(Protocol):
    """The cog, as the menus need it."""

    async def show(self, interaction: discord.Interaction[SkyDeck], journal_id: int) -> None:
        """Show a missed result."""

    async def cancel(self, interaction: discord.Interaction[SkyDeck], journal_id: int) -> None:
        """Cancel a job."""


class JobsMenu(ui.DynamicItem[ui.Select[Any]], template=f"{_MISSED}|{_CANCEL}"):
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
        """Show the missed result that was picked, or cancel the job."""
        cog = cast("HandlesJobs", interaction.client.get_cog(COG))
        act = cog.show if self.item.custom_id == _MISSED else cog.cancel
        await act(interaction, _picked(self.item))


def _picked(menu: ui.Select[Any]) -> int:
    picked = menu.values[0]
    return int(picked[:18]) if picked.isascii() and picked.isdigit() else 0


def jobs_view(overview: Overview, words: Words) -> ui.View | None:
    """A view with the menus that have something in them; None: none has."""
    view = ui.View(timeout=None)
    if overview.missed:
        view.add_item(JobsMenu(_menu(_MISSED, "jobs.pick", overview.missed, words)))
    if overview.unfinished:
        view.add_item(JobsMenu(_menu(_CANCEL, "jobs.pick_cancel", overview.unfinished, words)))
    return view if view.children else None


def _menu(custom_id: str, hint: str, jobs: Sequence[Job], words: Words) -> ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=label(job, words), value=str(job.journal_id), description=about(job, words)
        )
        for job in jobs
    ]
    return ui.Select(custom_id=custom_id, placeholder=words(hint), options=options)
