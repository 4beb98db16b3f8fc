"""`/ask`, `/say`, `/transcribe`, and `/chat`, which opens a thread."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.contract import Message
from bot.contract.penny import speak, transcribe
from bot.discord_client import SkyDeck
from bot.errors import BadInput, NotPossible, SkydeckError
from bot.jobs.view import Requester
from bot.sanitize import is_blank
from bot.store.records import Role, StoredMessage
from bot.store.repositories.voice import VOICE_LIMIT_CHARS
from cogs.chat._acting import Acting
from cogs.chat._answer_question import ask, perform
from cogs.chat._job_message import Thread
from cogs.chat._memory import history_as_guest
from cogs.chat._question import Question, read_question
from cogs.chat._written_commands import WrittenCommands
from cogs.shared.answering import Placeholder, command_placeholder, give_reason
from cogs.shared.asking import Asking
from cogs.shared.attachments import name_of
from cogs.shared.chosen_voice import offer_voices, voice_for
from cogs.shared.commands import for_people, text
from cogs.shared.files import read_recordings
from cogs.shared.live import LiveMessage
from cogs.shared.names import typed_words
from cogs.shared.permissions import require_permissions
from cogs.shared.presence import guest_conversation
from cogs.shared.requester import admit, words_of
from cogs.shared.splitting import as_plain_text

_TITLE_CHARS: Final = 80
_MAX_SAID_CHARS: Final = 2_000
_NAME_CHARS: Final = 100
"""How much of a recording's name its transcript's file gets."""


class ChatCommands(commands.Cog):
    """The commands that do the same as a conversation."""

    def __init__(self, bot: SkyDeck, acting: Acting, written: WrittenCommands) -> None:
        self.bot = bot
        self.acting = acting
        self.written = written

    @for_people
    @app_commands.command(name=text("chat.cmd.ask.name"), description=text("chat.cmd.ask.about"))
    @app_commands.rename(question=text("chat.cmd.ask.question"), file=text("chat.cmd.ask.file"))
    @app_commands.describe(
        question=text("chat.cmd.ask.question_about"), file=text("chat.cmd.ask.file_about")
    )
    async def ask(
        self,
        interaction: discord.Interaction[SkyDeck],
        question: app_commands.Range[str, 1, 4000] | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        """Ask Penny something; a reply to her answer continues the conversation."""
        told = question if question and file is None else ""
        requester = await self.written.admit_command(interaction, told)
        if requester is None:
            return
        words = words_of(requester)
        if file is None and is_blank(question or ""):
            raise BadInput(words("chat.ask_what"))
        placeholder = command_placeholder(self.bot, interaction, requester)
        async with placeholder.in_time():
            try:
                said = await typed_words(interaction, question or "")
                asked = await read_question(
                    said,
                    [file] if file else [],
                    words,
                    shows_pictures=self.bot.settings.shows_pictures,
                )
                if asked is None or asked.said == "":
                    raise BadInput(asked.note if asked else words("chat.ask_what"))
            except (SkydeckError, discord.HTTPException) as e:
                await placeholder.show()
                await give_reason(placeholder.live, e, words)
                return
            asking = Asking.by_command(interaction, said, file)
            await self._answer_asked(interaction, requester, asked, placeholder, asking)

    async def _answer_asked(
        self,
        interaction: discord.Interaction[SkyDeck],
        requester: Requester,
        asked: Question,
        placeholder: Placeholder,
        asking: Asking,
    ) -> None:
        conversation_id, said_before = await self._before(interaction, requester)
        actions = {}
        if not requester.is_guest:  # an action would need more than the answer
            actions = await self.acting.offer_with(asking.guild, asked, asking.content, requester)
        await self._remember_asked(interaction, requester, asked, conversation_id)
        thread = Thread(
            question_id=interaction.id,
            conversation_id=conversation_id,
            is_spoken=asked.is_answered_aloud,
            note=asked.note,
            offers=bool(actions),
        )
        await ask(
            self.bot,
            asked,
            said_before,
            requester,
            placeholder,
            thread,
            interaction=interaction,
            style=self.written.style_at(requester.channel_id, requester.user_id),
            actions=actions,
            asked=asking,
        )

    async def _before(
        self, interaction: discord.Interaction[SkyDeck], requester: Requester
    ) -> tuple[int, Sequence[Message]]:
        """The conversation that a question belongs to, and what was said in it.

        Replies continue it; where the bot is a guest it gets none, and goes by channel and person.
        """
        if not requester.is_guest:
            return interaction.id, ()
        conversation_id = guest_conversation(requester.channel_id, requester.user_id)
        before = await history_as_guest(self.bot, conversation_id, before=interaction.id)
        return conversation_id, before

    async def _remember_asked(
        self,
        interaction: discord.Interaction[SkyDeck],
        requester: Requester,
        asked: Question,
        conversation_id: int,
    ) -> None:
        """Remember a command's question under the interaction's id, which no message has."""
        await self.bot.store.conversations.add(
            StoredMessage(
                message_id=interaction.id,
                conversation_id=conversation_id,
                person_id=requester.user_id,
                author_id=requester.user_id,
                author_name=requester.user_name,
                role=Role.USER,
                content=asked.text,
                created_at_ms=int(interaction.created_at.timestamp() * 1000),
                guild_id=requester.guild_id,
            )
        )

    @for_people
    @app_commands.command(name=text("chat.cmd.say.name"), description=text("chat.cmd.say.about"))
    @app_commands.rename(text=text("chat.cmd.say.text"), voice=text("chat.cmd.say.voice"))
    @app_commands.describe(
        text=text("chat.cmd.say.text_about"), voice=text("chat.cmd.say.voice_about")
    )
    @app_commands.autocomplete(voice=offer_voices)
    async def say(
        self,
        interaction: discord.Interaction[SkyDeck],
        text: app_commands.Range[str, 1, _MAX_SAID_CHARS],
        voice: app_commands.Range[str, 1, VOICE_LIMIT_CHARS] | None = None,
    ) -> None:
        """Have a text read aloud."""
        requester = await admit(self.bot, interaction)
        if is_blank(text):
            raise BadInput(words_of(requester)("chat.say_what"))
        placeholder = command_placeholder(self.bot, interaction, requester)
        async with placeholder.in_time():
            said = await typed_words(interaction, text)
            voice = voice or await voice_for(self.bot, requester)
            request = speak(said, source=requester.source, voice=voice)
            once, title = Thread(is_spoken=True), said[:_TITLE_CHARS]
            await perform(
                self.bot, request, title, requester, placeholder, once, interaction=interaction
            )

    @for_people
    @app_commands.command(
        name=text("chat.cmd.transcribe.name"), description=text("chat.cmd.transcribe.about")
    )
    @app_commands.rename(file=text("chat.cmd.transcribe.file"))
    @app_commands.describe(file=text("chat.cmd.transcribe.file_about"))
    async def transcribe(
        self, interaction: discord.Interaction[SkyDeck], file: discord.Attachment
    ) -> None:
        """Transcribe a recording."""
        requester = await admit(self.bot, interaction)
        words = words_of(requester)
        placeholder = command_placeholder(self.bot, interaction, requester)
        async with placeholder.in_time():
            try:
                clip, files = await read_recordings([file], words)
            except (SkydeckError, discord.HTTPException) as e:
                await placeholder.show()
                await give_reason(placeholder.live, e, words)
                return
            request = transcribe(
                clip,
                source=requester.source,
                language=requester.language,
                context=requester.context(),
            )
            once = Thread(
                file=f"{PurePath(name_of(file)).stem[:_NAME_CHARS]}.txt",
                note="\n".join(files.notes(words)),
            )
            await perform(
                self.bot,
                request,
                name_of(file),
                requester,
                placeholder,
                once,
                interaction=interaction,
            )

    @app_commands.command(name=text("chat.cmd.chat.name"), description=text("chat.cmd.chat.about"))
    @app_commands.rename(question=text("chat.cmd.chat.question"))
    @app_commands.describe(question=text("chat.cmd.chat.question_about"))
    async def chat(
        self,
        interaction: discord.Interaction[SkyDeck],
        question: app_commands.Range[str, 1, 4000] | None = None,
    ) -> None:
        """Open a thread for a conversation."""
        requester = await self.written.admit_command(interaction, question or "")
        if requester is None:
            return
        words = words_of(requester)
        channel = interaction.channel
        if not isinstance(channel, discord.TextChannel):
            raise NotPossible(words("chat.no_thread_here"))
        needed = ("create_public_threads", "send_messages_in_threads")
        require_permissions(interaction.app_permissions, *needed)
        line = words("chat.thread_opened", name=requester.user_name)
        answer = await interaction.response.send_message(line)
        said = await typed_words(interaction, question or "")
        name = " ".join(said.split())[:_TITLE_CHARS]
        opened = await channel.get_partial_message(answer.message_id or 0).create_thread(
            name=name or words("chat.thread_name", name=requester.user_name)
        )
        await self._begin_thread(interaction, opened, requester, said)

    async def _begin_thread(
        self,
        interaction: discord.Interaction[SkyDeck],
        opened: discord.Thread,
        requester: Requester,
        question: str,
    ) -> None:
        """Post and remember the first message, which marks the thread as a conversation."""
        words = words_of(requester)
        text = question or words("chat.thread_hello", name=as_plain_text(requester.assistant))
        first = await opened.send(words("common.working") if question else text)
        memory = self.bot.store.conversations
        role = Role.USER if question else Role.ASSISTANT
        said_id = interaction.id if question else first.id
        await memory.add(
            StoredMessage(
                message_id=said_id,
                conversation_id=opened.id,
                person_id=requester.user_id,
                author_id=requester.user_id
                if question or self.bot.user is None
                else self.bot.user.id,
                author_name=requester.user_name if question else requester.assistant,
                role=role,
                content=text,
                created_at_ms=int(first.created_at.timestamp() * 1000),
                guild_id=requester.guild_id,
            )
        )
        if not question:
            return
        there = replace(requester, channel_id=opened.id)
        asking = Asking.by_command(interaction, text, thread=opened)
        asked = Question(text, text)
        actions = await self.acting.offer_with(asking.guild, asked, asking.content, there)
        thread = Thread(
            question_id=said_id,
            conversation_id=opened.id,
            offers=bool(actions),
        )
        live = LiveMessage(
            self.bot,
            opened.id,
            first.id,
            requester.user_id,
            words=words,
            home_id=requester.channel_id,
        )
        style = self.written.style_at(requester.channel_id, requester.user_id)
        await ask(
            self.bot, asked, [], there, live, thread, style=style, actions=actions, asked=asking
        )
