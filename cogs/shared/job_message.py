"""The message that shows a job: its place in the journal, what its views share, its Stop button."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Self, TypeVar

import aiohttp
import discord
from discord import ui

from bot.discord_client import SkyDeck
from bot.errors import OverBudget, SkydeckError
from bot.i18n import Words, words_for
from bot.jobs.place import HOST, JobPlace, PlacePart, Snowflake, stored_as
from bot.jobs.view import Requester
from bot.money import Scope
from bot.store.repositories.recovery import Job
from cogs.shared.answering import Placeholder, find_placeholder
from cogs.shared.discord_retry import Nonces
from cogs.shared.error_messages import explain, reported
from cogs.shared.gone import is_gone
from cogs.shared.live import LiveMessage
from cogs.shared.places import Places
from cogs.shared.rights import Right, require


class JobMessage(JobPlace):
    """A job's place in Discord.

    Attributes:
        guild_id: None in a DM, and where the bot is only a guest.
        host_id: The server where it is a guest.
        is_guest: Whether it is there only as the person's own app.
        home_id: The channel of the thread that holds the message, when everybody there may see it.
        locale: The language of the person who asked.
        nonces: The seed of the message's nonces.
        begun: When the job was asked for, in seconds of the wall clock.
    """

    user_id: Annotated[Snowflake, stored_as("user")]
    guild_id: Annotated[Snowflake | None, stored_as("guild")] = None
    host_id: Annotated[Snowflake | None, stored_as(HOST)] = None
    is_guest: bool = False
    home_id: Annotated[Snowflake | None, stored_as("home")] = None
    locale: str
    nonces: str | None = None
    begun: float = 0.0

    @classmethod
    def at(cls, live: LiveMessage, requester: Requester, about: PlacePart, *, begun: float) -> Self:
        """The place of a job that is about to begin, with what its kind adds."""
        values: dict[str, Any] = {
            **dict(about),
            "channel_id": live.channel_id,
            "message_id": live.message_id,
            "user_id": requester.user_id,
            "guild_id": requester.guild_id,
            "host_id": requester.host_id,
            "is_guest": requester.is_guest,
            "home_id": live.home_id,
            "locale": requester.locale,
            "nonces": live.nonces.seed,
            "begun": begun,
        }
        return cls(**values)

    @property
    def is_private(self) -> bool:
        """Whether nobody but the person reads the message."""
        return self.guild_id is None and not self.is_guest

    def live(self, bot: SkyDeck) -> LiveMessage:
        """The message, which another process has begun."""
        return LiveMessage(
            bot,
            self.channel_id,
            self.message_id,
            self.user_id,
            words=words_for(self.locale),
            nonces=Nonces(self.nonces),
            home_id=self.home_id,
            is_shut=self.is_guest,
            adopts=not self.is_guest,
        )


M = TypeVar("M", bound=JobMessage)


@dataclass(slots=True)
class MessageView(Generic[M]):
    """The common half of every `bot.jobs.view.JobView`: one message with a button to stop the job.

    Attributes:
        place: What the journal knows of the message.
        placeholder: Its placeholder message, if it is not posted yet.
        journal_id: The job's number in the journal; 0 before it has one.
        controls: The buttons while the job runs.
    """

    bot: SkyDeck
    place: M
    live: LiveMessage
    placeholder: Placeholder | None = None
    journal_id: int = 0
    controls: discord.ui.View | None = None
    _is_told: bool = False

    @property
    def words(self) -> Words:
        """The person's language."""
        return words_for(self.place.locale)

    async def started(self, journal_id: int) -> JobPlace | None:
        """Post the placeholder, if it is not posted yet."""
        self._number(journal_id)
        if self.placeholder is None:
            return None
        await self.placeholder.show()
        return self._note_place()

    async def is_wanted(self, job: Job) -> bool:
        """Whether the place where it was asked for is still there.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """
        if self.bot.deleted.holds(channel_id=job.channel_id, guild_id=job.guild_id):
            return False
        return not await self.question_is_gone(job)

    async def question_is_gone(self, job: Job) -> bool:
        """Ask Discord whether the place where it was asked for is gone; a DM always stays."""
        if job.guild_id is None:
            return False
        return await is_gone(lambda: self.bot.fetch_channel(job.channel_id))

    async def told_alone(self, error: SkydeckError) -> bool:
        """Tell the person alone that a budget of their own is spent; False: let the message say it.

        What a person spends is their own business, and the message is for everybody there.
        """
        if not isinstance(error, OverBudget) or error.scope != Scope.USER:
            return False
        if self.place.is_private or self._is_told:
            return self._is_told
        text, reply = explain(error, self.words, privately=True).text, self.live.reply
        try:
            here = None if reply is None or not reply.is_open else reply.interaction
            if isinstance(here, discord.Interaction):
                await here.followup.send(text, ephemeral=True)
            else:
                direct = await self.bot.create_dm(discord.Object(self.place.user_id))
                await direct.send(text)
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            return False
        self._is_told = True
        return True

    async def withdrawn(self) -> None:
        """Take back what is shown.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """
        if self.placeholder is not None:
            await self.placeholder.settled()
        is_shut = self.bot.deleted.holds(
            channel_id=self.live.channel_id, guild_id=self.place.guild_id
        )
        if not is_shut:  # else there is nothing left to delete
            await self.live.withdraw()

    @classmethod
    async def revive(cls, bot: SkyDeck, job: Job, place: M, **more: Any) -> Self | None:
        """The view of a job that another process began; None when nobody waits for it.

        Args:
            bot: The client that shows it.
            job: The job.
            place: The job's place.
            **more: Further fields of the view.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """
        found = await find_placeholder(bot, job, place.live(bot))
        return None if found is None else cls._restored(bot, job, place, *found, **more)

    @classmethod
    def _restored(
        cls,
        bot: SkyDeck,
        job: Job,
        place: M,
        live: LiveMessage,
        placeholder: Placeholder | None,
        **more: Any,
    ) -> Self:
        if not place.begun:
            place = place.model_copy(update={"begun": job.created_at_ms / 1000})
        view = cls(bot, place, live, placeholder, **more)
        view._number(job.journal_id)
        return view

    def _number(self, journal_id: int) -> None:
        self.journal_id = journal_id
        self.controls = self._make_controls()

    def _make_controls(self) -> discord.ui.View:
        return stop_view(self.journal_id, self.words)

    def _note_place(self, **changes: Any) -> M:
        """The place, now that the message is where it is."""
        now = {name: getattr(self.live, name) for name in ("channel_id", "message_id", "home_id")}
        self.place = self.place.model_copy(update=now | changes)
        return self.place


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
