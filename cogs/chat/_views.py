"""Stop, while an answer is written; Regenerate, after it. Both outlive a restart."""

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord
from discord import ui

from bot.client import SkyDeck
from bot.errors import NotAllowed
from bot.i18n import Words, words_for
from cogs.shared.failures import reported

if TYPE_CHECKING:
    from cogs.chat._cog import Chat


class StopButton(ui.DynamicItem[ui.Button[Any]], template=r"chat:stop:(?P<id>[0-9]{1,18})"):
    """Stops an answer; its id has the job's number in it."""

    def __init__(self, journal_id: int, words: Words) -> None:
        super().__init__(
            ui.Button(
                label=words("chat.stop"),
                style=discord.ButtonStyle.secondary,
                custom_id=f"chat:stop:{journal_id}",
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
        """Stop the answer, if it is theirs."""
        bot = interaction.client
        job = await bot.store.jobs.get(self.journal_id)
        words = words_for(str(interaction.locale))
        check_owner(interaction, None if job is None else job.user_id, words)
        if bot.runner.stop(self.journal_id):
            await interaction.response.defer()
        else:
            await interaction.response.send_message(words("chat.already_over"), ephemeral=True)


class AgainButton(ui.DynamicItem[ui.Button[Any]], template=r"chat:again:(?P<id>[0-9]{1,20})"):
    """Writes an answer anew; its id has the question's message in it."""

    def __init__(self, question_id: int, words: Words) -> None:
        super().__init__(
            ui.Button(
                label=words("chat.again"),
                style=discord.ButtonStyle.secondary,
                custom_id=f"chat:again:{question_id}",
            )
        )
        self.question_id = question_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """A button that was clicked, whichever process had made it."""
        return cls(int(match["id"]), words_for(str(interaction.locale)))

    @reported
    async def callback(self, interaction: discord.Interaction[SkyDeck]) -> None:  # type: ignore[override]
        """Ask the same question again, in the same place."""
        chat = cast("Chat", interaction.client.get_cog("Chat"))
        await chat.answer_again(interaction, self.question_id)


def check_owner(
    interaction: discord.Interaction[SkyDeck], owner_id: int | None, words: Words
) -> None:
    """Only who asked, and who keeps order there, may touch an answer.

    Raises:
        NotAllowed: It is somebody else's.
    """
    if interaction.user.id != owner_id and not interaction.permissions.manage_messages:
        raise NotAllowed(words("chat.not_yours"))


def stop_view(journal_id: int, words: Words) -> ui.View:
    """The Stop button, to go with a message."""
    view = ui.View(timeout=None)
    view.add_item(StopButton(journal_id, words))
    return view


def again_view(question_id: int, words: Words) -> ui.View:
    """The Regenerate button, to go with a message."""
    view = ui.View(timeout=None)
    view.add_item(AgainButton(question_id, words))
    return view
