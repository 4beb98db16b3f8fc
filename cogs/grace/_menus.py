"""The context menu of a message: summarize, translate, explain, ask Penny, transcribe."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, Final

import discord
from discord import app_commands

from bot.contract import Request, Service
from bot.contract.grace import Module
from bot.contract.options import OptionType, Value
from bot.contract.penny import converse, transcribe
from bot.discord_client import SkyDeck
from bot.errors import BadInput
from bot.jobs.view import Requester
from bot.languages import find_language
from cogs.grace._inputs import GivenMessage, Source, read_source
from cogs.grace._jobs import Task, run_task
from cogs.shared.attachments import is_unread
from cogs.shared.commands import for_people, text
from cogs.shared.files import read_recordings
from cogs.shared.gone import require_there
from cogs.shared.message_content import read_message
from cogs.shared.names import typed_words
from cogs.shared.requester import admit, readmit, words_of
from cogs.shared.said import SourceText
from cogs.shared.text_dialog import TextDialog

_MODULES: Final = {"summarize": "SUMMARIZER", "translate": "TRANSLATOR", "explain": "EXPLAINER"}
"""Grace's module that a menu uses; if the catalogue lacks it, the menu is left out."""

_QUOTED_CHARS: Final = 12_000
"""How much of a message Penny is given: with the question it stays below her limit of 20,000."""

Run = Callable[
    [discord.Interaction[SkyDeck], Requester, Module, Mapping[str, Value], Source], Awaitable[None]
]
"""Runs one of Grace's modules on a source."""

_Callback = Callable[[discord.Interaction[Any], discord.Message], Coroutine[Any, Any, None]]


class Menus:
    """Makes the context menu commands.

    Args:
        run: Runs one of Grace's modules.
    """

    def __init__(self, bot: SkyDeck, run: Run) -> None:
        self._bot = bot
        self._run = run

    def commands(self) -> Iterator[app_commands.ContextMenu]:
        """The menus that this bot offers: at most five of the 15 that Discord allows."""
        for name, module_name in _MODULES.items():
            if module_name in self._bot.grace:
                yield _menu(name, self._working_on(self._bot.grace[module_name]))
        yield _menu("ask", self._asking())
        yield _menu("transcribe", self._transcribing())

    def _working_on(self, module: Module) -> _Callback:
        async def work(interaction: discord.Interaction[Any], message: discord.Message) -> None:
            requester = await admit(self._bot, interaction)
            options = {} if module.name != _MODULES["translate"] else _own(module, interaction)
            await self._run(interaction, requester, module, options, GivenMessage(message))

        return work

    def _asking(self) -> _Callback:
        async def ask(interaction: discord.Interaction[Any], message: discord.Message) -> None:
            requester = await admit(self._bot, interaction)
            words = words_of(requester)

            async def go_on(dialog: discord.Interaction[SkyDeck], question: str) -> None:
                sender = await readmit(self._bot, dialog)
                await self._ask(dialog, sender, message, await typed_words(dialog, question))

            await interaction.response.send_modal(
                TextDialog(
                    title=words("grace.dialog.ask"),
                    label=words("grace.dialog.question"),
                    on_answer=go_on,
                )
            )

        return ask

    async def _ask(
        self,
        interaction: discord.Interaction[SkyDeck],
        requester: Requester,
        message: discord.Message,
        question: str,
    ) -> None:
        words = words_of(requester)

        async def request(source_text: SourceText) -> Request:
            return converse(
                _question(question, message.author.display_name, source_text.text),
                source=requester.source,
                language=requester.language,
                context=requester.context(),
                params={"speak": False},
            )

        await run_task(
            self._bot,
            interaction,
            requester,
            Task(
                title=words("grace.answer_of_penny"),
                service=Service.PENNY,
                fetch=lambda: read_source(GivenMessage(message), interaction, words),
                ask=request,
            ),
        )

    def _transcribing(self) -> _Callback:
        async def write_down(
            interaction: discord.Interaction[Any], message: discord.Message
        ) -> None:
            requester = await admit(self._bot, interaction)
            words = words_of(requester)
            content = await read_message(self._bot, message)
            if all(map(is_unread, content.files)):
                raise BadInput(words("grace.input.no_audio"))
            name = words("grace.source.message", name=message.author.display_name)

            async def fetch() -> SourceText:
                require_there(self._bot, message)
                clip, files = await read_recordings(content.files, words)
                return SourceText("", name, tuple(files.notes(words)), clip)

            async def request(recorded: SourceText) -> Request:
                if recorded.clip is None:
                    raise AssertionError("fetch gives one")
                return transcribe(
                    recorded.clip,
                    source=requester.source,
                    language=requester.language,
                    context=requester.context(),
                )

            await run_task(
                self._bot,
                interaction,
                requester,
                Task(
                    title=words("grace.transcript"),
                    service=Service.PENNY,
                    fetch=fetch,
                    ask=request,
                    nothing="grace.nothing_heard",
                ),
            )

        return write_down


def _menu(name: str, callback: _Callback) -> app_commands.ContextMenu:
    return for_people(app_commands.ContextMenu(name=text(f"grace.menu.{name}"), callback=callback))


def _own(module: Module, interaction: discord.Interaction[SkyDeck]) -> dict[str, Value]:
    """The language to translate into: that of the person's own Discord."""
    own = find_language(str(interaction.locale))
    names = [o.name for o in module.options if o.type is OptionType.LANGUAGE]
    return {names[0]: own.english} if names and own else {}


def _question(question: str, author: str, text: str) -> str:
    return f"{question.strip()}\n\n{author}:\n{text[:_QUOTED_CHARS]}"
