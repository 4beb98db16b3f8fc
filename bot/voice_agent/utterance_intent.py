"""What an utterance is, and whether it calls the assistant. Pure.

The lists are English and Spanish: `options/backchannels.toml`, `options/stop_phrases.toml` and
`options/names.toml`. `name_matching.py` finds the assistant's name.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from bot import sentences
from bot.hallucinations import is_said_to_nobody, without_sounds
from bot.voice_agent.name_matching import NameMatcher, plain
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
_WORD: Final = re.compile(r"[^\W_]+")
_INSIDE_WORDS: Final = re.compile(r"['\u2019-]")
"""Joins the parts of a word: "that's", "uh-huh"."""


class UtteranceClassifier:
    """Classifies transcripts for an assistant.

    Args:
        assistant_names: The names that it answers to.
        options: Their phrases decide.
    """

    def __init__(
        self, assistant_names: Sequence[str], options: VoiceAgentOptions = DEFAULT_OPTIONS
    ) -> None:
        phrases = options.phrases
        self._max_chars = options.limits.max_answer_chars
        self._names = NameMatcher(assistant_names, phrases)
        self._phrases = phrases
        acknowledgement = _any_of(phrases.acknowledgements)
        stop, around = _any_of(phrases.stops), _any_of(phrases.around_stops)
        self._backchannel = re.compile(phrases.backchannels)
        self._acknowledgements = re.compile(f"{acknowledgement}(?: {acknowledgement})*")
        self._stops = re.compile(f"(?:{around} )*{stop}(?: (?:{stop}|{around}))*")

    def classify(self, transcript: str, *, people: Iterable[str] = ()) -> UtteranceIntent:
        """Say what an utterance is.

        Args:
            transcript: The whole utterance.
            people: The names of the other people who are there. A near-miss of the assistant's name
                that is one of these means that person.
        """
        text = without_sounds(transcript[: self._max_chars])
        if not _words(text) or is_said_to_nobody(text):
            return UtteranceIntent.NOTHING
        others = {part for name in people for part in _words(name)}
        clauses = [words for part in _CLAUSE_END.split(text) if (words := _words(part))]
        without_names = [self._names.without_names(clause, others) for clause in clauses]
        rest = [word for clause in without_names for word in clause]
        if self._is_stop(rest) or self._is_stop(_words(text)) or self._ends_with_stop(text):
            return UtteranceIntent.STOP
        if without_names != clauses:
            is_call = all(
                word in self._phrases.around_names or self._backchannel.fullmatch(word)
                for word in rest
            )
            return UtteranceIntent.CALL if is_call else UtteranceIntent.ADDRESSED
        return self._classify_unaddressed(rest, others)

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

    def _is_stop(self, words: Iterable[str]) -> bool:
        return self._stops.fullmatch(" ".join(words)) is not None

    def _ends_with_stop(self, text: str) -> bool:
        """Whether somebody changed their mind: "What is the… Stop."."""
        said = [part for sentence in sentences.split(text) for part in _BROKEN_OFF.split(sentence)]
        said = [part for part in said if part.strip()]
        return len(said) > 1 and self._is_stop(_words(said[-1]))


def _any_of(phrases: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(phrases, key=len, reverse=True)) + ")"


def _words(text: str) -> list[str]:
    return _WORD.findall(_INSIDE_WORDS.sub("", plain(text)))
