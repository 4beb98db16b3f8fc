"""`/factory`: builds, their list, their end."""

from collections.abc import Collection
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.contract import Request, Service
from bot.contract.factory import MAX_ITERATIONS
from bot.discord_client import SkyDeck
from bot.errors import BadInput
from bot.i18n import Words
from bot.jobs.build_queue import BuildQueue
from bot.store.repositories.recovery import Job, JobStage
from cogs.factory._build_requests import (
    ITERATIONS,
    BuildRequest,
    What,
    order_of,
    place_order,
    refined,
)
from cogs.factory._job_view import FactoryJobView, revive
from cogs.factory._listing import label, list_jobs
from cogs.factory._plan import KIND
from cogs.factory._views import COG, Action, ChangeDialog
from cogs.shared.commands import text
from cogs.shared.places import Places
from cogs.shared.requester import admit, requester_of, words_of
from cogs.shared.rights import Right, may, require

_MAX_CHOICES = 25
_LOOKED_THROUGH = 200
_MAX_TASK_CHARS = 6_000
"""Characters; what Discord lets a person type into an option."""


class Factory(commands.Cog, name=COG):
    """Builds."""

    factory = app_commands.Group(
        name=text("factory.cmd.factory.name"), description=text("factory.cmd.factory.description")
    )

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        others = self._elsewhere if bot.membership.is_shared else None
        self.turns = BuildQueue(bot.settings.skydeck_builds_per_guild, others)
        self._repeating: set[tuple[int, int]] = set()

    async def cog_load(self) -> None:
        """From now on builds take turns, and those left behind are shown again."""
        self.bot.runner.register(KIND, self._revive, gate=self.turns.turn)

    async def _revive(self, job: Job) -> FactoryJobView | None:
        return await revive(self.bot, self.turns, job)

    async def _elsewhere(self, user_id: int, guild_id: int | None, known: Collection[int]) -> int:
        """How many builds of a server, or of somebody's direct messages, run in other processes."""
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
            app_commands.Choice(name=text("factory.kind.auto"), value="auto"),
            app_commands.Choice(name=text("factory.kind.python"), value="python"),
            app_commands.Choice(name=text("factory.kind.text"), value="text"),
        ]
    )
    async def build(
        self,
        interaction: discord.Interaction[SkyDeck],
        task: app_commands.Range[str, 1, _MAX_TASK_CHARS],
        kind: What = "auto",
        iterations: app_commands.Range[int, 1, MAX_ITERATIONS] = ITERATIONS,
    ) -> None:
        """Build something new."""
        asker = await admit(self.bot, interaction)
        order = BuildRequest(task=task, kind=kind, limit=iterations)
        await place_order(self.bot, self.turns, interaction, asker, order)

    async def act(
        self, action: Action, journal_id: int, interaction: discord.Interaction[SkyDeck]
    ) -> None:
        """Somebody has pressed a button under a build."""
        match action:
            case Action.CANCEL:
                words = await self._words(interaction)
                problem = await self._cancel(interaction, journal_id, words)
                if problem:
                    await interaction.response.send_message(problem, ephemeral=True)
                else:
                    await interaction.response.defer()  # the build's message will say it
            case Action.AGAIN:
                await self._repeat(journal_id, interaction)
            case Action.REFINE:
                await self._ask_for_change(journal_id, interaction)

    async def _repeat(self, journal_id: int, interaction: discord.Interaction[SkyDeck]) -> None:
        """Build the same for whoever presses; a second press of theirs begins no second one."""
        asker = await requester_of(self.bot, interaction)
        words = words_of(asker)
        order = await self._order(journal_id, interaction, words)
        if order is None:
            await self._say_forgotten(interaction)
            return
        press = (interaction.user.id, journal_id)
        if press in self._repeating:
            raise BadInput(words("factory.being_repeated"))
        self._repeating.add(press)
        try:
            asker = await admit(self.bot, interaction)
            await place_order(self.bot, self.turns, interaction, asker, order)
        finally:
            self._repeating.discard(press)

    async def _ask_for_change(
        self, journal_id: int, interaction: discord.Interaction[SkyDeck]
    ) -> None:
        words = await self._words(interaction)
        before = await self._order(journal_id, interaction, words)
        if before is None:
            await self._say_forgotten(interaction)
            return
        message = interaction.message

        async def begin(answer: discord.Interaction[SkyDeck], change: str) -> None:
            now = await self._order(journal_id, answer, words)  # they may have lost the right
            if now is None:
                await self._say_forgotten(answer)
                return
            asker = await admit(self.bot, answer)
            order = refined(now, change, message, words_of(asker))
            await place_order(self.bot, self.turns, answer, asker, order)

        await interaction.response.send_modal(ChangeDialog(words, begin))

    async def _order(
        self, journal_id: int, interaction: discord.Interaction[SkyDeck], words: Words
    ) -> BuildRequest | None:
        """What a build was asked to be; None when that is no longer kept.

        Raises:
            NotAllowed: They may not have it built again.
        """
        job = await self.bot.store.jobs.get(journal_id)
        if job is None or job.service is not Service.FACTORY:
            return None
        relation = await Places(interaction).relation_to_job(job)
        require(Right.REPEAT_BUILD, relation, words("factory.no_such_build"))
        contract = await self.bot.store.jobs.request(journal_id)
        return None if contract is None else order_of(Request.model_validate_json(contract))

    async def _say_forgotten(self, interaction: discord.Interaction[SkyDeck]) -> None:
        words = await self._words(interaction)
        await interaction.response.send_message(words("factory.forgotten"), ephemeral=True)

    # -- looking and cancelling --------------------------------------------------------------

    @factory.command(
        name=text("factory.cmd.jobs.name"), description=text("factory.cmd.jobs.description")
    )
    async def jobs(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """List the builds of this server, or in direct messages one's own."""
        words = await self._words(interaction)
        jobs = await self._jobs(interaction)
        relations = await Places(interaction).relations_to_jobs(jobs)
        text = list_jobs(
            jobs,
            lambda job: may(Right.SEE_JOB, relations[job.journal_id]),
            self.turns.place,
            words,
        )
        is_guild = interaction.guild_id is not None
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
        words = await self._words(interaction)
        journal_id = int(job[:18]) if job.isascii() and job.isdigit() else 0
        problem = await self._cancel(interaction, journal_id, words)
        await interaction.response.send_message(problem or words("common.done"), ephemeral=True)

    @cancel.autocomplete("job")
    async def _offer(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        words = await self._words(interaction)
        jobs = await self._jobs(interaction, unfinished=True)
        relations = await Places(interaction).relations_to_jobs(jobs)
        theirs = [
            job
            for job in jobs
            if may(Right.STOP_JOB, relations[job.journal_id])
            and typed.casefold() in job.title.casefold()
        ]
        return [
            app_commands.Choice(name=label(job, self.turns.place, words), value=str(job.journal_id))
            for job in theirs[:_MAX_CHOICES]
        ]

    async def _cancel(
        self, interaction: discord.Interaction[SkyDeck], journal_id: int, words: Words
    ) -> str:
        """Stop a build; why that cannot be done, or nothing.

        Raises:
            NotAllowed: It is not theirs.
        """
        job = await self.bot.store.jobs.get(journal_id)
        if job is None or job.service is not Service.FACTORY:
            return words("factory.no_such_build")
        relation = await Places(interaction).relation_to_job(job)
        if not may(Right.SEE_JOB, relation):  # whether there is one is not for them to know
            return words("factory.no_such_build")
        require(Right.STOP_JOB, relation, words("factory.not_yours"))
        if await self.bot.elsewhere.stop(job):
            return ""
        is_over = job.ending is not None
        return words("factory.already_over" if is_over else "factory.not_here")

    async def _jobs(
        self, interaction: discord.Interaction[SkyDeck], *, unfinished: bool = False
    ) -> list[Job]:
        guild_id = interaction.guild_id
        return await self.bot.store.jobs.listing(
            guild_id=guild_id,
            user_id=interaction.user.id if guild_id is None else None,
            service=Service.FACTORY,
            unfinished=unfinished,
        )

    async def _words(self, interaction: discord.Interaction[SkyDeck]) -> Words:
        return words_of(await requester_of(self.bot, interaction))
