"""Decides which language a text or a recording is in. Pure.

A detector's probabilities are multiplied by a prior, since a detector alone is unreliable for a few
words: without a prior, short clips become Greek or Welsh, and "lol ok thx bro" becomes Dutch. The
prior is a mixture of what people of the whole world speak, what was said before, and the language
of a person's Discord, which is a hint: many have it in another language than they speak.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.languages.table import LANGUAGES, find_language

Probabilities = Mapping[str, float]
"""By code of the table; they need not sum to 1."""

_WORLD: Final = 1.0
_LOCALE: Final = 0.25
_SPEAKER: Final = 8.0
_OTHERS: Final = 3.0
_FADES: Final = 0.6
"""The weights of the prior's parts. Each turn counts `_FADES` times as much as the one after it."""

_FLOOR: Final = 1e-4
"""No detector is surer than this, so that the prior always counts a little."""

_SURE: Final = 0.6
"""Below this confidence the language is only a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageHints:
    """What is known about a language before the words are looked at.

    Attributes:
        pinned: The language that somebody set explicitly; it is not questioned.
        speaker: The languages of the same person's earlier turns, the newest first.
        others: The languages of the other turns of the conversation, the newest first.
        locale: The language of the person's Discord, or of their server.
        allowed: The codes to choose from; empty: all.
    """

    pinned: str | None = None
    speaker: Sequence[Probabilities] = ()
    others: Sequence[Probabilities] = ()
    locale: str | None = None
    allowed: Collection[str] = ()


NO_HINTS: Final = LanguageHints()


@dataclass(frozen=True, slots=True)
class LanguageDecision:
    """The most likely language.

    Attributes:
        likely: Its code: the pinned one as it is, else one of the table.
        confidence: Its probability.
        probabilities: Those of all languages to choose from; they sum to 1.
    """

    likely: str
    confidence: float
    probabilities: Probabilities

    @property
    def code(self) -> str | None:
        """The language if it is certain enough to tell a model; None: unsure."""
        return self.likely if self.confidence >= _SURE else None


def decide(
    detected: Probabilities, hints: LanguageHints = NO_HINTS, *, hint_weight: float = 1.0
) -> LanguageDecision:
    """Decide on a language.

    Args:
        detected: What a detector says; empty: nothing could be detected.
        hints: What is known besides.
        hint_weight: The power of what the hints add to the languages' own shares; below 1 for a
            detector whose probabilities of short samples are too even.
    """
    if hints.pinned:
        return LanguageDecision(hints.pinned, 1.0, {hints.pinned: 1.0})
    world = prior(LanguageHints(allowed=hints.allowed))
    expected = prior(hints)
    likelihood = _with_floor(detected, expected)
    together = _normalized(
        {
            code: share * (expected[code] / share) ** hint_weight * likelihood[code]
            for code, share in world.items()
        }
    )
    likely = max(together, key=lambda code: together[code])
    return LanguageDecision(likely, together[likely], together)


def prior(hints: LanguageHints) -> dict[str, float]:
    """How likely each language is before the words are looked at; the values sum to 1."""
    codes = [code for code in LANGUAGES if code in hints.allowed] or list(LANGUAGES)
    total = _scaled(_normalized({code: LANGUAGES[code].share for code in codes}), _WORLD)
    for weight, turns in ((_SPEAKER, hints.speaker), (_OTHERS, hints.others)):
        for age, turn in enumerate(turns):
            known = _normalized({code: turn.get(code, 0.0) for code in codes})
            _add(total, _scaled(known, weight * _FADES**age))
    own = find_language(hints.locale)
    if own is not None and own.code in total:
        total[own.code] += _LOCALE
    return _normalized(total)


def by_code(labels: Iterable[tuple[str, float]], codes: Mapping[str, str]) -> dict[str, float]:
    """A detector's probabilities by code of the table; varieties of a language add up.

    Args:
        labels: The detector's labels and their probabilities.
        codes: The table's code of each label; other labels are left out.
    """
    found: dict[str, float] = {}
    for label, probability in labels:
        if label in codes:
            found[codes[label]] = found.get(codes[label], 0.0) + probability
    return found


def _with_floor(detected: Probabilities, codes: Iterable[str]) -> dict[str, float]:
    known = {code: max(0.0, detected.get(code, 0.0)) for code in codes}
    highest = max(known.values())
    if highest <= 0:
        return dict.fromkeys(known, 1.0)
    return {code: max(_FLOOR, value / highest) for code, value in known.items()}


def _normalized(values: Mapping[str, float]) -> dict[str, float]:
    total = sum(values.values())
    return {code: value / total for code, value in values.items()} if total > 0 else dict(values)


def _scaled(values: Mapping[str, float], factor: float) -> dict[str, float]:
    return {code: value * factor for code, value in values.items()}


def _add(total: dict[str, float], more: Mapping[str, float]) -> None:
    for code, value in more.items():
        total[code] += value
