"""The cog: which messages are for the bot, and the commands; the rest is delegated."""

import contextlib
import functools
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import SkyDeck
from bot.contract import Context, Message, Request, Service
from bot.contract.grace import Module, task
from bot.contract.penny import converse, speak, transcribe
from bot.conversation import Asker
from bot.errors import BadInput, MissingPermission, SkydeckError, WrongUse
from bot.i18n import words_for
from bot.store import Role, StoredMessage
from cogs.chat._memory import before, before_again, is_ours, stored, words_in
from cogs.chat._question import Question, read_question
from cogs.chat._show import KIND, Thread, make_show, place_of, revive
from cogs.shared.answering import working_message
from cogs.shared.asker import admit, asker_of, settings_of, words_of
from cogs.shared.attachments import read_audio
from cogs.shared.failures import explain
from cogs.shared.live import LiveMessage, Page, persist
from cogs.shared.stop_button import check_owner

_KINDS: Final = frozenset({discord.MessageType.default, discord.MessageType.reply})
_REFUSAL_S: Final = 15.0
"""How long a refusal stays in the channel."""
_THREAD_NAME_CHARS: Final = 80
_MOST_SAID_CHARS: Final = 2_000


def _text(english: str, key: str) -> app_commands.locale_str:
    return app_commands.locale_str(english, key=f"chat.cmd.{key}")


class Chat(commands.Cog):
    """Talks with people in writing, and answers their recordings."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Take up answers that a process before this one had begun."""
        self.bot.runner.register(KIND, functools.partial(revive, self.bot))

    # -- messages ----------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer what is meant for the bot, and nothing else."""
        if message.author.bot or message.webhook_id or message.type not in _KINDS:
            return
        whole_channel = message.guild is None or await is_ours(self.bot, message.channel)
        if not whole_channel and not self._is_called(message):
            return
        try:
            asker = await admit(self.bot, message)
            await self._answer(message, asker, whole_channel=whole_channel)
        except (SkydeckError, discord.HTTPException) as e:
            await self._refuse(message, e)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Remember what a person has changed their message to."""
        message = payload.message
        if message.author.bot or not message.edited_at or self.bot.user is None:
            return
        await self.bot.store.conversations.edit(
            payload.message_id,
            words_in(message, self.bot.user.id),
            edited_at_ms=int(message.edited_at.timestamp() * 1000),
        )

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Forget what was deleted."""
        await self.bot.store.conversations.delete({payload.message_id})

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """The same for many."""
        await self.bot.store.conversations.delete(payload.message_ids)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """The same for a whole conversation."""
        await self.bot.store.conversations.delete_conversation(payload.thread_id)

    def _is_called(self, message: discord.Message) -> bool:
        """Whether the message mentions the bot, or replies to it."""
        own = self.bot.user
        if own is None:
            return False
        pointed_at = message.reference.resolved if message.reference is not None else None
        is_reply = isinstance(pointed_at, discord.Message) and pointed_at.author.id == own.id
        return is_reply or f"<@{own.id}>" in message.content or f"<@!{own.id}>" in message.content

    async def _answer(self, message: discord.Message, asker: Asker, *, whole_channel: bool) -> None:
        own = self.bot.user.id if self.bot.user else 0
        words = words_of(asker)
        async with message.channel.typing():
            question = await read_question(words_in(message, own), message.attachments, words)
        if question is None:
            await message.reply(words("chat.hello", name=asker.system.assistant))
            return
        if question.said == "":
            raise BadInput(question.note)
        said_before = await before(self.bot, message, whole_channel=whole_channel)
        answer = await persist(lambda: message.reply(words("common.working")))
        await self.bot.store.conversations.add(
            stored(message, question.text, said_before.conversation_id)
        )
        thread = Thread(
            question_id=message.id,
            conversation_id=said_before.conversation_id,
            guild_id=asker.guild_id,
            user_id=asker.user_id,
            is_spoken=question.is_spoken,
            note=question.note,
        )
        live = LiveMessage(self.bot, asker.channel_id, answer.id, asker.user_id)
        module = await self._default_module(message.guild) if question.is_bare else None
        if module is not None:
            request = task(module, question.text, source=asker.source)
            await self._perform(request, question.title, asker, live, thread)
            return
        await self._ask(question, list(said_before.messages), asker, live, thread)

    async def _default_module(self, guild: discord.Guild | None) -> Module | None:
        """What the server does with a file that comes without words; None: Penny reads it."""
        settings = await settings_of(self.bot, guild)
        return self.bot.grace.get(settings.default_modules.get(Service.GRACE, ""))

    async def _refuse(self, message: discord.Message, error: Exception) -> None:
        """Say why not: for a moment in the channel, else to the person alone."""
        asker = await asker_of(self.bot, message)
        text = explain(error, words_of(asker)).text
        fades = isinstance(error, WrongUse) and message.guild is not None
        try:
            told = await persist(lambda: message.reply(text))
            if fades:
                await told.delete(delay=_REFUSAL_S)
        except (discord.HTTPException, OSError):
            with contextlib.suppress(discord.HTTPException, OSError):
                await message.author.send(text)

    # -- asking Penny ------------------------------------------------------------------------

    async def _ask(
        self,
        question: Question,
        said_before: list[Message],
        asker: Asker,
        live: LiveMessage,
        thread: Thread,
    ) -> None:
        request = converse(
            question.said,
            source=asker.source,
            context=Context(history=said_before, locale=asker.locale, speaker=asker.user_name),
            params={"speak": question.is_spoken},
        )
        await self._perform(request, question.title, asker, live, thread)

    async def _perform(
        self, request: Request, title: str, asker: Asker, live: LiveMessage, thread: Thread
    ) -> None:
        """Run it; when it cannot even begin, the working line says why."""
        try:
            await self.bot.runner.perform(
                request,
                asker=asker,
                place=place_of(asker, live.message_id, thread),
                title=title,
                show=make_show(self.bot, asker, live, thread),
            )
        except SkydeckError as e:
            await live.settle(Page(text=explain(e, words_of(asker)).text))

    async def answer_again(
        self, interaction: discord.Interaction[SkyDeck], question_id: int
    ) -> None:
        """Regenerate was pressed.

        Raises:
            WrongUse: It is not their answer, they ask too often, or the question is forgotten.
        """
        memory = self.bot.store.conversations
        words = words_for(str(interaction.locale))
        asked = await memory.get(question_id)
        if asked is None or interaction.message is None:
            raise BadInput(words("chat.forgotten"))
        check_owner(interaction, asked.person_id, words)
        asker = await admit(self.bot, interaction)
        await interaction.response.defer()
        answered = await memory.get(interaction.message.id)
        first, parts = interaction.message.id, list[int]()
        if answered is not None:
            first, parts = answered.message_id, list(answered.parts)
        live = LiveMessage(self.bot, asker.channel_id, first, asker.user_id, parts)
        thread = Thread(
            question_id=question_id,
            conversation_id=asked.conversation_id,
            guild_id=asker.guild_id,
            user_id=asked.person_id,
        )
        question = Question(asked.content, asked.content)
        await self._ask(question, list(await before_again(self.bot, asked)), asker, live, thread)

    # -- commands ----------------------------------------------------------------------------

    @app_commands.command(
        name=_text("ask", "ask.name"),
        description=_text("Ask Penny something, in writing or with a recording", "ask.about"),
    )
    @app_commands.rename(question=_text("question", "ask.question"), file=_text("file", "ask.file"))
    @app_commands.describe(
        question=_text("What you want to know", "ask.question_about"),
        file=_text("A recording, or a text to go with the question", "ask.file_about"),
    )
    async def ask(
        self,
        interaction: discord.Interaction[SkyDeck],
        question: app_commands.Range[str, 1, 4000] | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        """Ask Penny something; a reply to her answer goes on with the conversation."""
        asker = await admit(self.bot, interaction)
        words = words_of(asker)
        if question is None and file is None:
            raise BadInput(words("chat.ask_what"))
        live = LiveMessage(
            self.bot, asker.channel_id, await working_message(interaction, words), asker.user_id
        )
        try:
            asked = await read_question(question or "", [file] if file else [], words)
            if asked is None or asked.said == "":
                raise BadInput(asked.note if asked else words("chat.ask_what"))
        except (SkydeckError, discord.HTTPException) as e:
            await live.settle(Page(text=explain(e, words).text))
            return
        await self._remember_asked(interaction, asker, asked)
        thread = Thread(
            question_id=interaction.id,
            conversation_id=interaction.id,
            guild_id=asker.guild_id,
            user_id=asker.user_id,
            is_spoken=asked.is_spoken,
            note=asked.note,
        )
        await self._ask(asked, [], asker, live, thread)

    async def _remember_asked(
        self, interaction: discord.Interaction[SkyDeck], asker: Asker, asked: Question
    ) -> None:
        """A command's question; the interaction's id is a number of its own, like a message's."""
        await self.bot.store.conversations.add(
            StoredMessage(
                message_id=interaction.id,
                conversation_id=interaction.id,
                person_id=asker.user_id,
                author_id=asker.user_id,
                author_name=asker.user_name,
                role=Role.USER,
                content=asked.text,
                created_at_ms=int(interaction.created_at.timestamp() * 1000),
                guild_id=asker.guild_id,
            )
        )

    @app_commands.command(
        name=_text("say", "say.name"),
        description=_text("Have a text read aloud, as a voice message", "say.about"),
    )
    @app_commands.rename(text=_text("text", "say.text"), voice=_text("voice", "say.voice"))
    @app_commands.describe(
        text=_text("What to say", "say.text_about"),
        voice=_text("Whose voice; empty: by the language", "say.voice_about"),
    )
    async def say(
        self,
        interaction: discord.Interaction[SkyDeck],
        text: app_commands.Range[str, 1, _MOST_SAID_CHARS],
        voice: app_commands.Range[str, 1, 32] | None = None,
    ) -> None:
        """Have a text read aloud."""
        asker = await admit(self.bot, interaction)
        message_id = await working_message(interaction, words_of(asker))
        live = LiveMessage(self.bot, asker.channel_id, message_id, asker.user_id)
        request = speak(text, source=asker.source, voice=voice)
        await self._perform(request, text[:_THREAD_NAME_CHARS], asker, live, _once(asker, True))

    @app_commands.command(
        name=_text("transcribe", "transcribe.name"),
        description=_text("Write down what is said in a recording", "transcribe.about"),
    )
    @app_commands.rename(file=_text("file", "transcribe.file"))
    @app_commands.describe(file=_text("The recording", "transcribe.file_about"))
    async def transcribe(
        self, interaction: discord.Interaction[SkyDeck], file: discord.Attachment
    ) -> None:
        """Write down what is said in a recording."""
        asker = await admit(self.bot, interaction)
        words = words_of(asker)
        message_id = await working_message(interaction, words)
        live = LiveMessage(self.bot, asker.channel_id, message_id, asker.user_id)
        try:
            clip = await read_audio(file, words)
        except (SkydeckError, discord.HTTPException) as e:
            await live.settle(Page(text=explain(e, words).text))
            return
        request = transcribe(clip, source=asker.source)
        await self._perform(request, file.filename, asker, live, _once(asker, False))

    @app_commands.command(
        name=_text("chat", "chat.name"),
        description=_text("Open a thread in which every message is answered", "chat.about"),
    )
    @app_commands.rename(question=_text("question", "chat.question"))
    @app_commands.describe(question=_text("What to begin with", "chat.question_about"))
    async def chat(
        self,
        interaction: discord.Interaction[SkyDeck],
        question: app_commands.Range[str, 1, 4000] | None = None,
    ) -> None:
        """Open a thread for a conversation."""
        asker = await admit(self.bot, interaction)
        words = words_of(asker)
        channel = interaction.channel
        if not isinstance(channel, discord.TextChannel):
            raise BadInput(words("chat.no_thread_here"))
        lacking = tuple(
            name
            for name in ("create_public_threads", "send_messages_in_threads")
            if not getattr(interaction.app_permissions, name)
        )
        if lacking:
            raise MissingPermission("No thread can be opened.", permissions=lacking)
        name = " ".join((question or "").split())[:_THREAD_NAME_CHARS]
        line = words("chat.thread_opened", name=asker.user_name)
        answer = await interaction.response.send_message(line)
        opened = await channel.get_partial_message(answer.message_id or 0).create_thread(
            name=name or words("chat.thread_name", name=asker.user_name)
        )
        await self._begin_thread(interaction, opened, asker, question)

    async def _begin_thread(
        self,
        interaction: discord.Interaction[SkyDeck],
        opened: discord.Thread,
        asker: Asker,
        question: str | None,
    ) -> None:
        """Its first words are remembered, and so the thread is known as a conversation."""
        words = words_of(asker)
        text = question or words("chat.thread_hello", name=asker.system.assistant)
        first = await opened.send(words("common.working") if question else text)
        memory = self.bot.store.conversations
        role = Role.USER if question else Role.ASSISTANT
        said_id = interaction.id if question else first.id
        await memory.add(
            StoredMessage(
                message_id=said_id,
                conversation_id=opened.id,
                person_id=asker.user_id,
                author_id=asker.user_id if question or self.bot.user is None else self.bot.user.id,
                author_name=asker.user_name if question else asker.system.assistant,
                role=role,
                content=text,
                created_at_ms=int(first.created_at.timestamp() * 1000),
                guild_id=asker.guild_id,
            )
        )
        if question is None:
            return
        there = Asker(
            user_id=asker.user_id,
            user_name=asker.user_name,
            channel_id=opened.id,
            guild_id=asker.guild_id,
            locale=asker.locale,
            system=asker.system,
        )
        thread = Thread(
            question_id=said_id,
            conversation_id=opened.id,
            guild_id=asker.guild_id,
            user_id=asker.user_id,
        )
        live = LiveMessage(self.bot, opened.id, first.id, asker.user_id)
        await self._ask(Question(text, text), [], there, live, thread)


def _once(asker: Asker, is_spoken: bool) -> Thread:
    """For an answer that nobody is to remember."""
    return Thread(
        question_id=0,
        conversation_id=0,
        guild_id=asker.guild_id,
        user_id=asker.user_id,
        is_spoken=is_spoken,
    )
