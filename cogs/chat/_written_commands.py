"""What people write to have something done at once, in fixed words: "cancel that".

It works while every service is down: no model decides, and nothing is called.
"""

import asyncio
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final, Protocol, cast

import discord

from bot.contract import System
from bot.discord_client import SkyDeck
from bot.errors import TooSoon
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.jobs.view import Requester
from bot.recently_deleted import RecentIds
from bot.spoken_commands import CommandKind, CommandMatch, SpokenCommand, find_commands
from bot.store.records import Role
from bot.store.repositories.recovery import Job
from bot.voice_agent.command_performer import (
    AS_USUAL,
    STYLES,
    CommandPerformer,
    SpeakingStyle,
)
from bot.voice_agent.confirmations import Confirmations
from bot.voice_agent.utterance_intent import UtteranceClassifier
from cogs.chat._acting import Acting
from cogs.chat._forgetting import forget_what_was_said
from cogs.chat._job_message import ChatMessage
from cogs.chat._memory import may_read_history
from cogs.chat._reference import parent_of
from cogs.shared import person_commands
from cogs.shared.gone import reply_to
from cogs.shared.names import own_ids
from cogs.shared.places import Vocal, allowed_at, whereabouts
from cogs.shared.requester import words_of
from cogs.shared.rights import Relation, Right, may
from cogs.shared.splitting import disarm, split
from cogs.shared.yes_no import YesNo

_MAX_CHARS: Final = 200
"""No command is longer."""
_ENDS: Final = frozenset(
    {CommandKind.STOP, CommandKind.DISMISS, CommandKind.CANCEL, CommandKind.CANCEL_JOB}
)
_MAY_BE_ANSWERS: Final = STYLES | {CommandKind.REPEAT}
"""After a question of the bot's ("In which language?") they answer it."""
_ANSWERS: Final = frozenset({CommandKind.YES, CommandKind.NO})
_MAX_REPEATED_CHARS: Final = 16_000
_MAX_PLACES: Final = 500
"""In how many places it is known how to answer a person; beyond that, the oldest is forgotten."""


class VoiceCog(Protocol):
    """The cog of the voice channels, as far as a message needs it."""

    def channel_in(self, guild: discord.Guild) -> Vocal | None:
        """The voice channel that the bot is in on this server."""
        ...

    async def leave_server(self, guild: discord.Guild) -> None:
        """Leave it.

        Raises:
            StoreFailed: That cannot be stored.
        """
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A message that tells the bot to do something.

    Attributes:
        whole_channel: Whether the channel itself is the conversation.
    """

    message: discord.Message
    match: CommandMatch
    whole_channel: bool

    @property
    def is_free(self) -> bool:
        """Whether it only stops something: who asks too often may still do that."""
        return _ENDS.issuperset(self.match.kinds)

    @property
    def key(self) -> tuple[int, int]:
        """The channel and the person."""
        return self.message.channel.id, self.message.author.id


@dataclass(slots=True)
class _Asked:
    """What a person was asked to confirm.

    Attributes:
        kind: What they want done.
        written: The message that said so.
        question_id: The bot's message that asks; 0: it is not posted yet.
    """

    kind: CommandKind
    written: Written
    question_id: int = 0


class WrittenCommands:
    """Finds commands in messages that are for the bot, and carries them out."""

    def __init__(self, bot: SkyDeck, acting: Acting) -> None:
        self._bot = bot
        self._acting = acting
        self._pending = Confirmations[tuple[int, int], _Asked](bot.clock)
        self._performers: dict[int, CommandPerformer] = {}
        self._done = RecentIds()

    async def warm_up(self) -> None:
        """Read the lists of phrases."""
        await asyncio.to_thread(find_commands, ["stop"])

    def find(
        self, message: discord.Message, *, name: str = "", whole_channel: bool
    ) -> Written | None:
        """What a message tells the bot to do; None: it is ordinary talk.

        Args:
            message: The message.
            name: The name that people of the server have given to the bot; empty: none.
            whole_channel: Whether the channel itself is the conversation.
        """
        said = own_ids(self._bot, message.guild).without_calls(message.content)
        if _has_more_than_words(message) or len(said) > _MAX_CHARS:
            said = ""
        classifier = _classifier(name)
        match = self._confirmation(message, said, classifier)
        match = match or classifier.commands(said, is_written=True)
        return None if match is None else Written(message, match, whole_channel)

    def _confirmation(
        self, message: discord.Message, said: str, classifier: UtteranceClassifier
    ) -> CommandMatch | None:
        """The answer to what the bot has asked them; after anything else, a "yes" is about that."""
        key = message.channel.id, message.author.id
        asked, questions = self._pending.peek(key), self._acting.questions
        question_id = asked.question_id if asked is not None else questions.peek_yes_no(*key)
        if question_id is None or message.id in self._done:
            return None
        is_about_it = parent_of(message) in (None, question_id)
        answer = classifier.answer(said, is_written=True) if is_about_it else None
        if answer is None:
            self._pending.take(key)
            questions.take_yes_no(*key)
        return answer

    def ask_anew(self, channel_id: int, user_id: int) -> None:
        """A person asks something by a command: what they write from now on is about that."""
        self._pending.take((channel_id, user_id))
        self._acting.questions.ask_anew(channel_id, user_id)

    async def carry_out(self, written: Written, requester: Requester) -> bool:
        """Do what a message tells the bot to do. Returns False if it is talk after all.

        Raises:
            TooSoon: They tell it too often to stop what is not under way.
            StoreFailed: The store cannot be used.
            discord.HTTPException, OSError: Discord accepts no reply.
        """
        message, kinds = written.message, frozenset(written.match.kinds)
        if message.id in self._done:
            return True  # the gateway repeats events after a reconnect
        self._done.add([message.id])
        words = self._words_for(written, requester)
        if await self._answers_a_question(written):
            return False
        told: list[str] = []
        for command in written.match.commands:
            said = await self._perform(command, written, words)
            if said is None and not told:
                return False
            told += filter(None, [said])
        view, asked = None, self._pending.peek(written.key)
        if asked is not None and not kinds & _ANSWERS:
            view = YesNo(words, requester.user_id, partial(self._press, written, words))
        *before, last = split("\n".join(told)[:_MAX_REPEATED_CHARS])
        for part in before:
            await reply_to(message, part)
        sent = await reply_to(message, last, view=view)
        if view is not None and asked is not None:
            view.message, asked.question_id = sent, sent.id
        return True

    async def _answers_a_question(self, written: Written) -> bool:
        """Whether the bot has asked something that a few such words answer."""
        if not _MAY_BE_ANSWERS.issuperset(written.match.kinds):
            return False
        is_asked = self._acting.questions.of(*written.key) is not None
        return is_asked or (await self._latest_answer(written)).endswith("?")

    def _words_for(self, written: Written, requester: Requester) -> Words:
        """The language that they want to hear, or else theirs, if the bot has its words in it."""
        known = (self.style_for(written.message).language, written.match.language)
        language = next((one for one in known if one in INTERFACE_LANGUAGES), None)
        return words_of(requester) if language is None else words_for(language)

    async def _press(self, written: Written, words: Words, is_yes: bool) -> str:
        asked = self._pending.peek(written.key)
        if asked is None or asked.written is not written:  # another question is open by now
            return words("commands.expired")
        answer = CommandKind.YES if is_yes else CommandKind.NO
        return await self._answer(answer, written, words) or words("commands.expired")

    # -- one command at a time -------------------------------------------------------------------

    async def _perform(self, command: SpokenCommand, written: Written, words: Words) -> str | None:
        """Carry out a command; returns what to reply, or None if it is talk."""
        kind = command.kind
        if kind in _ENDS:
            return await self._end(command, written, words)
        if kind in STYLES:
            return self._change_style(command, written, words)
        if kind in _ANSWERS:
            return await self._answer(kind, written, words)
        match kind:
            case CommandKind.PROGRESS:
                job, user_id = await self._job_replied_to(written), written.message.author.id
                job = job if job is not None and job.user_id == user_id else None
                return await person_commands.progress(self._bot, user_id, words, job, command.job)
            case CommandKind.COST:
                return await self._tell_cost(written, words)
            case CommandKind.FORGET:
                return self._ask_whether_to_forget(written, words)
            case CommandKind.LEAVE:
                return await self._leave(written, words)
            case _:
                return await self._repeat(written, words)

    async def _tell_cost(self, written: Written, words: Words) -> str:
        user_id = written.message.author.id
        spent = await person_commands.cost_today(self._bot, user_id, words)
        if written.message.guild is None:
            return spent
        return await person_commands.tell_alone(self._bot, user_id, spent, words)

    def _ask_whether_to_forget(self, written: Written, words: Words) -> str:
        self._pending.ask(written.key, _Asked(CommandKind.FORGET, written))
        has_context = written.whole_channel or parent_of(written.message) is not None
        return words("commands.ask_forget" if has_context else "commands.ask_forget_server")

    async def _end(self, command: SpokenCommand, written: Written, words: Words) -> str | None:
        """Stop what is under way: the job that they reply to, an answer here, or the newest job.

        Who was asked about an action calls that off, and nothing else.
        """
        kind = command.kind
        if self._acting.questions.of(*written.key) is not None:
            self._acting.questions.drop(*written.key)
            return words("commands.kept")
        job = await self._job_replied_to(written)
        if job is not None:
            relation = _relation(written.message, job)
            if kind is CommandKind.DISMISS and not relation.is_owner:
                return None  # "don't worry about it" to somebody else
            return await person_commands.cancel(self._bot, job, relation, words)
        user_id = written.message.author.id
        jobs = await person_commands.running_jobs(self._bot, user_id, command.job)
        if jobs and kind in (CommandKind.CANCEL, CommandKind.CANCEL_JOB):
            owner = Relation(is_owner=True)
            return await person_commands.cancel(self._bot, jobs[0], owner, words)
        here = written.message.channel.id
        answers = (job for job in jobs if job.channel_id == here and _is_answer(job))
        answer = next(answers, None)
        if answer is not None:
            owner = Relation(is_owner=True)
            return await person_commands.cancel(self._bot, answer, owner, words)
        return None if kind is CommandKind.DISMISS else self._nothing_runs(command, written, words)

    def _nothing_runs(self, command: SpokenCommand, written: Written, words: Words) -> str:
        """These replies are counted, so that nobody can make the bot flood a channel with them."""
        guild = written.message.guild
        wait_s = self._bot.limiter.take(
            written.message.author.id, guild.id if guild is not None else None
        )
        if wait_s > 0:
            raise TooSoon(wait_s=wait_s)
        return person_commands.nothing_runs(command.job, words)

    async def _job_replied_to(self, written: Written) -> Job | None:
        message = written.message
        parent_id = parent_of(message)
        if parent_id is None:
            return None
        guild_id = message.guild.id if message.guild is not None else None
        return await person_commands.job_shown_in(self._bot, parent_id, guild_id, message.author.id)

    async def _answer(self, answer: CommandKind, written: Written, words: Words) -> str | None:
        asked = self._pending.take(written.key)
        if asked is None:
            is_yes = answer is CommandKind.YES
            return await self._acting.answered_in_words(*written.key, is_yes, words)
        if answer is CommandKind.NO:
            return words("commands.stays" if asked.kind is CommandKind.LEAVE else "commands.kept")
        if asked.kind is CommandKind.LEAVE:
            return await self._leave(asked.written, words, is_confirmed=True)
        channel_id = written.message.channel.id
        performer = self._performers.get(channel_id)
        if performer is not None:
            performer.forget(written.message.author.id)
        person_id = written.message.author.id
        await self._acting.questions.forget_person(person_id)
        gone = await forget_what_was_said(
            self._bot, asked.written.message, whole_channel=asked.written.whole_channel
        )
        return words("commands.forgot" if gone else "commands.forgot_nothing")

    async def _leave(
        self, written: Written, words: Words, *, is_confirmed: bool = False
    ) -> str | None:
        """Leave the server's voice channel, if they may send the bot away."""
        message, author = written.message, written.message.author
        voice = cast("VoiceCog | None", self._bot.get_cog("Voice"))
        here = None if voice is None or message.guild is None else voice.channel_in(message.guild)
        if voice is None or here is None or not isinstance(author, discord.Member):
            return None
        allowed = await allowed_at(here, author)
        relation = Relation(
            is_of_server=True,
            sees=allowed.view_channel,
            moves_members=allowed.move_members,
            is_present=whereabouts(author) == here.id,
        )
        if not may(Right.COMMAND_VOICE, relation):
            return words("commands.cannot_leave")
        others = [one for one in here.members if not one.bot and one.id != author.id]
        if others and not is_confirmed:
            self._pending.ask(written.key, _Asked(CommandKind.LEAVE, written))
            return words("commands.ask_leave")
        await voice.leave_server(here.guild)
        return words("voice.left")

    async def _repeat(self, written: Written, words: Words) -> str | None:
        answer = await self._latest_answer(written)
        if not answer or CommandKind.LANGUAGE in written.match.kinds:
            return None
        return f"{words('commands.again')}\n{disarm(answer)}"

    async def _latest_answer(self, written: Written) -> str:
        """The latest answer of the conversation; empty: there is none that they may read."""
        message, memory = written.message, self._bot.store.conversations
        if not may_read_history(message):
            return ""
        parent_id = parent_of(message)
        if parent_id is not None:
            said = await memory.chain(parent_id, budget_chars=_MAX_REPEATED_CHARS)
        elif written.whole_channel:
            said = await memory.thread(message.channel.id, budget_chars=_MAX_REPEATED_CHARS)
        else:
            return ""
        answers = (one.content.strip() for one in reversed(said) if one.role is Role.ASSISTANT)
        return next(answers, "")

    # -- how to answer a person ------------------------------------------------------------------

    def _change_style(self, command: SpokenCommand, written: Written, words: Words) -> str:
        channel_id, user_id = written.key
        performer = self._performers.setdefault(channel_id, CommandPerformer())
        while len(self._performers) > _MAX_PLACES:
            del self._performers[next(iter(self._performers))]
        return performer.change_style(user_id, replace(written.match, commands=(command,)), words)

    def style_for(self, message: discord.Message) -> SpeakingStyle:
        """How the author of a message wants to be answered there."""
        performer = self._performers.get(message.channel.id)
        return AS_USUAL if performer is None else performer.style_of(message.author.id)


@lru_cache(maxsize=128)
def _classifier(name: str) -> UtteranceClassifier:
    return UtteranceClassifier([*(system.assistant for system in System), *filter(None, [name])])


def _has_more_than_words(message: discord.Message) -> bool:
    more = message.attachments, message.stickers, message.message_snapshots, message.poll
    return any(more)


def _is_answer(job: Job) -> bool:
    return bool(job.place.get("kind") == ChatMessage.model_fields["kind"].default)


def _relation(message: discord.Message, job: Job) -> Relation:
    """How the author of a message relates to a job that is shown in the same channel."""
    author, channel = message.author, message.channel
    is_owner = job.user_id == author.id
    if not isinstance(author, discord.Member) or isinstance(channel, discord.PartialMessageable):
        return Relation(is_owner=is_owner)
    allowed = channel.permissions_for(author)
    return Relation(
        is_owner=is_owner,
        is_of_server=True,
        sees=True,
        manages_messages=allowed.manage_messages,
    )
