"""What is an utterance, and is the assistant addressed? Pure; English and Spanish.

Recognisers write a name as they hear it, so near-misses count. A word one letter off ("Alfredo",
"Al Fred", "Jarred") counts anywhere. Another name or word ("Jerry", "al frente") counts only where
somebody is called: between commas, or after "hey", "oye" and the like.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions


class UtteranceIntent(StrEnum):
    """What an utterance is.

    NOTHING: no words; silence or noise. BACKCHANNEL: "mm-hm", "uh". ACKNOWLEDGEMENT: "ok", "vale",
    "yes", "thanks". STOP: asks for silence and nothing else. CALL: the assistant's name alone.
    ADDRESSED: its name and more. OTHER_PERSON: begins or ends with the name of somebody else who is
    there. PLAIN: anything else.
    """

    NOTHING = "nothing"
    BACKCHANNEL = "backchannel"
    ACKNOWLEDGEMENT = "acknowledgement"
    STOP = "stop"
    CALL = "call"
    ADDRESSED = "addressed"
    OTHER_PERSON = "other_person"
    PLAIN = "plain"


_NOISE: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫]+[^♪♫]*[♪♫]*")
"""What recognisers write for sounds: `[BLANK_AUDIO]`, `(coughs)`, `*sighs*`, `♪ … ♪`."""
_SENTENCE_END: Final = re.compile(r"[.!?…]+(?:\s+|$)")
_CLAUSE_END: Final = re.compile(r"[,.;:!?\u2026\u00bf\u00a1\u2014]+")
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
        self._names = [_plain(name) for name in assistant_names]
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
        text = _NOISE.sub(" ", transcript[: self._max_chars])
        if not _words(text):
            return UtteranceIntent.NOTHING
        others = {part for name in people for part in _words(name)}
        clauses = [words for part in _CLAUSE_END.split(text) if (words := _words(part))]
        without_names = [self._without_names(clause, others) for clause in clauses]
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
        sentences = [part for part in _SENTENCE_END.split(text) if part.strip()]
        return len(sentences) > 1 and self._is_stop(_words(sentences[-1]))

    # -- names -----------------------------------------------------------------------------------

    def _without_names(self, clause: Sequence[str], others: set[str]) -> list[str]:
        """The words of a clause that are not the assistant's name."""
        rest: list[str] = []
        at = 0
        while at < len(clause):
            sizes = (n for n in (1, 2) if self._is_name(clause, slice(at, at + n), others))
            if size := next(sizes, 0):
                at += size
            else:
                rest.append(clause[at])
                at += 1
        return rest

    def _is_name(self, clause: Sequence[str], at: slice, others: set[str]) -> bool:
        """Whether these one or two words of a clause are the assistant's name."""
        words = clause[at]
        if others.intersection(words):
            return False
        heard = "".join(words)
        is_near = len(words) == 1 and any(self._is_near(heard, name) for name in self._names)
        if is_near or heard in self._names:
            return True
        before, after = clause[: at.start], clause[at.stop :]
        openers, misheard = self._phrases.call_openers, self._phrases.misheard_names
        is_call = all(word in openers for word in before) and (before or not after)
        return bool(is_call) and any(" ".join(words) in misheard.get(n, ()) for n in self._names)

    def _is_near(self, heard: str, name: str) -> bool:
        if len(name) < self._phrases.min_fuzzy_name_chars:
            return heard == name
        is_alike = heard[:1] == name[:1] and abs(len(heard) - len(name)) <= 1
        return is_alike and heard not in self._phrases.not_names and _distance(heard, name) <= 1


def _any_of(phrases: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(phrases, key=len, reverse=True)) + ")"


def _words(text: str) -> list[str]:
    return _WORD.findall(_INSIDE_WORDS.sub("", _plain(text)))


def _plain(text: str) -> str:
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _distance(one: str, other: str) -> int:
    """The number of letters to change, remove or insert (Levenshtein)."""
    above = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        left = [row]
        for column, b in enumerate(other, 1):
            left.append(min(above[column] + 1, left[-1] + 1, above[column - 1] + (a != b)))
        above = left
    return above[-1]
