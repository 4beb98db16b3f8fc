"""The voices to choose from. eSpeak also takes any other language's code as a voice. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


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
    """

    name: str
    label: str
    engine: Engine
    language: str


VOICES: Final = (
    Voice("joe", "Joe (English)", Engine.PIPER, "en"),
    Voice("en", "eSpeak (English)", Engine.ESPEAK, "en"),
    Voice("es", "eSpeak (Spanish)", Engine.ESPEAK, "es"),
)
