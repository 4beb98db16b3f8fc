"""The voices, and which one speaks a language. Pure.

eSpeak also takes any other language's code as a voice. A further Piper voice is one entry of
`VOICES`, and its files in `bot/models/models.toml`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.languages import find_language, primary


class Engine(StrEnum):
    """What speaks."""

    PIPER = "piper"
    ESPEAK = "espeak"


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that a caller can ask for.

    Attributes:
        name: The contract's `voice`.
        label: The text that a person sees.
        engine: What speaks with it.
        language: ISO 639-1. A caller who names no voice gets the first one of a language.
        model: Piper's model, by its name in the manifest.
    """

    name: str
    label: str
    engine: Engine
    language: str
    model: str = ""


VOICES: Final = (
    Voice("joe", "Joe (English)", Engine.PIPER, "en", model="piper-joe"),
    Voice("en", "eSpeak (English)", Engine.ESPEAK, "en"),
    Voice("es", "eSpeak (Spanish)", Engine.ESPEAK, "es"),
)


def voice_models() -> list[str]:
    """The models of all voices, by their names in the manifest."""
    return list(dict.fromkeys(voice.model for voice in VOICES if voice.model))


def choose_voice(language: str, name: str | None) -> Voice:
    """The voice of that name or, without a name, the first one of the language.

    Any other is eSpeak's, under eSpeak's own name; whether it exists, only eSpeak knows.

    Args:
        language: Of the text: ISO 639-1, or with a region (`en-gb`).
        name: The voice that the caller asks for; None: by language.
    """
    for voice in VOICES:
        is_meant = voice.language == primary(language) if name is None else voice.name == name
        if is_meant and voice.engine is Engine.PIPER:
            return voice
        if is_meant:
            break  # eSpeak's: the region of the language counts
    espeak = _espeak_name(name or language)
    return Voice(espeak, f"eSpeak ({espeak})", Engine.ESPEAK, language)


def _espeak_name(name: str) -> str:
    """ESpeak's own name of a language's voice; a name with a region or a variant is eSpeak's."""
    known = find_language(name) if name.isalpha() else None
    return known.voice if known else name
