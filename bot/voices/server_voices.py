"""The voices of a server, and which one speaks a language. Pure.

Kokoro's names begin with a letter for the language and one for the sex (`ef_dora`), Piper's and
Edge's with a language and a country (`es_ES-davefx-medium`, `es-ES-ElviraNeural`); OpenAI's speak
every language.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.languages import find_language, primary
from bot.sanitize import clean_line
from bot.voices.voice_names import VOICE_LIST

DEFAULT_VOICE: Final = "alloy"
"""OpenAI's first voice; most servers have one of this name."""
_MAX_VOICES: Final = 2_000
_MAX_NAME_CHARS: Final = 100
_LETTERS: Final[Mapping[str, Mapping[str, str]]] = VOICE_LIST["kokoro"]["languages"]
_KOKORO: Final = re.compile(rf"(?P<language>[{''.join(_LETTERS)}])[fm]_\w+")
_COUNTRY: Final = re.compile(r"(?P<language>[a-z]{2})[_-][A-Z]{2}\b.*")
_NAMES: Final = ("id", "voice_id", "name", "voice")
_LANGUAGES: Final = ("language", "lang", "locale", "language_code")


@dataclass(frozen=True, slots=True)
class ServerVoice:
    """A voice that a server lists.

    Attributes:
        name: What to ask for.
        language: A code of the table; None: unknown, or all.
    """

    name: str
    language: str | None


def read_voice_names(text: str) -> dict[str, str]:
    """Read SKYDECK_TTS_VOICE: a name for all languages (under ""), or `en=NAME,es=NAME`, or both.

    Raises:
        ValueError: It is neither.
    """
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        tag, equals, name = (piece.strip() for piece in part.partition("="))
        if not equals:
            tag, name = "", tag
        known = find_language(tag) if equals else None
        if not name or len(name) > _MAX_NAME_CHARS or (equals and known is None):
            raise ValueError("must be a voice, or a voice for each language as en=NAME,es=NAME")
        found[known.code if known else ""] = name
    return found


def voice_language(name: str) -> str | None:
    """The language that a voice's name tells; None: it tells none."""
    if found := _KOKORO.match(name):
        return _LETTERS[found["language"]]["code"]
    found = _COUNTRY.fullmatch(name)
    known = find_language(found["language"]) if found else None
    return known.code if known else None


def read_listed(answer: object, model: str) -> list[ServerVoice]:
    """Read what a server answers at /v1/audio/voices; empty if it is not a list of voices."""
    if isinstance(answer, dict):
        answer = next((answer[key] for key in ("voices", "data") if key in answer), None)
    listed = answer[:_MAX_VOICES] if isinstance(answer, list) else []
    return [voice for one in listed if (voice := _listed(one, model)) is not None]


def choose_server_voice(
    language: str, names: Mapping[str, str], listed: Sequence[ServerVoice]
) -> str:
    """The voice that speaks a language if nobody asks for another.

    The one that is set for it; else the one set for all, unless its name shows another language and
    the server has a voice of this language; else the first that the server has.
    """
    code = primary(language) or ""
    if code in names:
        return names[code]
    usual = names.get("") or _usual(listed)
    told = voice_language(usual)
    if told == code or (told is None and names.get("")):
        return usual
    return next((voice.name for voice in listed if voice.language == code), usual)


def _usual(listed: Sequence[ServerVoice]) -> str:
    names = [voice.name for voice in listed]
    return DEFAULT_VOICE if DEFAULT_VOICE in names or not names else names[0]


def _listed(one: object, model: str) -> ServerVoice | None:
    language: object = None
    if isinstance(one, dict):
        if one.get("model_id", model) != model:  # of another model of the same server
            return None
        language = next((one[key] for key in _LANGUAGES if key in one), None)
        one = next((one[key] for key in _NAMES if isinstance(one.get(key), str)), None)
    if not isinstance(one, str) or not one.strip() or len(one) > _MAX_NAME_CHARS:
        return None
    known = find_language(language) if isinstance(language, str) else None
    name = clean_line(one).strip()
    return ServerVoice(name, known.code if known else voice_language(name))
