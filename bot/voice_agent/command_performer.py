"""Carries out what people tell the assistant to do; how it speaks to them here, the rest elsewhere.

    outcome = await performer.perform(order)   # None: it is ordinary talk after all

Nothing is called for it. For the event loop's thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, Protocol, TypeAlias

from audio.manner import PLAIN, Manner
from bot import sentences
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.spoken_commands import STYLES, CommandKind, CommandMatch, SpokenCommand
from bot.voice_agent.events import PerformCommands, ReplyChunk
from bot.voice_agent.options import DEFAULT_OPTIONS
from bot.voice_agent.options.commands import CommandOptions

_MANNERS: Final = STYLES - {CommandKind.SHORTER, CommandKind.LANGUAGE}
_OWN: Final = STYLES | {CommandKind.REPEAT, CommandKind.STOP, CommandKind.DISMISS}


class CommandHandler(Protocol):
    """Carries out the commands that need more than the conversation itself: jobs, costs, leaving.

    Attributes:
        performs: Their kinds.
    """

    performs: frozenset[CommandKind]

    async def perform(self, order: PerformCommands, words: Words) -> str | None:
        """Carry out the commands of its kinds.

        Args:
            order: What somebody who may be heard has told the assistant.
            words: Their language.

        Returns:
            What to tell everybody who listens, in a sentence; a question waits for a yes or a no.
            None: there is nothing here that they could mean, so it is talk.
        """


@dataclass(frozen=True, slots=True)
class SpeakingStyle:
    """How the assistant speaks to one person in this conversation.

    Attributes:
        is_brief: Its answers are short.
        language: The code of the language of its answers; None: that of the question.
    """

    manner: Manner = PLAIN
    is_brief: bool = False
    language: str | None = None

    @property
    def params(self) -> dict[str, Any]:
        """Penny's parameters for an answer in this style."""
        brief = {"brief": True} if self.is_brief else {}
        return brief | ({"reply_language": self.language} if self.language else {})


AS_USUAL: Final = SpeakingStyle()


@dataclass(slots=True)
class SpokenAnswer:
    """An answer as it came from the service, to be said again.

    Attributes:
        user_id: Whose question it answers.
        pieces: Its Opus packets, and the words in each piece where they are known.
    """

    user_id: int
    text: str = ""
    pieces: list[tuple[Sequence[bytes], str]] = field(default_factory=list)

    def add(self, chunk: ReplyChunk) -> None:
        """Add a piece that has arrived."""
        self.text += chunk.text
        if chunk.packets:
            self.pieces.append((chunk.packets, chunk.spoken_text))

    def beginning(self) -> "SpokenAnswer":
        """Its first sentence, as far as its pieces can be told apart."""
        first = next(iter(sentences.split(self.text.strip())), "").strip()
        kept, said = list[tuple[Sequence[bytes], str]](), ""
        for packets, words in self.pieces:
            kept.append((packets, words))
            said = f"{said} {words}".strip()
            if len(said) >= len(first):
                break
        return SpokenAnswer(
            self.user_id, first if len(kept) < len(self.pieces) else self.text, kept
        )


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What there is to say about commands.

    Attributes:
        text: In words.
        language: The code of the language of these; None: unknown.
        again: The answer to say again, whose words are in the text; None: all of the text has to be
            spoken.
        then: What has to be spoken after that answer, which is in the text, too.
    """

    text: str
    language: str | None
    again: SpokenAnswer | None = None
    then: str = ""

    def and_then(self, told: str, language: str) -> "CommandOutcome":
        """This, and then what else there is to tell: a question comes last."""
        return replace(self, text=f"{self.text} {told}", language=language, then=told)


@dataclass(frozen=True, slots=True)
class _Performed:
    """What was done in a person's latest turn that had commands, and what there was to say."""

    turn_id: int
    commands: frozenset[SpokenCommand] = frozenset()
    outcome: CommandOutcome | None = None


Answers: TypeAlias = dict[int, SpokenAnswer]


@dataclass(slots=True)
class CommandPerformer:
    """Performs the commands of one conversation.

    Attributes:
        options: The steps and limits.
        locale_of: The Discord locale of a person, where their words are in either language.
        handler: Carries out what needs more than the conversation.
        latest: The latest answer that has begun to play.
    """

    options: CommandOptions = DEFAULT_OPTIONS.commands
    locale_of: Callable[[int], str | None] = lambda _: None
    handler: CommandHandler | None = None
    latest: SpokenAnswer | None = None
    _styles: dict[int, SpeakingStyle] = field(default_factory=dict)
    _performed: dict[int, _Performed] = field(default_factory=dict)  # by user
    _arriving: Answers = field(default_factory=dict)

    @property
    def performs(self) -> frozenset[CommandKind]:
        """The kinds of commands that can be carried out here."""
        return _OWN if self.handler is None else _OWN | self.handler.performs

    def style_of(self, user_id: int | None) -> SpeakingStyle:
        """How to speak to a person."""
        return self._styles.get(self._key(user_id), AS_USUAL)

    def manner_for(self, user_id: int | None) -> Manner:
        """The tempo and volume for a person; None: for everybody."""
        return self.style_of(user_id).manner

    def params_for(self, user_id: int) -> dict[str, Any]:
        """Penny's parameters for an answer to a person."""
        return self.style_of(user_id).params

    def forget(self, user_id: int) -> None:
        """Drop what was said to a person, and how to speak to them."""
        self._styles.pop(self._key(user_id), None)
        self._performed.pop(user_id, None)
        if self.latest is not None and self.latest.user_id == user_id:
            self.latest = None
        self._arriving = {n: one for n, one in self._arriving.items() if one.user_id != user_id}

    # -- answers, to say them again --------------------------------------------------------------

    def arrived(self, user_id: int, chunk: ReplyChunk) -> None:
        """A piece of an answer has arrived."""
        answer = self._arriving.setdefault(chunk.request_id, SpokenAnswer(user_id))
        answer.add(chunk)
        while len(self._arriving) > self.options.max_answers:
            del self._arriving[next(iter(self._arriving))]

    def plays(self, request_id: int) -> None:
        """An answer is being played."""
        self.latest = self._arriving.get(request_id, self.latest)

    def cancelled(self, request_id: int) -> None:
        """An answer will not be played."""
        self._arriving.pop(request_id, None)

    # -- commands --------------------------------------------------------------------------------

    async def perform(self, order: PerformCommands) -> CommandOutcome | None:
        """Carry out commands; None: it is ordinary talk after all.

        Who makes a sound after a command is asked again for the words of their whole turn. What was
        done already in this turn is not done twice: the second "cancel" would be about another job.

        Raises:
            SkydeckError: One cannot be carried out.
        """
        before = self._performed.get(order.user_id)
        if before is None or before.turn_id != order.turn_id:
            before = _Performed(order.turn_id)
        new = tuple(one for one in order.match.commands if one not in before.commands)
        if not new:
            return before.outcome
        outcome = await self._perform(replace(order, match=replace(order.match, commands=new)))
        if outcome is not None:
            done = _Performed(order.turn_id, before.commands | {*new}, outcome)
            self._performed[order.user_id] = done
        return outcome

    async def _perform(self, order: PerformCommands) -> CommandOutcome | None:
        kinds = frozenset(order.match.kinds)
        words, said = words_for(self._language_for(order)), None
        told = self.change_style(order.user_id, order.match, words)
        if self.handler is not None and kinds & self.handler.performs:
            said = await self.handler.perform(order, words)
            if said is None and not told:
                return None
        language = words_for(self._language_for(order)).language
        if CommandKind.REPEAT in kinds:
            repeated = self._say_again(kinds) if CommandKind.LANGUAGE not in kinds else None
            if repeated is None or not said:
                return CommandOutcome(said, language) if said else repeated
            return repeated.and_then(said, language)
        again = self._say_again(kinds) if order.overlaps_answer and kinds <= _MANNERS else None
        return again or CommandOutcome(" ".join(filter(None, [told, said])), language)

    def change_style(self, user_id: int, match: CommandMatch, words: Words) -> str:
        """Carry out the commands about how to speak to a person; returns what to tell them."""
        told = [
            self._change_style(user_id, one, words) for one in match.commands if one.kind in STYLES
        ]
        return " ".join(told)

    def _language_for(self, order: PerformCommands) -> str | None:
        """The one that they want to hear, or else theirs, if the bot has its words in it."""
        known = (self.style_of(order.user_id).language, order.match.language, order.language)
        said = next((one for one in known if one in INTERFACE_LANGUAGES), None)
        return said or self.locale_of(order.user_id)

    def _key(self, user_id: int | None) -> int:
        return 0 if self.options.is_for_one or user_id is None else user_id

    def _say_again(self, kinds: frozenset[CommandKind]) -> CommandOutcome | None:
        if self.latest is None:
            return None
        again = self.latest.beginning() if CommandKind.SHORTER in kinds else self.latest
        return CommandOutcome(again.text.strip(), None, again)

    def _change_style(self, user_id: int, command: SpokenCommand, words: Words) -> str:
        """Change how to speak to a person; returns what to tell them."""
        before = self.style_of(user_id)
        after = _changes()[command.kind](before, command, self.options)
        self._styles[self._key(user_id)] = after
        if command.kind is CommandKind.LANGUAGE:
            code = command.to_language or words.language
            words = words_for(code if code in INTERFACE_LANGUAGES else words.language)
            return words("commands.style.language", language=words(f"grace.language.{code}"))
        if after == before and command.kind in _MANNERS:
            return words(f"commands.limit.{command.kind}")
        return words(f"commands.style.{command.kind}")


_Change: TypeAlias = Callable[[SpeakingStyle, SpokenCommand, CommandOptions], SpeakingStyle]


def _by_gain(steps: int) -> _Change:
    def change(style: SpeakingStyle, _: SpokenCommand, options: CommandOptions) -> SpeakingStyle:
        gain_db = style.manner.gain_db + steps * options.gain_step_db
        gain_db = min(max(gain_db, options.min_gain_db), options.max_gain_db)
        return replace(style, manner=replace(style.manner, gain_db=gain_db))

    return change


def _by_tempo(steps: int) -> _Change:
    def change(style: SpeakingStyle, _: SpokenCommand, options: CommandOptions) -> SpeakingStyle:
        tempo = round(style.manner.tempo * options.tempo_step**steps, 3)
        tempo = min(max(tempo, options.min_tempo), options.max_tempo)
        return replace(style, manner=replace(style.manner, tempo=tempo))

    return change


def _briefly(style: SpeakingStyle, _: SpokenCommand, _options: CommandOptions) -> SpeakingStyle:
    return replace(style, is_brief=True)


def _in_language(style: SpeakingStyle, command: SpokenCommand, _: CommandOptions) -> SpeakingStyle:
    return replace(style, language=command.to_language)


@cache
def _changes() -> dict[CommandKind, _Change]:
    return {
        CommandKind.LOUDER: _by_gain(1),
        CommandKind.QUIETER: _by_gain(-1),
        CommandKind.SLOWER: _by_tempo(-1),
        CommandKind.FASTER: _by_tempo(1),
        CommandKind.SHORTER: _briefly,
        CommandKind.LANGUAGE: _in_language,
    }
