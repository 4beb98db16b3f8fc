"""`/factory`: starts, lists and cancels builds."""

import functools
from collections.abc import Collection
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.contract import Request, Service
from bot.contract.factory import BUILD_KINDS, MAX_ITERATIONS, BuildKind
from bot.discord_client import SkyDeck
from bot.errors import NotPossible
from bot.i18n import Words
from bot.jobs.build_queue import BuildQueue
from bot.jobs.runner import Wanted
from bot.store.repositories.recovery import Job, JobStage
from cogs.factory._build_requests import (
    ITERATIONS,
    BuildRequest,
    build_on_request,
    read_build_request,
    refined,
    start_build,
)
from cogs.factory._job_view import FactoryJobView, FactoryMessage
from cogs.factory._listing import label, list_jobs
from cogs.factory._views import COG, Action
from cogs.shared.actions import AskedAction
from cogs.shared.commands import for_people, text
from cogs.shared.names import typed_words
from cogs.shared.places import Places
from cogs.shared.presence import server_id_of
from cogs.shared.requester import admit, requester_of, words_at, words_of
from cogs.shared.rights import Right, may, require
from cogs.shared.text_dialog import TextDialog

_MAX_CHOICES = 25
_LOOKED_THROUGH = 200
_MAX_CHANGE_CHARS = 2_000
_MAX_TASK_CHARS = 6_000
"""In characters; Discord's limit for a text option."""


class Factory(commands.Cog, name=COG):
    """Starts, lists and cancels builds."""

    factory = for_people(
        app_commands.Group(
            name=text("factory.cmd.factory.name"),
            description=text("factory.cmd.factory.description"),
        )
    )

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        others = self._elsewhere if bot.membership.is_shared else None
        self.queue = BuildQueue(bot.settings.skydeck_builds_per_guild, others)
        self._repeating: set[tuple[int, int]] = set()

    async def cog_load(self) -> None:
        """Register the builds' queue, and register to recover what another process began."""
        revive = functools.partial(FactoryJobView.revive, self.bot, queue=self.queue)
        self.bot.runner.register(FactoryMessage, revive, gate=self.queue.turn)

    async def _elsewhere(self, user_id: int, guild_id: int | None, known: Collection[int]) -> int:
        """Count the builds of a server, or of a user's direct messages, in other processes."""
        jobs = await self.bot.store.jobs.listing(
            user_id=user_id if guild_id is None else None,
            guild_id=guild_id,
            service=Service.FACTORY,
            unfinished=True,
            limit=_LOOKED_THROUGH,
        )
        return sum(
            job.journal_id not in known
            and job.guild_id == guild_id
            and job.stage is not JobStage.WAITING
            for job in jobs
        )

    # -- building ----------------------------------------------------------------------------

    @factory.command(
        name=text("factory.cmd.build.name"), description=text("factory.cmd.build.description")
    )
    @app_commands.rename(
        task=text("factory.option.task.name"),
        kind=text("factory.option.kind.name"),
        iterations=text("factory.option.iterations.name"),
    )
    @app_commands.describe(
        task=text("factory.option.task.description"),
        kind=text("factory.option.kind.description"),
        iterations=text("factory.option.iterations.description"),
    )
    @app_commands.choices(
        kind=[
            app_commands.Choice(name=text(f"factory.kind.{kind}"), value=kind)
            for kind in BUILD_KINDS
        ]
    )
    async def build(
        self,
        interaction: discord.Interaction[SkyDeck],
        task: app_commands.Range[str, 1, _MAX_TASK_CHARS],
        kind: BuildKind = "auto",
        iterations: app_commands.Range[int, 1, MAX_ITERATIONS] = ITERATIONS,
    ) -> None:
        """Start a new build."""
        requester = await admit(self.bot, interaction)
        wanted = await typed_words(interaction, task)
        build_request = BuildRequest(task=wanted, kind=kind, limit=iterations)
        await start_build(self.bot, self.queue, interaction, requester, build_request)

    async def act(self, asked: AskedAction, is_wanted: Wanted) -> None:
        """Do what somebody asked for in a sentence.

        Raises:
            SkydeckError: It did not begin.
        """
        await build_on_request(self.bot, self.queue, asked, is_wanted)

    async def press(
        self, action: Action, journal_id: int, interaction: discord.Interaction[SkyDeck]
    ) -> None:
        """Handle a button under a build."""
        match action:
            case Action.CANCEL:
                words = await words_at(self.bot, interaction)
                problem = await self._cancel(interaction, journal_id, words)
                if problem:
                    await interaction.response.send_message(problem, ephemeral=True)
                else:
                    await interaction.response.defer()  # the build's message will show it
            case Action.AGAIN:
                await self._repeat(journal_id, interaction)
            case Action.REFINE:
                await self._ask_for_change(journal_id, interaction)

    async def _repeat(self, journal_id: int, interaction: discord.Interaction[SkyDeck]) -> None:
        """Repeat a build for the person who presses, once at a time."""
        requester = await requester_of(self.bot, interaction)
        words = words_of(requester)
        build_request = await self._build_request(journal_id, interaction, words)
        if build_request is None:
            await self._say_forgotten(interaction)
            return
        press = (interaction.user.id, journal_id)
        if press in self._repeating:
            raise NotPossible(words("factory.being_repeated"))
        self._repeating.add(press)
        try:
            requester = await admit(self.bot, interaction)
            await start_build(self.bot, self.queue, interaction, requester, build_request)
        finally:
            self._repeating.discard(press)

    async def _ask_for_change(
        self, journal_id: int, interaction: discord.Interaction[SkyDeck]
    ) -> None:
        words = await words_at(self.bot, interaction)
        before = await self._build_request(journal_id, interaction, words)
        if before is None:
            await self._say_forgotten(interaction)
            return
        message = interaction.message

        async def begin(answer: discord.Interaction[SkyDeck], change: str) -> None:
            now = await self._build_request(
                journal_id, answer, words
            )  # they may have lost the right
            if now is None:
                await self._say_forgotten(answer)
                return
            requester = await admit(self.bot, answer)
            wanted = await typed_words(answer, change)
            build_request = refined(now, wanted, message, words_of(requester))
            await start_build(self.bot, self.queue, answer, requester, build_request)

        await interaction.response.send_modal(
            TextDialog(
                title=words("factory.dialog.title"),
                label=words("factory.dialog.label"),
                on_answer=begin,
                max_chars=_MAX_CHANGE_CHARS,
            )
        )

    async def _build_request(
        self, journal_id: int, interaction: discord.Interaction[SkyDeck], words: Words
    ) -> BuildRequest | None:
        """What a build was asked to be; None if it is no longer stored.

        Raises:
            NotAllowed: They may not repeat it.
        """
        job = await self.bot.store.jobs.get(journal_id)
        if job is None or job.service is not Service.FACTORY:
            return None
        relation = await Places(interaction).relation_to_job(job)
        require(Right.REPEAT_BUILD, relation, words("factory.no_such_build"))
        contract = await self.bot.store.jobs.request(journal_id)
        return (
            None if contract is None else read_build_request(Request.model_validate_json(contract))
        )

    async def _say_forgotten(self, interaction: discord.Interaction[SkyDeck]) -> None:
        words = await words_at(self.bot, interaction)
        await interaction.response.send_message(words("factory.forgotten"), ephemeral=True)

    # -- looking and cancelling --------------------------------------------------------------

    @factory.command(
        name=text("factory.cmd.jobs.name"), description=text("factory.cmd.jobs.description")
    )
    async def jobs(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """List the builds of the server, or in direct messages the person's own."""
        words = await words_at(self.bot, interaction)
        jobs = await self._jobs(interaction)
        relations = await Places(interaction).relations_to_jobs(jobs)
        text = list_jobs(
            jobs,
            lambda job: may(Right.SEE_JOB, relations[job.journal_id]),
            self.queue.place,
            words,
        )
        is_guild = server_id_of(interaction) is not None
        embed = discord.Embed(
            title=words("factory.jobs.title" if is_guild else "factory.jobs.title_own"),
            description=text or words("factory.jobs.none"),
        )
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @factory.command(
        name=text("factory.cmd.cancel.name"), description=text("factory.cmd.cancel.description")
    )
    @app_commands.rename(job=text("factory.option.job.name"))
    @app_commands.describe(job=text("factory.option.job.description"))
    async def cancel(self, interaction: discord.Interaction[SkyDeck], job: str) -> None:
        """Cancel a build."""
        words = await words_at(self.bot, interaction)
        journal_id = int(job[:18]) if job.isascii() and job.isdigit() else 0
        problem = await self._cancel(interaction, journal_id, words)
        await interaction.response.send_message(problem or words("common.done"), ephemeral=True)

    @cancel.autocomplete("job")
    async def _offer(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        words = await words_at(self.bot, interaction)
        jobs = await self._jobs(interaction, unfinished=True)
        relations = await Places(interaction).relations_to_jobs(jobs)
        theirs = [
            job
            for job in jobs
            if may(Right.STOP_JOB, relations[job.journal_id])
            and typed.casefold() in job.title.casefold()
        ]
        return [
            app_commands.Choice(name=label(job, self.queue.place, words), value=str(job.journal_id))
            for job in theirs[:_MAX_CHOICES]
        ]

    async def _cancel(
        self, interaction: discord.Interaction[SkyDeck], journal_id: int, words: Words
    ) -> str:
        """Stop a build; returns the reason if that is not possible, else "".

        Raises:
            NotAllowed: It is not theirs.
        """
        job = await self.bot.store.jobs.get(journal_id)
        if job is None or job.service is not Service.FACTORY:
            return words("factory.no_such_build")
        relation = await Places(interaction).relation_to_job(job)
        if not may(Right.SEE_JOB, relation):  # they may not know whether it exists
            return words("factory.no_such_build")
        require(Right.STOP_JOB, relation, words("factory.not_yours"))
        if await self.bot.remote_jobs.stop(job):
            return ""
        is_over = job.ending is not None
        return words("factory.already_over" if is_over else "factory.not_here")

    async def _jobs(
        self, interaction: discord.Interaction[SkyDeck], *, unfinished: bool = False
    ) -> list[Job]:
        guild_id = server_id_of(interaction)
        return await self.bot.store.jobs.listing(
            guild_id=guild_id,
            user_id=interaction.user.id if guild_id is None else None,
            service=Service.FACTORY,
            unfinished=unfinished,
        )
