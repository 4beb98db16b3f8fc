"""Decides which messages are for the bot, and answers them."""

import contextlib
import functools
import logging
from collections.abc import Collection
from dataclasses import replace
from typing import Final

import aiohttp
import discord
from discord.ext import commands

from bot.contract import Service
from bot.discord_client import SkyDeck
from bot.errors import (
    BadInput,
    NotAllowed,
    QuestionDeleted,
    SkydeckError,
    StoreFailed,
    TooSoon,
    WrongUse,
)
from bot.i18n import Words
from bot.jobs.view import Requester
from bot.rate_limits import Refusals
from bot.store.records import StoredMessage
from cogs.chat._acting import Acting
from cogs.chat._action_buttons import ActionAnswer
from cogs.chat._answer_question import ask
from cogs.chat._called_by_name import WrittenCalls
from cogs.chat._job_message import ChatMessage, Thread
from cogs.chat._job_view import ChatJobView
from cogs.chat._memory import history_before, is_conversation, may_read_history, stored
from cogs.chat._question import edited_question, read_question
from cogs.chat._redelivery import find_reply, was_dropped, was_handled
from cogs.chat._reference import author_replied_to, look_up_channel, parent_of, replied_to
from cogs.chat._regenerate import Regenerating
from cogs.chat._views import COG
from cogs.chat._written_commands import WrittenCommands
from cogs.shared.answering import Placeholder
from cogs.shared.attachments import is_audio, may_be_audio
from cogs.shared.error_messages import explain
from cogs.shared.gone import reply_to, was_deleted
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.message_content import MessageContent, read_message
from cogs.shared.names import own_ids
from cogs.shared.permissions import posting_permission, require_permissions
from cogs.shared.requester import (
    admit,
    answers_in,
    persona_at,
    readmit,
    requester_of,
    settings_of,
    words_of,
)
from cogs.shared.splitting import as_plain_text

log = logging.getLogger(__name__)

_KINDS: Final = frozenset({discord.MessageType.default, discord.MessageType.reply})
_REFUSAL_S: Final = 15.0
"""How long a refusal stays in the channel."""
_SPEAKS_FOR_S: Final = 30.0
"""How long a refusal without a wait of its own stands for the refusals after it."""
_UNCOUNTED: Final = (TooSoon, NotAllowed, StoreFailed)
"""Refusals that come before any rate limit, so there can be any number of them."""
_LATE_CALL_S: Final = 300.0
"""How long after a message an edit of it may still call the bot."""
_MAX_POINTERS: Final = 3
"""How many replies that only point at another message are followed."""
_NOT_REACHED: Final = (discord.HTTPException, aiohttp.ClientError, OSError, RuntimeError)
"""Discord refuses, or is not there; RuntimeError: aiohttp's, once the bot has ended."""
_WAIT: Final = "⏳"
_MAX_WAITS: Final = 3
"""How many further refused messages get this reaction."""


class Chat(commands.Cog, name=COG):
    """Chats with people, and answers their recordings."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        self.regenerating = Regenerating(bot)
        self.acting = Acting(bot)
        self.written = WrittenCommands(bot, self.acting)
        self._refusals = Refusals(bot.clock)

    async def cog_load(self) -> None:
        """Register to recover the answers that another process began."""
        self.bot.runner.register(ChatMessage, functools.partial(ChatJobView.revive, self.bot))
        await self.written.warm_up()

    async def cog_unload(self) -> None:
        """Stop what runs beside the conversation."""
        await self.written.close()
        await self.acting.close()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message if it is meant for the bot."""
        await self._take(message)

    async def _take(self, message: discord.Message, *, is_edited: bool = False) -> None:
        if message.author.bot or message.webhook_id or message.type not in _KINDS:
            return
        await look_up_channel(message)
        whole_channel = message.guild is None or await is_conversation(self.bot, message.channel)
        try:
            if not whole_channel and not await self._is_called(message):
                return
        except (SkydeckError, discord.HTTPException) as e:
            await self._refuse(message, e)
            return
        try:
            if await was_handled(self.bot, message):
                return
            requester = await self._carry_out_command(message, whole_channel=whole_channel)
            if requester is None:
                return
            log.info("request: a message")
            await self._answer(message, requester, whole_channel=whole_channel, is_edited=is_edited)
            self.bot.dispatch("answered", message, requester)
        except QuestionDeleted:
            return
        except Exception as e:  # noqa: BLE001 (even a bug is no reason for silence; it is logged)
            await self._refuse(message, e)

    async def _carry_out_command(
        self, message: discord.Message, *, whole_channel: bool
    ) -> Requester | None:
        """Do what a message tells the bot to do, in fixed words; else return whose question it is.

        Raises:
            NotAllowed: The server does not allow the bot to answer them there.
            TooSoon: They ask too often; to stop something, they may.
            StoreFailed: The store cannot be used.
        """
        calls = await self._calls(message)
        name = calls.name if calls is not None else ""
        command = self.written.find(message, name=name, whole_channel=whole_channel)
        if command is None:
            return await admit(self.bot, message)
        requester = await (readmit if command.is_free else admit)(self.bot, message)
        if await self.written.carry_out(command, requester):
            return None
        return await admit(self.bot, message) if command.is_free else requester

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Update an edited message in memory; answer it if only now it calls the bot."""
        message, memory = payload.message, self.bot.store.conversations
        if message.author.bot or not message.edited_at or self.bot.user is None:
            return
        remembered = await memory.get(payload.message_id)
        if remembered is None:
            if await self._may_call_late(message):
                await self._take(message, is_edited=True)
            return
        content = await self._read(message)
        if content.is_empty or (content.only_points and parent_of(message) is not None):
            return  # another message has the question
        await memory.edit(
            payload.message_id,
            edited_question(
                remembered.content, content.asked, await self._edited_files(message, content)
            ),
            edited_at_ms=int(message.edited_at.timestamp() * 1000),
        )

    async def regenerate(
        self, interaction: discord.Interaction[SkyDeck], question_id: int, module: str
    ) -> None:
        """The Regenerate button was pressed."""
        await self.regenerating.answer(interaction, question_id, module)

    async def decide(self, interaction: discord.Interaction[SkyDeck], answer: ActionAnswer) -> None:
        """A button under the question about an action was pressed."""
        await self.acting.decide(interaction, answer)

    @commands.Cog.listener()
    async def on_person_forgotten(self, user_id: int) -> None:
        """A person's data was deleted: what they were asked about goes, too."""
        await self.acting.questions.forget_person(user_id)

    async def _may_call_late(self, message: discord.Message) -> bool:
        """Whether an edit may have added what was forgotten: the bot's name, or the question.

        A message that is being answered already is not answered again: it is in memory by the time
        that its answer is shown.
        """
        own, channel = own_ids(self.bot, message.guild), message.channel
        age_s = self.bot.clock.wall() - message.created_at.timestamp()
        is_own_thread = isinstance(channel, discord.Thread) and channel.owner_id == own.user_id
        says = own.without_calls(message.content) or message.attachments or parent_of(message)
        if age_s > _LATE_CALL_S or not says:
            return False
        is_to_bot = message.guild is None or is_own_thread or own.is_called_in(message.content)
        return is_to_bot or await self._is_called_by_name(message)

    async def _is_called(self, message: discord.Message) -> bool:
        """Whether the message mentions the bot, its role or its name, or replies to it.

        Raises:
            StoreFailed: The memory cannot be read.
        """
        own = own_ids(self.bot, message.guild)
        if own.is_called_in(message.content):
            return True
        if await author_replied_to(self.bot, message) == own.user_id:
            return True
        return await self._is_called_by_name(message)

    async def _is_called_by_name(self, message: discord.Message) -> bool:
        """Whether the message calls the bot by its persona's name, where it may answer.

        Any message may do so: where the database fails, none of them gets an error.
        """
        with contextlib.suppress(StoreFailed):
            calls = await self._calls(message)
            if calls is not None and calls.is_called_in(message.content, _others_in(message)):
                settings = await settings_of(self.bot, message.guild)
                return answers_in(settings, message.channel)
        return False

    async def _calls(self, message: discord.Message) -> WrittenCalls | None:
        """How people may call the bot where a message is; None: as its account alone.

        Raises:
            StoreFailed: The server's personas cannot be read.
        """
        persona = await persona_at(self.bot, message.guild, message.channel)
        return WrittenCalls(persona.name) if persona.name else None

    async def _read(self, message: discord.Message) -> MessageContent:
        """A message, without the persona's name where it calls the bot.

        Raises:
            StoreFailed: The server's personas cannot be read.
        """
        content, calls = await read_message(self.bot, message), await self._calls(message)
        if calls is None:
            return content
        return replace(content, question=calls.without_call(content.question, _others_in(message)))

    async def _answer(
        self,
        message: discord.Message,
        requester: Requester,
        *,
        whole_channel: bool,
        is_edited: bool,
    ) -> None:
        words = words_of(requester)
        _check_may_write(message)
        with contextlib.suppress(discord.HTTPException, OSError):  # only a courtesy
            await message.channel.typing()
        asked, content = await self._find_question(message, words)
        if asked is message and await self.acting.answered(message, requester, content):
            return
        said_before = await history_before(
            self.bot, message, asked=asked, whole_channel=whole_channel
        )
        quoted = said_before.quoted
        files = await self._files(content, quoted)
        question = await read_question(
            content.asked, files, words, shows_pictures=self.bot.settings.shows_pictures
        )
        if question is None:
            await reply_to(message, words("chat.hello", name=as_plain_text(requester.assistant)))
            return
        if question.said == "":
            raise BadInput(question.note)
        is_quoted = asked is not message or not any(map(may_be_audio, content.files))
        question = replace(question, is_quoted=is_quoted)
        own = content if asked is message else None
        actions = await self.acting.offer_with(message.guild, question, own, requester)
        is_dropped = not is_edited and await was_dropped(self.bot, message)
        thread = Thread(
            question_id=message.id,
            conversation_id=said_before.conversation_id,
            is_spoken=question.is_answered_aloud,
            note=question.note,
            module=await self._default_module(message.guild) if question.is_bare else "",
            is_message=True,
            offers=bool(actions),
        )
        live = LiveMessage(
            self.bot, requester.channel_id, NO_MESSAGE, requester.user_id, words=words
        )
        post = functools.partial(self._first, message, words, is_dropped)
        remembered = stored(message, question.text, said_before)
        sources = [asked] if asked is not message else []
        if quoted is not None and len(files) > len(content.files):
            sources.append(quoted)

        async def is_wanted() -> bool:
            return await self._remember_once(message, remembered, sources) or is_dropped

        await ask(
            self.bot,
            question,
            said_before.messages,
            requester,
            Placeholder(live, post),
            thread,
            is_wanted=is_wanted,
            style=self.written.style_at(message.channel.id, message.author.id),
            actions=actions,
            asked=message,
        )

    async def _remember_once(
        self,
        message: discord.Message,
        remembered: StoredMessage,
        sources: Collection[discord.Message],
    ) -> bool:
        """Remember a question; False if another process does, or the gateway repeats the event.

        Args:
            message: The person's message.
            remembered: What to remember of it.
            sources: The other messages whose words it holds, because it points at them.

        Raises:
            QuestionDeleted: It, or one of those, was deleted before it was remembered.
        """
        points_at = {one.id: one.author.id for one in sources}
        is_new = await self.bot.store.conversations.add(remembered, points_at=points_at)
        if any(was_deleted(self.bot, one) for one in (message, *sources)):
            await self.bot.store.conversations.delete({message.id})
            raise QuestionDeleted("The question was deleted.")
        return is_new

    async def _find_question(
        self, message: discord.Message, words: Words
    ) -> tuple[discord.Message, MessageContent]:
        """The message with the question, and what it says.

        Who only calls the bot in a reply asks it to answer the message that they point at, or the
        one at which that points in turn.

        Raises:
            BadInput: That message is gone, or the person may not read it.
        """
        content = await self._read(message)
        asked, said = message, content
        for _ in range(_MAX_POINTERS):
            if not said.only_points or parent_of(asked) is None:
                break
            pointed_at = await replied_to(asked) if may_read_history(message) else None
            if pointed_at is None:
                raise BadInput(words("chat.gone"))
            if pointed_at.author == self.bot.user:
                return message, content
            asked, said = pointed_at, await read_message(self.bot, pointed_at)
        if said.is_empty and asked is not message:  # such as "Ana pinned a message"
            raise BadInput(words("chat.gone"))
        return asked, said

    async def _files(
        self, content: MessageContent, quoted: discord.Message | None
    ) -> list[discord.Attachment]:
        """A question's files, then those of the message that it quotes."""
        if quoted is None:
            return list(content.files)
        files = (await read_message(self.bot, quoted)).files
        is_own = quoted.author == self.bot.user
        return [*content.files, *(one for one in files if not (is_own and is_audio(one)))]

    async def _edited_files(
        self, message: discord.Message, content: MessageContent
    ) -> list[discord.Attachment]:
        """The files whose contents may be in a remembered question, as `_answer` chose them."""
        parent_id = parent_of(message)
        if parent_id is None or await self.bot.store.conversations.get(parent_id) is not None:
            return list(content.files)
        return await self._files(content, await replied_to(message))

    async def _first(self, message: discord.Message, words: Words, was_begun: bool) -> int:
        """The answer's first message: one that a dead process has posted, else a new one."""
        begun = None
        if was_begun:
            begun = await find_reply(self.bot, message.channel.id, message.id)
        return begun or (await reply_to(message, words("common.working"))).id

    async def _default_module(self, guild: discord.Guild | None) -> str:
        """The server's module for files without a comment; empty: Penny reads them."""
        settings = await settings_of(self.bot, guild)
        return settings.default_modules.get(Service.GRACE, "")

    async def _refuse(self, message: discord.Message, error: Exception) -> None:
        """Give the reason, briefly in the channel, else in a direct message.

        A person who keeps asking is not told each time: otherwise they could make the bot flood a
        channel.
        """
        if self.bot.is_closed():
            return  # nobody can be told
        number = self._count_refusal(message, error)
        if number > 0:
            if number <= _MAX_WAITS:
                with contextlib.suppress(*_NOT_REACHED):
                    await message.add_reaction(_WAIT)
            return
        requester = await requester_of(self.bot, message)
        text = explain(error, words_of(requester), privately=message.guild is None).text
        fades = isinstance(error, WrongUse) and message.guild is not None
        try:
            told = await reply_to(message, text)
            if fades:
                await told.delete(delay=_REFUSAL_S)
        except QuestionDeleted:
            return
        except _NOT_REACHED:
            with contextlib.suppress(*_NOT_REACHED):
                await message.author.send(text)

    def _count_refusal(self, message: discord.Message, error: Exception) -> int:
        """How many of a person's messages were refused since they were last told why."""
        if not isinstance(error, _UNCOUNTED):
            return 0
        for_s = error.wait_s if isinstance(error, TooSoon) else _SPEAKS_FOR_S
        return self._refusals.count(message.author.id, error.code, for_s=for_s)


def _others_in(message: discord.Message) -> list[str]:
    """The names of the people and bots whom a message mentions or answers: it may call them."""
    answered = message.reference.resolved if message.reference is not None else None
    people: list[discord.abc.User] = list(message.mentions)
    if isinstance(answered, discord.Message):
        people.append(answered.author)
    us = {message.author.id, message.guild.me.id if message.guild is not None else 0}
    return [one.display_name for one in people if one.id not in us]


def _check_may_write(message: discord.Message) -> None:
    """Check permissions before anything costs money."""
    if message.guild is None or isinstance(message.channel, discord.PartialMessageable):
        return
    allowed = message.channel.permissions_for(message.guild.me)
    require_permissions(allowed, posting_permission(message.channel))
