"""What speaks which language, as SKYDECK_VOICES names it. Pure.

`voices.toml` lists the voices, so that names can be checked without the network.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.did_you_mean import did_you_mean
from bot.language_names import no_language
from bot.languages import find_language
from bot.own_path import own_path
from bot.sanitize import quoted

JOE: Final = "joe"
"""The English voice that comes with skydeck."""
JOE_AT_PIPER: Final = "en_US-joe-medium"
VOICE_LIST: Final[Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_name("voices.toml").read_text("utf-8")
)
"""The file's tables."""
KOKORO_LANGUAGES: Final[Mapping[str, str]] = {
    letter: language["espeak"]
    for letter, language in VOICE_LIST["kokoro"]["languages"].items()
    if "espeak" in language
}
"""ESpeak's voice for the first letter of a Kokoro voice's name."""
_KOKORO: Final = re.compile(rf"[{''.join(KOKORO_LANGUAGES)}][fm]_[a-z]{{2,20}}")
KOKORO_VOICES: Final = tuple(
    f"{prefix}_{name}"
    for prefix, names in VOICE_LIST["kokoro"]["voices"].items()
    for name in names.split()
)
PIPER_VOICES: Final[tuple[str, ...]] = tuple(VOICE_LIST["piper"]["voices"].split())
_MAX_LANGUAGES: Final = 64


@dataclass(frozen=True, slots=True)
class NamedVoice:
    """`joe`, or a voice of eSpeak's: usually a language."""

    name: str


@dataclass(frozen=True, slots=True)
class PiperVoiceName:
    """One of Piper's voices at the hub, as `es_ES-davefx-medium`."""

    name: str

    @property
    def language(self) -> str:
        """ISO 639-1, as our table has it."""
        known = find_language(self.name.partition("_")[0])
        return known.code if known else self.name.partition("_")[0]

    @property
    def locale(self) -> str:
        """The language with its region, as `es-ES`."""
        return self.name.partition("-")[0].replace("_", "-")

    @property
    def path(self) -> str:
        """Its model in the authors' repository; the configuration is beside it, with `.json`."""
        code, rest = self.name.split("-", 1)
        speaker, quality = rest.rsplit("-", 1)
        return f"{code.partition('_')[0]}/{code}/{speaker}/{quality}/{self.name}.onnx"


@dataclass(frozen=True, slots=True)
class KokoroVoiceName:
    """One of Kokoro's voices, as `ef_dora`."""

    name: str

    @property
    def language(self) -> str:
        """ISO 639-1."""
        return self.espeak.partition("-")[0]

    @property
    def espeak(self) -> str:
        """ESpeak's voice for its phonemes."""
        return KOKORO_LANGUAGES[self.name[0]]


@dataclass(frozen=True, slots=True)
class PiperVoiceFile:
    """A Piper voice on this machine: an `.onnx` with its `.onnx.json`, or a folder with both."""

    path: Path


VoiceSource = NamedVoice | PiperVoiceName | KokoroVoiceName | PiperVoiceFile


def find_voice(name: str) -> PiperVoiceName | KokoroVoiceName | None:
    """The voice at the hub that has this name; None: none has."""
    if _KOKORO.fullmatch(name):
        return KokoroVoiceName(name)
    return PiperVoiceName(name) if name in PIPER_VOICES else None


def read_voice(text: str) -> VoiceSource:
    """Read the voice of one language.

    Raises:
        ValueError: It is none of the forms.
    """
    text = text.strip()
    if text in (JOE, JOE_AT_PIPER):
        return NamedVoice(JOE)
    if text.lower().endswith(".onnx") or "/" in text or "\\" in text:
        return PiperVoiceFile(own_path(text))
    if found := find_voice(text):
        return found
    if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", text, re.IGNORECASE):
        return NamedVoice(text.lower())
    raise ValueError(f"there is no voice {quoted(text)}. {_hint(text)}")


def no_voice(name: str) -> tuple[str, str]:
    """What is wrong with a voice that cannot speak here, and what to do about it."""
    if find_voice(name) is not None:
        return f"The voice {quoted(name)} is not on this machine.", f"skydeck models pull {name}"
    return f"There is no voice {quoted(name)}.", _hint(name)


def _hint(name: str) -> str:
    guess = did_you_mean(name, (JOE, *PIPER_VOICES, *KOKORO_VOICES))
    return guess or "`skydeck models voices` lists them."


def read_voices(text: str) -> dict[str, VoiceSource]:
    """Read SKYDECK_VOICES, as `en=joe,es=es_ES-davefx-medium`: the voice of each language.

    Raises:
        ValueError: An entry is none of the forms.
    """
    voices: dict[str, VoiceSource] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        code, sign, voice = entry.partition("=")
        language = find_language(code)
        if not sign or not voice.strip():
            raise ValueError(f"{quoted(entry)} must be LANGUAGE=VOICE, as es=es_ES-davefx-medium")
        if language is None:
            raise ValueError(" ".join(no_language(code)).rstrip("."))
        if len(voices) >= _MAX_LANGUAGES or language.code in voices:
            raise ValueError(f"{language.code} has more than one voice")
        voices[language.code] = read_voice(voice)
    return voices
