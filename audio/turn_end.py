"""How long a silence must last to end a turn: a model learned from recordings. Pure.

It sees how complete the turn sounds (Smart Turn), how complete its words are, how long it is, and
how often this person has gone on after a pause that looked like an end. A logistic regression
turns these into the likelihood that they go on, and a table turns that into the wait.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, Protocol

_LOGIT_LIMIT: Final = 6.0
"""The turn detector's probabilities beyond 0.0025 and 0.9975 tell nothing more."""


class Words(StrEnum):
    """How complete a turn's recognised words are.

    UNKNOWN: not recognised yet, or in a language whose words nobody judges. DANGLING: they end
    where nobody stops: "and", "to the", "um". OPEN: they may be complete or not, as a statement.
    WHOLE: a whole question or command, or a short answer.
    """

    UNKNOWN = "unknown"
    DANGLING = "dangling"
    OPEN = "open"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEndFeatures:
    """What is known about a turn in a pause.

    Attributes:
        completeness: The turn detector's answer, 0 to 1; None when it has not answered.
        words: How complete the words are.
        speech_ms: How much of the turn is speech.
        went_on: How often they have gone on after a pause that looked like an end.
    """

    completeness: float | None
    words: Words = Words.UNKNOWN
    speech_ms: int = 0
    went_on: int = 0


class Waits(Protocol):
    """Decides how long a silence ends a turn."""

    def wait_ms(self, features: TurnEndFeatures) -> int:
        """How long a silence ends the turn, in milliseconds."""

    def looks_over(self, features: TurnEndFeatures) -> bool:
        """Whether most pauses like this one are ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEndModel:
    """The wait before a turn ends.

    Attributes:
        words: The logit of going on after such words, with nothing else known.
        sound: What each unit of the completeness' logit adds to it, by what the words are.
        fragment: What each halving of the speech below `fragment_ms` adds while the words are
            open: a few words that are no question are seldom all.
        fragment_ms: So much speech is no fragment.
        monologue: What each doubling of the speech beyond `monologue_ms` adds while the words are
            open: who tells so much goes on telling.
        monologue_ms: So much speech is no monologue yet.
        went_on: What each pause that they went on after adds, up to `max_went_on`.
        max_went_on: More of them add nothing.
        waits: By what the words are: (how likely they go on, ms), rising in both, interpolated
            between points. They differ, because people pause longer after some words than after
            others, and because an end that comes too early costs less while the words are not
            known: these still hold back the answer.
        looks_over_below: With a lower likelihood of going on, a pause looks like an end.
    """

    words: Mapping[Words, float]
    sound: Mapping[Words, float]
    fragment: float
    fragment_ms: int
    monologue: float
    monologue_ms: int
    went_on: float
    max_went_on: int
    waits: Mapping[Words, tuple[tuple[float, int], ...]]
    looks_over_below: float

    def goes_on(self, features: TurnEndFeatures) -> float:
        """How likely it is that they go on, from 0 to 1."""
        logit = self.words[features.words]
        if features.completeness is not None:
            logit += self.sound[features.words] * completeness_logit(features.completeness)
        if features.words is Words.OPEN:
            logit += self.fragment * doublings(self.fragment_ms, since=features.speech_ms)
            logit += self.monologue * doublings(features.speech_ms, since=self.monologue_ms)
        logit += self.went_on * min(features.went_on, self.max_went_on)
        return 1 / (1 + math.exp(-logit))

    def looks_over(self, features: TurnEndFeatures) -> bool:
        """Whether most pauses like this one are ends."""
        return self.goes_on(features) < self.looks_over_below

    def wait_ms(self, features: TurnEndFeatures) -> int:
        """How long a silence ends the turn, in milliseconds."""
        goes_on = self.goes_on(features)
        waits = self.waits[features.words]
        if goes_on <= waits[0][0]:
            return waits[0][1]
        for (low, short), (high, long) in pairwise(waits):
            if goes_on <= high:
                return round(short + (long - short) * (goes_on - low) / (high - low))
        return waits[-1][1]


def completeness_logit(completeness: float) -> float:
    """The logit of the turn detector's probability, within bounds."""
    if not 0.0 < completeness < 1.0:
        return math.copysign(_LOGIT_LIMIT, completeness - 0.5)
    logit = math.log(completeness / (1 - completeness))
    return max(-_LOGIT_LIMIT, min(_LOGIT_LIMIT, logit))


def doublings(ms: int, *, since: int) -> float:
    """How often `since` doubles to become this much; 0 if it is no less."""
    return math.log2(max(1.0, ms / max(1, since)))
