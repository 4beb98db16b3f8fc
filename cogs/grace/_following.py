"""Does what the buttons under a result ask for: a new job, whose answer is a new message."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import discord

from bot.contract import Request, Service
from bot.contract.grace import Module, task
from bot.contract.options import Option, OptionType, Value
from bot.contract.penny import converse
from bot.discord_client import SkyDeck
from bot.errors import NotPossible
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.jobs.place import address_of
from bot.jobs.view import Requester
from bot.language_names import language_named
from bot.languages import find_language
from bot.store.records import Role
from bot.store.repositories.recovery import Job
from cogs.grace._jobs import Task, run_task, title_of
from cogs.grace._option_values import read_language
from cogs.shared.attachments import may_be
from cogs.shared.files import read_text
from cogs.shared.follow_ups import (
    TRANSLATOR,
    FollowUp,
    module_of,
    options_of,
    resized,
    shortener_of,
)
from cogs.shared.message_content import read_message
from cogs.shared.places import Places
from cogs.shared.requester import admit, readmit, words_of
from cogs.shared.rights import Right, require
from cogs.shared.said import TEXTS, SourceText
from cogs.shared.subjects import without_frame
from cogs.shared.text_dialog import TextDialog

_MAX_LANGUAGE_CHARS: Final = 40
_MAX_PARTS: Final = 10
"""How many messages of one result are read."""

Interaction = discord.Interaction[SkyDeck]
Pressed = tuple[int, int, FollowUp]
"""Who pressed, under which job, and what."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The job under whose result somebody pressed a button."""

    job: Job
    request: Request

    @property
    def of(self) -> str:
        """What it was about, as its title in lists says it."""
        return self.job.title.partition(" · ")[2]

    @property
    def wants_json(self) -> bool:
        """Whether its result came as a JSON file, too: that is an option of the command's."""
        return self.job.place.get("wants_json") is True

    def title(self, words: Words, catalogue: Mapping[str, Module]) -> str:
        """What it was, in the words of whoever asks now."""
        module = module_of(self.request, catalogue)
        if module is None:
            return words("grace.answer_of_penny")
        return title_of(words, module.name, module.title)


class Following:
    """Does what the buttons ask for, each for each person once at a time."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        self._under_way: set[Pressed] = set()

    async def press(self, interaction: Interaction, asked: FollowUp, journal_id: int) -> None:
        """Handle a button.

        Raises:
            NotPossible: The original is forgotten, has no such version, or is being made already.
            NotAllowed: They may not have the original read, or may not ask there.
            TooSoon: They ask too often.
        """
        words = words_for(str(interaction.locale))
        earlier = await self._earlier(journal_id, words)
        shortener = shortener_of(
            earlier.request, module_of(earlier.request, self.bot.grace), self.bot.grace
        )
        relation = await Places(interaction).relation_to_job(earlier.job)
        if asked is FollowUp.TRANSLATE or (asked is FollowUp.SHORTER and shortener is not None):
            require(Right.USE_RESULT, relation, words("grace.follow_up.not_yours"))
        else:
            require(Right.REPEAT_RESULT, relation, words("grace.follow_up.not_yours"))
        if asked is FollowUp.TRANSLATE:
            await self._ask_language(interaction, earlier)
            return
        with self._once((interaction.user.id, journal_id, asked), words):
            requester = await admit(self.bot, interaction)
            if asked is FollowUp.SHORTER and shortener is not None:
                await self._on_result(interaction, requester, earlier, *shortener)
            else:
                await self._repeat(interaction, requester, earlier, asked)

    async def _earlier(self, journal_id: int, words: Words) -> _Earlier:
        job = await self.bot.store.jobs.get(journal_id)
        asked = await self.bot.store.jobs.request(journal_id)
        if job is None or asked is None:
            raise NotPossible(words("grace.follow_up.forgotten"))
        return _Earlier(job, Request.model_validate_json(asked))

    @contextlib.contextmanager
    def _once(self, pressed: Pressed, words: Words) -> Iterator[None]:
        if pressed in self._under_way:
            raise NotPossible(words("grace.follow_up.running"))
        self._under_way.add(pressed)
        try:
            yield
        finally:
            self._under_way.discard(pressed)

    # -- the original once more ----------------------------------------------------------------

    async def _repeat(
        self, interaction: Interaction, requester: Requester, earlier: _Earlier, asked: FollowUp
    ) -> None:
        words, request = words_of(requester), earlier.request
        module = module_of(request, self.bot.grace)
        text = request.input.data
        options: dict[str, Value] | None = {}
        if module is not None:
            is_same = asked is FollowUp.AGAIN
            options = options_of(request, module) if is_same else resized(request, module, asked)
        if options is None or not isinstance(text, str):
            raise NotPossible(words("grace.follow_up.at_the_end"))
        if module is None and request.target.service is Service.GRACE:
            raise NotPossible(words("grace.follow_up.forgotten"))
        source = SourceText(text, earlier.of, is_quoted=not earlier.of)
        await self._run(interaction, requester, earlier, module, options, source)

    async def _run(
        self,
        interaction: Interaction,
        requester: Requester,
        earlier: _Earlier,
        module: Module | None,
        options: dict[str, Value],
        source: SourceText,
    ) -> None:
        async def fetch() -> SourceText:
            return source

        async def ask(given: SourceText) -> Request:
            if module is not None:
                return task(module, given.text, source=requester.source, options=options)
            return converse(
                given.text,
                source=requester.source,
                language=requester.language,
                context=requester.context(),
                params={"speak": False},
            )

        again = Task(
            title=earlier.title(words_of(requester), self.bot.grace),
            service=earlier.request.target.service,
            fetch=fetch,
            ask=ask,
            is_json=module is not None and module.output == "json",
            wants_json=earlier.wants_json,
        )
        await run_task(self.bot, interaction, requester, again)

    # -- the result ----------------------------------------------------------------------------

    async def _ask_language(self, interaction: Interaction, earlier: _Earlier) -> None:
        """Ask into which language: most likely that of their own Discord."""
        words = words_of(await readmit(self.bot, interaction))
        translator = self.bot.grace.get(TRANSLATOR)
        option = _language_option(translator)
        if translator is None or option is None:
            raise NotPossible(words("grace.follow_up.at_the_end"))
        own = find_language(str(interaction.locale))
        pressed = interaction.message

        async def go_on(dialog: Interaction, typed: str) -> None:
            found = language_named(
                read_language(typed, option, map(words_for, INTERFACE_LANGUAGES))
            )
            if found is None:
                raise NotPossible(words("grace.follow_up.no_language"))
            to: dict[str, Value] = {option.name: found.english}
            key = (dialog.user.id, earlier.job.journal_id, FollowUp.TRANSLATE)
            with self._once(key, words):
                sender = await admit(self.bot, dialog)
                await self._on_result(dialog, sender, earlier, translator, to, pressed=pressed)

        await interaction.response.send_modal(
            TextDialog(
                title=words("grace.follow_up.translate"),
                label=words("grace.follow_up.to_language"),
                on_answer=go_on,
                max_chars=_MAX_LANGUAGE_CHARS,
                default=words(f"grace.language.{own.code}") if own is not None else "",
            )
        )

    async def _on_result(
        self,
        interaction: Interaction,
        requester: Requester,
        earlier: _Earlier,
        module: Module,
        options: dict[str, Value],
        *,
        pressed: discord.Message | None = None,
    ) -> None:
        words = words_of(requester)
        message = pressed or interaction.message
        if message is None:
            raise NotPossible(words("grace.follow_up.forgotten"))

        async def fetch() -> SourceText:
            text = await self._shown(message, earlier.job, words)
            title = earlier.title(words, self.bot.grace)
            return SourceText(text, " · ".join(filter(None, [title, earlier.of])), is_quoted=False)

        async def ask(given: SourceText) -> Request:
            return task(module, given.text, source=requester.source, options=options)

        follow_up = Task(
            title=title_of(words, module.name, module.title),
            service=Service.GRACE,
            fetch=fetch,
            ask=ask,
        )
        await run_task(self.bot, interaction, requester, follow_up)

    async def _shown(self, message: discord.Message, job: Job, words: Words) -> str:
        """The result as everybody there can read it: the file with all of it, or its messages."""
        answer = await self.bot.store.conversations.get(message.id)
        if answer is not None and answer.role is Role.ASSISTANT:
            return answer.content
        whole = next((one for one in message.attachments if may_be(one, TEXTS)), None)
        if whole is not None:
            return (await read_text(whole, words)).text
        first = address_of(job).message_id
        parts = [message]
        if first and first < message.id:
            with contextlib.suppress(discord.HTTPException):  # it may not be allowed to look
                after = discord.Object(first - 1)
                found = message.channel.history(limit=_MAX_PARTS, after=after, oldest_first=True)
                parts = [one async for one in found if _is_part(one, message)] or parts
        read = [(await read_message(self.bot, one)).words for one in parts]
        text = without_frame("\n".join(read))
        if not text:
            raise NotPossible(words("grace.follow_up.forgotten"))
        return text


def _is_part(one: discord.Message, last: discord.Message) -> bool:
    return one.author.id == last.author.id and one.id <= last.id


def _language_option(module: Module | None) -> Option | None:
    options = module.options if module is not None else []
    return next((one for one in options if one.type is OptionType.LANGUAGE), None)
