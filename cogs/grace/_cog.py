"""Registers Grace's commands and menus, and hands their use over to jobs."""

import functools
from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.contract import Request, Service
from bot.contract.grace import Module, task
from bot.contract.options import Value
from bot.discord_client import SkyDeck
from bot.jobs.runner import Wanted
from bot.jobs.view import Requester
from cogs.grace._actions import perform_steps
from cogs.grace._commands import Inputs, make_groups
from cogs.grace._following import Following
from cogs.grace._inputs import Source, Typed, choose_source, read_source
from cogs.grace._jobs import GraceJobView, GraceMessage, Task, run_task, title_of
from cogs.grace._menus import Menus
from cogs.grace._option_values import read_options
from cogs.shared.actions import AskedAction
from cogs.shared.follow_ups import FollowUp
from cogs.shared.requester import admit, readmit, words_of
from cogs.shared.said import SourceText
from cogs.shared.text_dialog import TextDialog


class Grace(commands.Cog):
    """`/grace …` and five context menus."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        self._following = Following(bot)
        self._commands: list[app_commands.Group | app_commands.ContextMenu] = []

    async def cog_load(self) -> None:
        """Register the commands and menus."""
        self._commands += await make_groups(self.bot.grace, self.run_module, self.bot.tree)
        self._commands += Menus(self.bot, self.run_checked).commands()
        for command in self._commands:
            self.bot.tree.add_command(command)
        self.bot.runner.register(GraceMessage, functools.partial(GraceJobView.revive, self.bot))

    async def cog_unload(self) -> None:
        """Remove the commands and menus."""
        for command in self._commands:
            kind = getattr(command, "type", discord.AppCommandType.chat_input)
            self.bot.tree.remove_command(command.name, type=kind)

    async def act(self, asked: AskedAction, is_wanted: Wanted) -> None:
        """Do what somebody asked for in a sentence.

        Raises:
            SkydeckError: It did not begin.
        """
        await perform_steps(self.bot, asked, is_wanted)

    async def follow_up(
        self, interaction: discord.Interaction[SkyDeck], asked: FollowUp, journal_id: int
    ) -> None:
        """A button under a result was pressed."""
        await self._following.press(interaction, asked, journal_id)

    async def run_module(
        self,
        interaction: discord.Interaction[SkyDeck],
        module: Module,
        inputs: Inputs,
        given: Mapping[str, Any],
    ) -> None:
        """Run one of Grace's subcommands; without any input, ask for a text first.

        Raises:
            WrongUse: The options or the input are wrong, or the person may not ask here or now.
        """
        requester = await admit(self.bot, interaction)
        words = words_of(requester)
        options = read_options(module, given, words)
        source = choose_source(
            text=inputs.text,
            file=inputs.file,
            message=inputs.message,
            last=inputs.last,
            guild_id=interaction.guild_id,
            words=words,
        )
        if source is not None:
            await self.run_checked(
                interaction, requester, module, options, source, wants_json=inputs.wants_json
            )
            return

        async def go_on(dialog: discord.Interaction[SkyDeck], text: str) -> None:
            sender = await readmit(self.bot, dialog)
            await self.run_checked(
                dialog, sender, module, options, Typed(text), wants_json=inputs.wants_json
            )

        title = title_of(words, module.name, module.title)
        hint = words("grace.dialog.text_hint")
        await interaction.response.send_modal(TextDialog(title=title, label=hint, on_answer=go_on))

    async def run_checked(
        self,
        interaction: discord.Interaction[SkyDeck],
        requester: Requester,
        module: Module,
        options: Mapping[str, Value],
        source: Source,
        *,
        wants_json: bool = False,
    ) -> None:
        """Run a module on a source; permissions and options were checked before."""
        words = words_of(requester)

        async def fetch() -> SourceText:
            return await read_source(source, interaction, words)

        async def ask(source_text: SourceText) -> Request:
            return task(module, source_text.text, source=requester.source, options=dict(options))

        job = Task(
            title=title_of(words, module.name, module.title),
            service=Service.GRACE,
            fetch=fetch,
            ask=ask,
            is_json=module.output == "json",
            wants_json=wants_json,
        )
        await run_task(self.bot, interaction, requester, job)
