"""The buttons under a result."""

import re
from collections.abc import Iterable
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.contract import Request, Response
from bot.discord_client import SkyDeck
from bot.errors import StoreFailed
from bot.i18n import Words, words_for
from cogs.shared.error_messages import reported
from cogs.shared.follow_ups import FollowUp, offered

COG: Final = "Grace"


class FollowsUp(Protocol):
    """The cog, as the buttons need it."""

    async def follow_up(
        self, interaction: discord.Interaction[SkyDeck], asked: FollowUp, journal_id: int
    ) -> None:
        """Handle a button under a result."""


class FollowUpButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"grace:(?P<asked>shorter|longer|translate|again):(?P<id>[0-9]{1,18})",
):
    """A button whose id contains the job's number, so it still works after a restart."""

    def __init__(self, asked: FollowUp, journal_id: int, words: Words) -> None:
        super().__init__(
            ui.Button(
                label=words(f"grace.follow_up.{asked}"),
                style=discord.ButtonStyle.secondary,
                custom_id=f"grace:{asked}:{journal_id}",
            )
        )
        self.asked = asked
        self.journal_id = journal_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Restore a button that was pressed; another process may have made it."""
        words = words_for(str(interaction.locale))
        return cls(FollowUp(match["asked"]), int(match["id"]), words)

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Pass the press on to the cog."""
        cog = cast("FollowsUp", interaction.client.get_cog(COG))
        await cog.follow_up(interaction, self.asked, self.journal_id)


async def offers_of(bot: SkyDeck, journal_id: int, response: Response) -> list[FollowUp]:
    """What may follow a job's result; nothing if its request is not kept, or the store fails."""
    try:
        asked = await bot.store.jobs.request(journal_id)
    except StoreFailed:  # the result is worth more than its buttons
        return []
    if asked is None:
        return []
    return list(offered(Request.model_validate_json(asked), response, bot.grace))


def follow_up_view(journal_id: int, offers: Iterable[FollowUp], words: Words) -> ui.View:
    """A view with buttons."""
    view = ui.View(timeout=None)
    for offer in offers:
        view.add_item(FollowUpButton(offer, journal_id, words))
    return view
