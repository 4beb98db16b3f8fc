"""Reads an answer of OpenAI's audio transcriptions. Pure, and tolerant.

What servers send: OpenAI and whisper.cpp's server a language by its name, Speaches and vLLM by its
code; `json` has none. whisper.cpp calls plain text `text/html`, LocalAI may have words only in its
segments, and vLLM fills in -1.0 where it has no figure.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.hallucinations import Certainty
from bot.languages import LANGUAGES, Probabilities, find_language
from bot.languages.decision import by_code
from bot.sanitize import clean, clean_excerpt

_MAX_BODY_BYTES: Final = 1_000_000
"""Parsing holds the event loop, even in a thread. No window of speech has as many words."""
_MAX_SEGMENTS: Final = 2_000
_MAX_LANGUAGES: Final = 200
_ERROR_CHARS: Final = 120
_UNKNOWN_FIGURE: Final = -1.0
_MAX_FIGURE: Final = 1e6
_PAGE: Final = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_CODES: Final = {label: one.code for one in LANGUAGES.values() for label in one.asr_ids}
_NAMES: Final = {one.english.casefold(): one.code for one in LANGUAGES.values()} | {
    "castilian": "es",
    "valencian": "ca",
    "flemish": "nl",
    "mandarin": "zh",
    "cantonese": "zh",
    "moldavian": "ro",
    "moldovan": "ro",
    "tagalog": "tl",
}
"""Whisper's own names of languages, besides ours."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """What a server heard.

    Attributes:
        text: The words on one line; empty: it heard none.
        languages: The probabilities of languages by our codes; empty: it named none that we know.
        certainty: How sure it is; None: it does not say.
    """

    text: str
    languages: Probabilities = field(default_factory=dict)
    certainty: Certainty | None = None


class NotATranscriptionError(Exception):
    """The answer is something else; the message says what, as the end of a sentence."""


def read_transcription(body: bytes, content_type: str) -> Transcription:
    """Read an answer.

    Args:
        body: The whole body.
        content_type: Of its header; may be empty or wrong.

    Raises:
        NotATranscriptionError: It holds an error, a page, or anything else.
    """
    if len(body) > _MAX_BODY_BYTES:
        raise NotATranscriptionError("its answer is too long")
    text = body.decode("utf-8-sig", errors="replace")
    if _PAGE.match(text):
        raise NotATranscriptionError("it answered with a web page")
    is_json = "json" in content_type.lower()
    if not is_json and not text.lstrip().startswith(("{", "[")):
        return Transcription(_plain(text))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if is_json:
            raise NotATranscriptionError("its answer is not JSON") from None
        return Transcription(_plain(text))
    return _transcription(found)


def language_code(name: object) -> str | None:
    """Our code of a language, from Whisper's name or code of it; None: we do not know it."""
    if not isinstance(name, str):
        return None
    label = name.strip().casefold()
    known = find_language(label)
    return _CODES.get(label) or _NAMES.get(label) or (known.code if known else None)


def _transcription(found: object) -> Transcription:
    if isinstance(found, str):
        return Transcription(_plain(found))
    if isinstance(found, list):
        found = {"segments": found}
    if not isinstance(found, dict):
        raise NotATranscriptionError("its answer is not a transcription")
    if error := found.get("error"):
        said = error.get("message") if isinstance(error, dict) else error
        raise NotATranscriptionError(clean_excerpt(str(said), limit=_ERROR_CHARS))
    segments = _segments(found.get("segments"))
    text = found.get("text")
    if not isinstance(text, str):
        if text is not None or not segments:
            raise NotATranscriptionError("its answer has no text")
        text = ""
    text = _plain(text) or _plain(
        " ".join(t for s in segments if isinstance(t := s.get("text"), str))
    )
    return Transcription(text, _languages(found), _certainty(segments))


def _segments(found: object) -> list[Mapping[str, Any]]:
    listed = found[:_MAX_SEGMENTS] if isinstance(found, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _languages(found: Mapping[str, Any]) -> Probabilities:
    told = found.get("language_probabilities")  # whisper.cpp's
    if isinstance(told, dict):
        figures = [
            (label, float(chance))
            for label, chance in list(told.items())[:_MAX_LANGUAGES]
            if isinstance(chance, int | float) and 0 <= chance <= 1
        ]
        if known := by_code(figures, _CODES):
            return known
    code = language_code(found.get("language"))
    return {code: 1.0} if code else {}


def _certainty(segments: list[Mapping[str, Any]]) -> Certainty | None:
    """How sure it is of its least certain segment."""
    no_speech = [_figure(s, "no_speech_prob") for s in segments]
    log_probability = [_figure(s, "avg_logprob") for s in segments]
    known = [f for f in no_speech if f is not None], [f for f in log_probability if f is not None]
    return Certainty(max(known[0]), min(known[1])) if all(known) else None


def _figure(segment: Mapping[str, Any], name: str) -> float | None:
    value = segment.get(name)
    is_known = isinstance(value, int | float) and value != _UNKNOWN_FIGURE
    return float(value) if is_known and abs(value) < _MAX_FIGURE else None  # type: ignore[arg-type]


def _plain(text: str) -> str:
    return " ".join(clean(text).split())
