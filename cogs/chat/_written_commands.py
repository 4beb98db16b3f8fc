"""What people write to have something done at once, in fixed words: "cancel that".

It works while every service is down: no model decides, and nothing is called.
"""

import asyncio
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final, Protocol, cast

import discord

from bot.actions.reading_ahead import read_ahead
from bot.background import Background
from bot.contract import System
from bot.discord_client import SkyDeck
from bot.errors import TooSoon
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.jobs.view import Requester
from bot.recently_deleted import RecentIds
from bot.spoken_commands import (
    STYLES,
    CommandKind,
    CommandMatch,
    SpokenCommand,
)
from bot.store.records import Role
from bot.store.repositories.recovery import Job
from bot.voice_agent.command_performer import AS_USUAL, CommandPerformer, SpeakingStyle
from bot.voice_agent.confirmations import Confirmations
from bot.voice_agent.utterance_intent import UtteranceClassifier
from cogs.chat._acting import Acting
from cogs.chat._forgetting import forget_what_was_said
from cogs.chat._job_message import ChatMessage
from cogs.chat._memory import is_conversation
from cogs.chat._reference import parent_of
from cogs.chat._written import ENDS, Written
from cogs.shared import person_commands
from cogs.shared.names import own_ids
from cogs.shared.places import Vocal, allowed_at, whereabouts
from cogs.shared.presence import server_of
from cogs.shared.requester import Occasion, admit, person_of, persona_at, readmit, words_of
from cogs.shared.rights import Relation, Right, may
from cogs.shared.splitting import disarm
from cogs.shared.yes_no import YesNo

_MAX_CHARS: Final = 200
"""No command is longer."""
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

    async def leave_server(self, guild: discord.Guild) -> None:
        """Leave it.

        Raises:
            StoreFailed: That cannot be stored.
        """


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
    view: YesNo | None = None


class WrittenCommands:
    """Finds commands in messages that are for the bot, and carries them out."""

    def __init__(self, bot: SkyDeck, acting: Acting) -> None:
        self._bot = bot
        self._acting = acting
        self._pending = Confirmations[tuple[int, int], _Asked](bot.clock)
        self._performers: dict[int, CommandPerformer] = {}
        self._done = RecentIds()
        self._background = Background("the end of a question")

    async def close(self) -> None:
        """Stop what runs beside the conversation."""
        await self._background.close()

    async def warm_up(self) -> None:
        """Read what people's words are judged by: the first of it takes more than half a second."""
        await asyncio.to_thread(read_ahead)

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
        said = "" if _has_more_than_words(message) else said
        match = self._match(message, said, name, parent_of(message))
        return None if match is None else Written(message, match, whole_channel)

    async def find_in_command(
        self, interaction: discord.Interaction[SkyDeck], said: str
    ) -> Written | None:
        """What is told to the bot in words that come with a command; None: it is ordinary talk.

        Raises:
            StoreFailed: The server's personas cannot be read.
        """
        guild = server_of(interaction)
        persona = await persona_at(self._bot, guild, interaction.channel)
        said = own_ids(self._bot, guild).without_calls(said)
        match = self._match(interaction, said, persona.name, None)
        if match is None:
            return None
        whole_channel = guild is None or await is_conversation(self._bot, interaction.channel)
        return Written(interaction, match, whole_channel)

    def _match(
        self, occasion: Occasion, said: str, name: str, parent_id: int | None
    ) -> CommandMatch | None:
        said = said if len(said) <= _MAX_CHARS else ""
        classifier = _classifier(name)
        match = self._confirmation(occasion, said, classifier, parent_id)
        match = match or classifier.commands(said, is_written=True)
        return match or classifier.likely_commands(said, is_written=True)

    def _confirmation(
        self,
        occasion: Occasion,
        said: str,
        classifier: UtteranceClassifier,
        parent_id: int | None,
    ) -> CommandMatch | None:
        """The answer to what the bot has asked them; after anything else, a "yes" is about that."""
        key = (occasion.channel.id if occasion.channel else 0), person_of(occasion).id
        asked, questions = self._pending.peek(key), self._acting.questions
        question_id = asked.question_id if asked is not None else questions.peek_yes_no(*key)
        if question_id is None or occasion.id in self._done:
            return None
        is_about_it = parent_id in (None, question_id)
        answer = classifier.answer(said, is_written=True) if is_about_it else None
        if answer is None:
            self._take(key)
            questions.take_yes_no(*key)
        return answer

    def _take(self, key: tuple[int, int]) -> _Asked | None:
        """What a person was asked, which is answered or called off: its buttons go."""
        asked = self._pending.take(key)
        if asked is not None and asked.view is not None:
            self._background.start(asked.view.settle())
        return asked

    async def admit_command(
        self, interaction: discord.Interaction[SkyDeck], said: str
    ) -> Requester | None:
        """Do what the words of a command say, if they are fixed ones; else return whose they are.

        Raises:
            NotAllowed: The server does not allow the bot to answer them there.
            TooSoon: They ask too often; to stop something, they may.
            StoreFailed: The store cannot be used.
            discord.HTTPException, OSError: Discord accepts no reply.
        """
        written = await self.find_in_command(interaction, said)
        if written is None:
            requester = await admit(self._bot, interaction)
        else:
            requester = await (readmit if written.is_free else admit)(self._bot, interaction)
            if await self.carry_out(written, requester):
                return None
            if written.is_free:
                requester = await admit(self._bot, interaction)
        self.ask_anew(requester.channel_id, requester.user_id)
        return requester

    def ask_anew(self, channel_id: int, user_id: int) -> None:
        """A person asks something by a command: what they write from now on is about that."""
        self._take((channel_id, user_id))
        self._acting.questions.ask_anew(channel_id, user_id)

    async def carry_out(self, written: Written, requester: Requester) -> bool:
        """Do what a message tells the bot to do. Returns False if it is talk after all.

        Raises:
            TooSoon: They tell it too often to stop what is not under way.
            StoreFailed: The store cannot be used.
            discord.HTTPException, OSError: Discord accepts no reply.
        """
        if written.occasion.id in self._done:
            return True  # the gateway repeats events after a reconnect
        self._done.add([written.occasion.id])
        words = self._words_for(written, requester)
        if await self._answers_a_question(written):
            return False
        async with written.in_time():
            told = await self._perform_all(written, words)
        if not told:
            return False
        view, asked = None, self._pending.peek(written.key)
        if asked is not None and _ANSWERS.isdisjoint(written.match.kinds):
            view = YesNo(words, requester.user_id, partial(self._press, written, words))
            asked.view = view
        sent = await written.reply("\n".join(told), view)
        if view is not None and asked is not None:
            asked.question_id = sent.id
            await view.is_shown_in(sent)
        return True

    async def _perform_all(self, written: Written, words: Words) -> list[str]:
        """Carry out the commands; returns what to tell, nothing if it is talk after all."""
        told: list[str] = []
        for command in written.match.commands:
            said = await self._perform(command, written, words)
            if said is None and not told:
                return []
            told += filter(None, [said])
        return told

    async def _answers_a_question(self, written: Written) -> bool:
        """Whether the bot has asked something that a few such words answer."""
        if not _MAY_BE_ANSWERS.issuperset(written.match.kinds):
            return False
        is_asked = self._acting.questions.of(*written.key) is not None
        return is_asked or (await self._latest_answer(written)).endswith("?")

    def _words_for(self, written: Written, requester: Requester) -> Words:
        """The language that they want to hear, or else theirs, if the bot has its words in it."""
        known = (self.style_at(*written.key).language, written.match.language)
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
        if kind in ENDS:
            return await self._end(command, written, words)
        if kind in STYLES:
            return self._change_style(command, written, words)
        if kind in _ANSWERS:
            return await self._answer(kind, written, words)
        match kind:
            case CommandKind.PROGRESS:
                job, user_id = await self._job_replied_to(written), written.author.id
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
        user_id = written.author.id
        spent = await person_commands.cost_today(self._bot, user_id, words)
        if written.guild_id is None:
            return spent
        return await person_commands.tell_alone(self._bot, user_id, spent, words)

    def _ask_whether_to_forget(self, written: Written, words: Words) -> str:
        self._pending.ask(written.key, _Asked(CommandKind.FORGET, written))
        has_context = written.whole_channel or written.parent_id is not None
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
            relation = _relation(written, job)
            if kind is CommandKind.DISMISS and not relation.is_owner:
                return None  # "don't worry about it" to somebody else
            return await person_commands.cancel(self._bot, job, relation, words)
        user_id = written.author.id
        jobs = await person_commands.running_jobs(self._bot, user_id, command.job)
        if jobs and kind in (CommandKind.CANCEL, CommandKind.CANCEL_JOB):
            owner = Relation(is_owner=True)
            return await person_commands.cancel(self._bot, jobs[0], owner, words)
        here = written.channel_id
        answers = (job for job in jobs if job.channel_id == here and _is_answer(job))
        answer = next(answers, None)
        if answer is not None:
            owner = Relation(is_owner=True)
            return await person_commands.cancel(self._bot, answer, owner, words)
        return None if kind is CommandKind.DISMISS else self._nothing_runs(command, written, words)

    def _nothing_runs(self, command: SpokenCommand, written: Written, words: Words) -> str:
        """These replies are counted, so that nobody can make the bot flood a channel with them."""
        wait_s = self._bot.limiter.take(written.author.id, written.guild_id)
        if wait_s > 0:
            raise TooSoon(wait_s=wait_s)
        return person_commands.nothing_runs(command.job, words)

    async def _job_replied_to(self, written: Written) -> Job | None:
        if written.parent_id is None:
            return None
        return await person_commands.job_shown_in(
            self._bot, written.parent_id, written.guild_id, written.author.id
        )

    async def _answer(self, answer: CommandKind, written: Written, words: Words) -> str | None:
        asked = self._take(written.key)
        if asked is None:
            is_yes = answer is CommandKind.YES
            return await self._acting.answered_in_words(*written.key, is_yes, words)
        if answer is CommandKind.NO:
            return words("commands.stays" if asked.kind is CommandKind.LEAVE else "commands.kept")
        if asked.kind is CommandKind.LEAVE:
            return await self._leave(asked.written, words, is_confirmed=True)
        channel_id = written.channel_id
        performer = self._performers.get(channel_id)
        if performer is not None:
            performer.forget(written.author.id)
        person_id = written.author.id
        await self._acting.questions.forget_person(person_id)
        gone = await forget_what_was_said(self._bot, asked.written)
        return words("commands.forgot" if gone else "commands.forgot_nothing")

    async def _leave(
        self, written: Written, words: Words, *, is_confirmed: bool = False
    ) -> str | None:
        """Leave the server's voice channel, if they may send the bot away."""
        guild, author = written.occasion.guild, written.author
        voice = cast("VoiceCog | None", self._bot.get_cog("Voice"))
        here = None if voice is None or guild is None else voice.channel_in(guild)
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
        memory, parent_id = self._bot.store.conversations, written.parent_id
        if not written.reads_history:
            return ""
        if parent_id is not None:
            said = await memory.chain(parent_id, budget_chars=_MAX_REPEATED_CHARS)
        elif written.whole_channel:
            said = await memory.thread(written.conversation_id, budget_chars=_MAX_REPEATED_CHARS)
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

    def style_at(self, channel_id: int, user_id: int) -> SpeakingStyle:
        """How a person wants to be answered in a channel."""
        performer = self._performers.get(channel_id)
        return AS_USUAL if performer is None else performer.style_of(user_id)


@lru_cache(maxsize=128)
def _classifier(name: str) -> UtteranceClassifier:
    return UtteranceClassifier([*(system.assistant for system in System), *filter(None, [name])])


def _has_more_than_words(message: discord.Message) -> bool:
    more = message.attachments, message.stickers, message.message_snapshots, message.poll
    return any(more)


def _is_answer(job: Job) -> bool:
    return bool(job.place.get("kind") == ChatMessage.model_fields["kind"].default)


def _relation(written: Written, job: Job) -> Relation:
    """How somebody relates to a job that is shown in the channel where they write."""
    author, channel = written.author, written.occasion.channel
    is_owner = job.user_id == author.id
    if not isinstance(author, discord.Member):
        return Relation(is_owner=is_owner)
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return Relation(is_owner=is_owner)
    allowed = channel.permissions_for(author)
    return Relation(
        is_owner=is_owner,
        is_of_server=True,
        sees=True,
        manages_messages=allowed.manage_messages,
    )
