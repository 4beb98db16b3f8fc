"""Finds the commands that an utterance consists of. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

from bot.spoken_commands.grammar import GRAMMAR_LANGUAGES, Grammar, grammar_of

_MAX_WORDS: Final = 24
"""The longest command has half as many."""
_DRAWN_OUT: Final = re.compile(r"(\w)\1{2,}")
"""A letter that somebody holds down: "stoppp"."""
_ONE_LETTER: Final = r"\1"
_MAX_REPEATED_WORDS: Final = 200
"""How much is looked at of an utterance that may only repeat itself."""
_MAX_COMMANDS: Final = 3
"""How many commands one utterance may hold: "say it again, slower and in Spanish"."""


class CommandKind(StrEnum):
    """What a person wants.

    STOP: silence. DISMISS: "never mind". CANCEL: an end of what is under way. CANCEL_JOB: of a job
    that they name ("cancel the build"). REPEAT: the last answer again. LOUDER to FASTER: how it
    speaks. SHORTER: short answers. LANGUAGE: answers in another one. LEAVE: it goes out of the
    voice channel. FORGET: what they have said. PROGRESS: how far their job is. COST: what they have
    spent today. YES, NO: the answer to the assistant's own question whether to do something.
    CONFIRM: nobody says it; the assistant asks that question.
    """

    STOP = "stop"
    DISMISS = "dismiss"
    CANCEL = "cancel"
    CANCEL_JOB = "cancel_job"
    REPEAT = "repeat"
    LOUDER = "louder"
    QUIETER = "quieter"
    SLOWER = "slower"
    FASTER = "faster"
    SHORTER = "shorter"
    LANGUAGE = "language"
    LEAVE = "leave"
    FORGET = "forget"
    PROGRESS = "progress"
    COST = "cost"
    YES = "yes"
    NO = "no"
    CONFIRM = "confirm"


class JobNoun(StrEnum):
    """What people call a job of theirs, where that tells it from others."""

    BUILD = "build"
    SUMMARY = "summary"
    TRANSLATION = "translation"
    QUESTION = "question"


class Agreement(StrEnum):
    """What a YES says, which aloud may come from a television, or be about something else.

    UNCLEAR: "ok", "of course". PLAIN: a short yes. BUILD, FORGET: it also names what to do.
    """

    UNCLEAR = "unclear"
    PLAIN = "plain"
    BUILD = "build"
    FORGET = "forget"


STYLES: Final = frozenset(
    {
        CommandKind.LOUDER,
        CommandKind.QUIETER,
        CommandKind.SLOWER,
        CommandKind.FASTER,
        CommandKind.SHORTER,
        CommandKind.LANGUAGE,
    }
)
"""About how the assistant speaks, or writes, to a person."""
CONFIRMED: Final = frozenset({CommandKind.LEAVE, CommandKind.FORGET, CommandKind.CONFIRM})
"""About these, the assistant may ask whether to do it, and wait for a YES or a NO."""


@dataclass(frozen=True, slots=True)
class SpokenCommand:
    """One command.

    Attributes:
        to_language: The code of the language that LANGUAGE asks for; None for any other kind.
        job: Which job CANCEL_JOB and PROGRESS are about; None: any.
        agreement: What a YES says.
    """

    kind: CommandKind
    to_language: str | None = None
    job: JobNoun | None = None
    agreement: Agreement = Agreement.PLAIN


@dataclass(frozen=True, slots=True)
class CommandMatch:
    """All that an utterance asks for.

    Attributes:
        commands: In the order in which they were said, each kind once.
        language: The code of the language that it was said in; None: the words are the same in
            several.
    """

    commands: tuple[SpokenCommand, ...]
    language: str | None

    @property
    def kinds(self) -> tuple[CommandKind, ...]:
        """The kinds of the commands."""
        return tuple(one.kind for one in self.commands)


CONFIRMATION: Final = CommandMatch((SpokenCommand(CommandKind.CONFIRM),), None)
"""The assistant's own question."""


def find_commands(words: Sequence[str]) -> CommandMatch | None:
    """The commands that an utterance consists of; None: it is ordinary talk.

    Args:
        words: Those of the whole utterance as `words_of` gives them, without the assistant's name.
    """
    return _in_either(lambda grammar: _commands_in(words, grammar))


def find_answer(words: Sequence[str]) -> CommandMatch | None:
    """YES or NO, if that is all that an utterance says; the assistant must have asked something."""
    return _in_either(lambda grammar: _answers_in(words, grammar))


def _in_either(find: Callable[[Grammar], tuple[SpokenCommand, ...]]) -> CommandMatch | None:
    found = {one: commands for one in GRAMMAR_LANGUAGES if (commands := find(grammar_of(one)))}
    if not found:
        return None
    commands = min(found.values(), key=len)
    return CommandMatch(commands, next(iter(found)) if len(found) == 1 else None)


@dataclass(frozen=True, slots=True)
class _Text:
    """Words, each followed by a space, and where each begins."""

    words: str
    begins: tuple[int, ...]

    @classmethod
    def of(cls, words: Sequence[str], grammar: Grammar) -> "_Text | None":
        """None: too long to be a command, empty, or with a word that no phrase has."""
        if not 0 < len(words) <= _MAX_WORDS:
            return None
        said = "".join(f"{_DRAWN_OUT.sub(_ONE_LETTER, word)} " for word in words)
        spelt = grammar.spelt(said)
        if not grammar.vocabulary.issuperset(spelt.split()):
            return None
        lengths = (len(word) + 1 for word in spelt.split())
        return cls(spelt, tuple(accumulate(lengths, initial=0))[:-1])


def _commands_in(words: Sequence[str], grammar: Grammar) -> tuple[SpokenCommand, ...]:
    text = _Text.of(words, grammar)
    chain = None if text is None else _chain(text, 0, grammar, _MAX_COMMANDS)
    if chain is None and len(once := _said_once(words)) < len(words):
        return _commands_in(once, grammar)
    return tuple(dict.fromkeys(chain or ()))


def _said_once(words: Sequence[str]) -> list[str]:
    """An utterance without its repetitions: "please shut up shut up shut up"."""
    if len(words) > _MAX_REPEATED_WORDS:
        return list(words)
    once, at = list[str](), 0
    while at < len(words):
        length, times = _repeated(words, at)
        once += words[at : at + length]
        at += length * times
    return once


def _repeated(words: Sequence[str], at: int) -> tuple[int, int]:
    """How many words from a position on are said again right after, and how often in all."""
    for length in range(1, min((len(words) - at) // 2, _MAX_WORDS) + 1):
        times = 1
        while words[at : at + length] == words[at + length * times : at + length * (times + 1)]:
            times += 1
        if times > 1:
            return length, times
    return 1, 1


def _answers_in(words: Sequence[str], grammar: Grammar) -> tuple[SpokenCommand, ...]:
    text = _Text.of(words, grammar)
    if text is None:
        return ()
    found = (name for name, phrases in grammar.answers.items() if phrases.fullmatch(text.words))
    return tuple(_answer_called(name) for name in found)


def _answer_called(name: str) -> SpokenCommand:
    kind, _, says = name.partition("+")
    return SpokenCommand(CommandKind(kind), agreement=Agreement(says or Agreement.PLAIN))


def _chain(
    text: _Text, begin: int, grammar: Grammar, limit: int
) -> tuple[SpokenCommand, ...] | None:
    """The commands from a position to the end; None: something else is said there."""
    if whole := _read(text, begin, len(text.words), grammar):
        return whole
    if limit == 1:
        return None
    for end in reversed(text.begins):
        first = _read(text, begin, end, grammar) if end > begin else ()
        if not first:
            continue
        joint = grammar.joint.match(text.words, end)
        rest = _chain(text, end if joint is None else joint.end(), grammar, limit - 1)
        if rest is not None:
            return first + rest
    return None


def _read(text: _Text, begin: int, end: int, grammar: Grammar) -> tuple[SpokenCommand, ...]:
    """The commands of one phrase; none if it is not a command."""
    is_one = grammar.command.fullmatch(text.words, begin, end)  # one look, since most are none
    kinds = grammar.commands if is_one else grammar.bare
    for name, phrases in kinds.items():
        if found := phrases.fullmatch(text.words, begin, end):
            said = next(filter(None, found.groups()), None)
            to_language = None if said is None else grammar.languages[said.strip()]
            job = next((grammar.jobs[w] for w in found[0].split() if w in grammar.jobs), None)
            kinds_of_it = map(CommandKind, name.split("+"))
            return tuple(_command(kind, to_language, job) for kind in kinds_of_it)
    return ()


def _command(kind: CommandKind, to_language: str | None, job: str | None) -> SpokenCommand:
    if kind is CommandKind.LANGUAGE:
        return SpokenCommand(kind, to_language)
    if job is not None and kind in (CommandKind.CANCEL_JOB, CommandKind.PROGRESS):
        return SpokenCommand(kind, job=JobNoun(job))
    return SpokenCommand(kind)
