"""The voices of this machine, and which one speaks a language. Pure.

eSpeak also takes any other language's code as a voice. `workers/penny/voice_files.py` finds the
operator's own voices.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from bot.languages import find_language, primary
from bot.voices.voice_names import JOE, JOE_AT_PIPER, VOICE_LIST


class Engine(StrEnum):
    """What speaks."""

    PIPER = "piper"
    KOKORO = "kokoro"
    ESPEAK = "espeak"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that a caller can ask for.

    Attributes:
        name: The contract's `voice`.
        label: The text that a person sees.
        language: ISO 639-1, or with a region. A caller who names no voice gets the first one of a
            language.
        model: Piper's model, by its name in the manifest.
        file: The operator's own voice: Piper's model, or the style of Kokoro's voice; None: one of
            the manifest, or eSpeak's.
    """

    name: str
    label: str
    engine: Engine
    language: str
    model: str = ""
    file: Path | None = None


VOICES: Final = tuple(
    Voice(**{**one, "engine": Engine(one["engine"])}) for one in VOICE_LIST["always"]
)
"""Those that are always there."""


@dataclass(frozen=True, slots=True)
class VoiceBook:
    """All voices of this machine.

    Attributes:
        chosen: The operator's voice of each language, by its primary code.
        own: The operator's own voices, those of Piper first.
        only: All voices that can be chosen, if they are not this machine's; None: they are.
    """

    chosen: Mapping[str, Voice] = field(default_factory=dict)
    own: tuple[Voice, ...] = ()
    only: tuple[Voice, ...] | None = None

    @property
    def all(self) -> tuple[Voice, ...]:
        """Each voice once, in the order in which they are shown."""
        if self.only is not None:
            return self.only
        known = (*self.chosen.values(), *VOICES, *self.own)
        return tuple({voice.name: voice for voice in reversed(known)}.values())[::-1]

    def choose(self, language: str, name: str | None) -> Voice:
        """The voice of that name or, without a name, the one that speaks the language.

        Any other is eSpeak's, under eSpeak's own name; whether it exists, only eSpeak knows.

        Args:
            language: Of the text: ISO 639-1, or with a region (`en-gb`).
            name: The voice that the caller asks for; None: by language.
        """
        if name is not None:
            wanted = JOE if name == JOE_AT_PIPER else name
            return next((v for v in self.all if v.name == wanted), None) or _espeak(
                wanted or language
            )
        if voice := self.chosen.get(primary(language) or language):
            return voice
        pipers = [v for v in (*VOICES, *self.own) if _speaks(v, language)]
        # Of several, one of the same region is nearest.
        pipers.sort(key=lambda voice: voice.language.lower() != language.lower())
        return pipers[0] if pipers else _espeak(language)

    def without(self, voice: Voice) -> "VoiceBook":
        """The book as if this voice were not there."""
        return VoiceBook(
            {code: one for code, one in self.chosen.items() if one != voice},
            tuple(one for one in self.own if one != voice),
        )

    def models_needed(self) -> list[str]:
        """The models of the manifest that speak without being asked for by name."""
        return list(
            dict.fromkeys(
                voice.model
                for voice in VOICES
                if voice.model and self.chosen.get(voice.language, voice) == voice
            )
        )


def _speaks(voice: Voice, language: str) -> bool:
    """Whether it speaks a language unasked: Kokoro is too slow for a turn on a processor."""
    return voice.engine is Engine.PIPER and primary(voice.language) == primary(language)


def _espeak(name: str) -> Voice:
    """ESpeak's own voice of a language; a name with a region or a variant is eSpeak's."""
    known = find_language(name) if name.isalpha() else None
    espeak = known.voice if known else name
    return Voice(espeak, f"eSpeak ({espeak})", Engine.ESPEAK, name)
