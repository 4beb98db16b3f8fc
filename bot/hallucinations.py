"""What speech recognisers invent for silence and noise: "Thanks for watching!". Pure.

They have learned from subtitles, whose makers write credits and farewells where nobody speaks. The
phrases are in `hallucinations.toml`. They count only as a whole utterance.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import Final

from bot import sentences

_NOTES: Final = "♪♫🎵🎶"
_SOUNDS: Final = re.compile(rf"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[{_NOTES}]+[^{_NOTES}]*[{_NOTES}]*")
"""What they write for sounds: `[Music]`, `(coughs)`, `*sighs*`, `♪ … ♪`."""
_NO_WORD: Final = re.compile(r"[\W_]+")
_DOT_ABOVE: Final = "\u0307"
"""What the Turkish capital I with a dot leaves behind."""
_MAX_CHARS: Final = 400
"""A hallucination is short, also when it is repeated."""
_SURE_NO_SPEECH, _SURE_LOG_PROBABILITY = 0.2, -0.4
_DOUBT_NO_SPEECH, _DOUBT_LOG_PROBABILITY, _NO_TRUST_LOG_PROBABILITY = 0.4, -0.7, -1.2
"""Measured with Whisper tiny.en and base on speech that was loud, quiet, and in noise. "Thanks for
watching!": at most 0.09, at least -0.22. "Thank you.", "Bye.": 0.02 to 0.62, -0.1 to -1.02; at
0.62 it was -0.49."""


class HallucinationKind(IntEnum):
    """How likely it is that nobody said a phrase; ordered.

    DOUBTFUL: people also say it to a bot ("Thank you."). FAREWELL: people say it in videos. CREDIT:
    nobody says it: credits of subtitles, and sounds.
    """

    DOUBTFUL = 1
    FAREWELL = 2
    CREDIT = 3


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure a recogniser is.

    Attributes:
        no_speech: Its probability that nobody spoke, 0 to 1.
        log_probability: The mean log probability of its tokens, at most 0.
    """

    no_speech: float
    log_probability: float


def without_sounds(text: str) -> str:
    """The text without what recognisers write for sounds."""
    return _SOUNDS.sub(" ", text)


def hallucination_kind(text: str) -> HallucinationKind | None:
    """What kind of hallucination a whole transcript is; None: speech, or nothing."""
    if not text.strip() or len(text) > _MAX_CHARS:
        return None
    kinds = [
        _kind(words) for part in sentences.split(without_sounds(text)) if (words := _plain(part))
    ]
    if not kinds:
        return HallucinationKind.CREDIT
    return None if None in kinds else min(kind for kind in kinds if kind is not None)


def is_hallucinated(text: str, certainty: Certainty) -> bool:
    """Whether a recogniser made up a transcript, by the phrase and by how sure it is."""
    match hallucination_kind(text):
        case HallucinationKind.CREDIT:
            return True
        case HallucinationKind.FAREWELL:
            return not (
                certainty.no_speech <= _SURE_NO_SPEECH
                and certainty.log_probability >= _SURE_LOG_PROBABILITY
            )
        case HallucinationKind.DOUBTFUL:
            return certainty.log_probability < _NO_TRUST_LOG_PROBABILITY or (
                certainty.no_speech > _DOUBT_NO_SPEECH
                and certainty.log_probability < _DOUBT_LOG_PROBABILITY
            )
        case None:
            return False


def is_said_to_nobody(text: str) -> bool:
    """Whether a transcript is nothing that a person says in a conversation with the assistant."""
    found = hallucination_kind(text)
    return found is not None and found >= HallucinationKind.FAREWELL


def _plain(text: str) -> str:
    small = unicodedata.normalize("NFKC", text).casefold().replace(_DOT_ABOVE, "")
    return _NO_WORD.sub(" ", small).strip()


def _kind(words: str) -> HallucinationKind | None:
    return next((kind for kind, known in _known() if known.fullmatch(words)), None)


@cache
def _known() -> tuple[tuple[HallucinationKind, re.Pattern[str]], ...]:
    file = resources.files("bot").joinpath("hallucinations.toml")
    phrases = tomllib.loads(file.read_text("utf-8"))
    kinds = sorted(HallucinationKind, reverse=True)
    return tuple((kind, re.compile("|".join(phrases[kind.name.lower()]))) for kind in kinds)
