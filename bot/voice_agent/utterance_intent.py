"""What an utterance is, and whether it calls the assistant. Pure.

English and Spanish, by `options/backchannels.toml` and `options/names.toml`. `name_matching.py`
finds the assistant's name, `bot.spoken_commands` what it is told to do.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from bot import sentences
from bot.hallucinations import is_said_to_nobody, without_sounds
from bot.spoken_commands import (
    CommandKind,
    CommandMatch,
    find_answer,
    find_commands,
    is_quoted,
    words_of,
)
from bot.voice_agent.name_matching import NameMatcher
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions


class UtteranceIntent(StrEnum):
    """What an utterance is.

    NOTHING: no words, or only what recognisers invent for silence and noise. BACKCHANNEL: "mm-hm",
    "uh". ACKNOWLEDGEMENT: "ok", "vale", "yes", "thanks". STOP: asks for silence and nothing else.
    CALL: the assistant's name alone. ADDRESSED: its name and more. OTHER_PERSON: begins or ends
    with the name of somebody else who is there. PLAIN: anything else.
    """

    NOTHING = "nothing"
    BACKCHANNEL = "backchannel"
    ACKNOWLEDGEMENT = "acknowledgement"
    STOP = "stop"
    CALL = "call"
    ADDRESSED = "addressed"
    OTHER_PERSON = "other_person"
    PLAIN = "plain"


_BROKEN_OFF: Final = re.compile(r"(?:\.{2,}|\u2026)\s+")
_CLAUSE_END: Final = re.compile(
    r"[,.;:!?\u2026\u00bf\u00a1\u2014\u3001\u3002\uff0c\uff01\uff1f\u060c\u061f\u0964]+"
)
SILENCING: Final = frozenset({CommandKind.STOP, CommandKind.DISMISS})
"""Commands that ask for silence and nothing else."""


class UtteranceClassifier:
    """Classifies transcripts for an assistant.

    Args:
        assistant_names: The names that it answers to.
    """

    def __init__(
        self, assistant_names: Sequence[str], options: VoiceAgentOptions = DEFAULT_OPTIONS
    ) -> None:
        phrases = options.phrases
        self._calls = [tuple(words_of(name)) for name in assistant_names]
        self._max_chars = options.limits.max_answer_chars
        self._names = NameMatcher(assistant_names, phrases)
        self._phrases = phrases
        acknowledgement = _any_of(phrases.acknowledgements)
        self._backchannel = re.compile(phrases.backchannels)
        self._acknowledgements = re.compile(f"{acknowledgement}(?: {acknowledgement})*")

    def classify(self, transcript: str, *, people: Iterable[str] = ()) -> UtteranceIntent:
        """Say what an utterance is.

        Args:
            transcript: The whole utterance.
            people: The names of the other people who are there. A near-miss of the assistant's name
                that is one of these means that person.
        """
        text = without_sounds(transcript[: self._max_chars])
        if not words_of(text) or is_said_to_nobody(text):
            return UtteranceIntent.NOTHING
        others = {part for name in people for part in words_of(name)}
        clauses = _clauses(text)
        without_names = [self._names.without_names(clause, others) for clause in clauses]
        rest = [word for clause in without_names for word in clause]
        if self._is_stop(text, others) or self._ends_with_stop(text, others):
            return UtteranceIntent.STOP
        if without_names != clauses:
            is_call = all(
                word in self._phrases.around_names or self._backchannel.fullmatch(word)
                for word in rest
            )
            return UtteranceIntent.CALL if is_call else UtteranceIntent.ADDRESSED
        return self._classify_unaddressed(rest, others)

    def commands(
        self, utterance: str, *, people: Iterable[str] = (), is_written: bool = False
    ) -> CommandMatch | None:
        """What the assistant is told to do; None: it is ordinary talk.

        Args:
            utterance: The whole utterance.
            people: As for `classify`.
            is_written: A person wrote it, so its signs mean something: who quotes tells nobody to
                do anything. A recogniser's signs are a guess.
        """
        text = without_sounds(utterance[: self._max_chars])
        if is_written and is_quoted(text):
            return None
        return self._commands(text, {part for name in people for part in words_of(name)})

    def likely_commands(
        self, utterance: str, *, people: Iterable[str] = (), is_written: bool = False
    ) -> CommandMatch | None:
        """What the assistant is told to do in words that no phrase has; None: it is likely talk.

        The arguments are those of `commands`, which is to be asked first.
        """
        from bot.actions.intents.commands import likely_command  # noqa: PLC0415  (NumPy)

        text = without_sounds(utterance[: self._max_chars])
        if is_written and is_quoted(text):
            return None
        others = {part for name in people for part in words_of(name)}
        if find_answer(self._without_hums(self._said_to_it(text, others))) is not None:
            return None  # a yes or a no to what somebody else was asked
        if any({clause[0], clause[-1]} & others for clause in _clauses(text)):
            return None
        return likely_command(text, self._calls)

    def is_called(self, utterance: str, people: Iterable[str] = ()) -> bool:
        """Whether it has the assistant's name in it; `people` as for `classify`."""
        clauses = _clauses(utterance[: self._max_chars])
        others = {part for name in people for part in words_of(name)}
        return any(self._names.without_names(one, others) != one for one in clauses)

    def answer(
        self, utterance: str, *, people: Iterable[str] = (), is_written: bool = False
    ) -> CommandMatch | None:
        """YES or NO, as the answer to the assistant's own question; None: it is neither.

        The arguments are those of `commands`.
        """
        text = without_sounds(utterance[: self._max_chars])
        if is_written and is_quoted(text):
            return None
        others = {part for name in people for part in words_of(name)}
        return find_answer(self._without_hums(self._said_to_it(text, others)))

    def _commands(self, text: str, others: set[str]) -> CommandMatch | None:
        clauses = self._words_to_it(text, others)
        said, every = self._without_hums(clauses), [word for one in clauses for word in one]
        readings = [said]
        # "ha" is laughter, and a verb in "¿cuánto ha costado?"
        readings += [one for one in (every, words_of(text)) if one not in readings]
        return next((found for one in readings if (found := find_commands(one))), None)

    def _words_to_it(self, text: str, others: set[str]) -> list[list[str]]:
        """The clauses without its name, and without an objection before them."""
        said = self._said_to_it(text, others)
        while len(said) > 1 and set(said[0]) == {"no"}:
            del said[0]
        return said

    def _said_to_it(self, text: str, others: set[str]) -> list[list[str]]:
        clauses = (self._names.without_names(clause, others) for clause in _clauses(text))
        return [clause for clause in clauses if clause]

    def _without_hums(self, clauses: Iterable[Iterable[str]]) -> list[str]:
        return [w for clause in clauses for w in clause if not self._backchannel.fullmatch(w)]

    def _classify_unaddressed(self, words: Sequence[str], others: set[str]) -> UtteranceIntent:
        spoken = [word for word in words if not self._backchannel.fullmatch(word)]
        if not spoken:
            return UtteranceIntent.BACKCHANNEL
        if self._acknowledgements.fullmatch(" ".join(spoken)):
            return UtteranceIntent.ACKNOWLEDGEMENT
        first = next((word for word in words if word not in self._phrases.call_openers), "")
        if first in others or words[-1] in others:
            return UtteranceIntent.OTHER_PERSON
        return UtteranceIntent.PLAIN

    def _is_stop(self, text: str, others: set[str]) -> bool:
        found = self._commands(text, others)
        return found is not None and SILENCING.issuperset(found.kinds)

    def _ends_with_stop(self, text: str, others: set[str]) -> bool:
        """Whether somebody changed their mind: "What is the… Stop."."""
        said = [part for sentence in sentences.split(text) for part in _BROKEN_OFF.split(sentence)]
        said = [part for part in said if part.strip()]
        if len(said) <= 1:
            return False
        last = self._commands(said[-1], others)
        return last is not None and SILENCING.issuperset({*last.kinds} - {CommandKind.CANCEL})


def _any_of(phrases: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(phrases, key=len, reverse=True)) + ")"


def _clauses(text: str) -> list[list[str]]:
    return [words for part in _CLAUSE_END.split(text) if (words := words_of(part))]
