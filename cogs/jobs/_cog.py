"""`/jobs`: a person's own jobs, the results they have missed, and reminders of these."""

import contextlib
import logging
from typing import Any, Final, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_client import SkyDeck
from bot.errors import JobExpired, NotPossible, SkydeckError
from bot.i18n import Words
from bot.jobs.outcomes import Outcome
from bot.jobs.view import Requester, Undeliverable
from bot.store.repositories.recovery import Job, JobStage
from cogs.jobs._pages import Overview, overview_page
from cogs.jobs._views import COG, jobs_view
from cogs.shared.commands import for_people, text
from cogs.shared.error_messages import explain
from cogs.shared.job_message import JobMessage, MessageView
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.page import Page
from cogs.shared.reply import Reply
from cogs.shared.requester import requester_of, words_at, words_of

log = logging.getLogger(__name__)

_NAME = "jobs"
_DONE_WITHIN_MS: Final = 24 * 3_600_000
_MAX_DONE: Final = 10
"""How many of the jobs that are done are listed."""


class Jobs(commands.Cog, name=COG):
    """Lists a person's own jobs. Only the person who asks sees the answers."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot

    @for_people
    @app_commands.command(name=text("jobs.cmd.name"), description=text("jobs.cmd.about"))
    async def jobs(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """List a person's own jobs."""
        words = await words_at(self.bot, interaction)
        overview = await self._overview(interaction.user.id)
        view = jobs_view(overview, words)
        more: dict[str, Any] = {} if view is None else {"view": view}
        await interaction.response.send_message(
            embed=_embed(overview, words), ephemeral=True, **more
        )
        if overview.missed:
            await self.bot.store.jobs.results.announced(interaction.user.id)

    async def _overview(self, user_id: int, *, without: int = 0) -> Overview:
        """A person's jobs of all services; `without` is one that is being cancelled."""
        journal = self.bot.store.jobs
        unfinished = await journal.listing(user_id=user_id, unfinished=True)
        since_ms = int(self.bot.clock.wall() * 1000) - _DONE_WITHIN_MS
        return Overview(
            await journal.listing(user_id=user_id, stage=JobStage.UNDELIVERED),
            (await journal.results.missed(user_id)).total,
            [job for job in unfinished if job.journal_id != without],
            await journal.listing(
                user_id=user_id, stage=JobStage.FINISHED, since_ms=since_ms, limit=_MAX_DONE
            ),
        )

    async def cancel(self, interaction: discord.Interaction[SkyDeck], journal_id: int) -> None:
        """Cancel one of the person's own jobs, and show what is left.

        Raises:
            NotPossible: It has ended, or is not theirs.
        """
        words = await words_at(self.bot, interaction)
        job = await self.bot.store.jobs.get(journal_id)
        is_theirs = job is not None and job.user_id == interaction.user.id
        if job is None or not is_theirs or not await self.bot.remote_jobs.stop(job):
            raise NotPossible(words("common.already_over"))
        overview = await self._overview(interaction.user.id, without=journal_id)
        await interaction.response.edit_message(
            embed=_embed(overview, words), view=jobs_view(overview, words)
        )

    async def show(self, interaction: discord.Interaction[SkyDeck], journal_id: int) -> None:
        """Show a missed result.

        Raises:
            NotPossible: It is not theirs, they have seen it, or it is no longer kept.
        """
        requester = await requester_of(self.bot, interaction)
        words = words_of(requester)
        job = await self.bot.store.jobs.get(journal_id)
        is_theirs = job is not None and job.user_id == requester.user_id
        if job is None or not is_theirs or job.stage is not JobStage.UNDELIVERED:
            raise NotPossible(words("jobs.not_kept"))
        await interaction.response.defer(ephemeral=True, thinking=True)
        live = LiveMessage(
            self.bot,
            requester.channel_id,
            NO_MESSAGE,
            requester.user_id,
            words=words,
            reply=Reply(interaction, self.bot.clock),
            is_copy=True,
        )

        try:
            await self._show(job, live)
        except Undeliverable:
            if live.is_seen:  # only the sound failed; the text must not be replaced
                await interaction.followup.send(words("jobs.not_heard"), ephemeral=True)
                return
            raise NotPossible(words("jobs.not_shown")) from None
        await self.bot.store.jobs.results.seen(job.journal_id)

    async def _show(self, job: Job, live: LiveMessage) -> None:
        """Show it as its place would have; as plain text if its view cannot be restored."""
        recovery = self.bot.runner.recovery
        outcome = await recovery.kept_outcome(job)
        if outcome is None:
            raise NotPossible(live.words("jobs.not_kept"))
        view = await recovery.view_of(job)
        if view is None:
            await live.settle(_bare(outcome, live.words))
            return
        cast("MessageView[JobMessage]", view).live = live
        outcome.restore_draft(view)
        await outcome.show_in(view)

    # -- telling people that there is something ----------------------------------------------

    @commands.Cog.listener()
    async def on_answered(self, message: discord.Message, requester: Requester) -> None:
        """Remind a person after their message was answered."""
        count = await self._unannounced(requester.user_id)
        if not count:
            return
        with contextlib.suppress(discord.HTTPException, OSError):
            await message.reply(words_of(requester).count("jobs.missed", count))
            await self.bot.store.jobs.results.announced(requester.user_id)

    @commands.Cog.listener()
    async def on_app_command_completion(
        self,
        interaction: discord.Interaction[SkyDeck],
        command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu,
    ) -> None:
        """Remind a person after they have used a command."""
        if command.qualified_name == _NAME or interaction.is_expired():
            return
        count = await self._unannounced(interaction.user.id)
        if not count or not interaction.response.is_done():
            return
        words = await words_at(self.bot, interaction)
        with contextlib.suppress(discord.HTTPException, OSError):
            await interaction.followup.send(words.count("jobs.missed", count), ephemeral=True)
            await self.bot.store.jobs.results.announced(interaction.user.id)

    async def _unannounced(self, user_id: int) -> int:
        try:
            return (await self.bot.store.jobs.results.missed(user_id)).unannounced
        except SkydeckError as e:
            log.warning("missed results cannot be read: %s", e)
            return 0


def _embed(overview: Overview, words: Words) -> discord.Embed:
    return discord.Embed(
        title=words("jobs.title"),
        description=overview_page(overview, words) or words("jobs.none"),
        colour=discord.Colour.blurple(),
    )


def _bare(outcome: Outcome, words: Words) -> Page:
    if outcome.response is None:
        error = outcome.error or JobExpired()
        return Page(text="\n".join(filter(None, [outcome.so_far, explain(error, words).text])))
    whole = outcome.response.model_dump_json(indent=2).encode()
    return Page(text=outcome.response.text, files=(("result.json", whole),))
