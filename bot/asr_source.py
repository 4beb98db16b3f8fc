"""What recognises speech on this machine, as SKYDECK_ASR names it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bot.did_you_mean import did_you_mean
from bot.own_path import own_path

AUTO: Final = "auto"
PREFIX: Final = "whisper-"
"""Stands before a Whisper model's name where models of other kinds have names too."""
_MAIN: Final = "main"
WHISPERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "tiny": ("Systran/faster-whisper-tiny", "d90ca5fe260221311c53c58e660288d3deb8d356"),
        "tiny.en": ("Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba"),
        "base": ("Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"),
        "base.en": ("Systran/faster-whisper-base.en", "3d3d5dee26484f91867d81cb899cfcf72b96be6c"),
        "small": ("Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120"),
        "small.en": ("Systran/faster-whisper-small.en", "d1d751a5f8271d482d14ca55d9e2deeebbae577f"),
        "medium": ("Systran/faster-whisper-medium", _MAIN),
        "medium.en": (
            "Systran/faster-whisper-medium.en",
            "a29b04bd15381511a9af671baec01072039215e3",
        ),
        "large-v1": ("Systran/faster-whisper-large-v1", _MAIN),
        "large-v2": ("Systran/faster-whisper-large-v2", _MAIN),
        "large-v3": (
            "Systran/faster-whisper-large-v3",
            "edaa852ec7e145841d8ffdb056a99866b5f0a478",
        ),
        "large-v3-turbo": (
            "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
            "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        ),
        "distil-small.en": ("Systran/faster-distil-whisper-small.en", _MAIN),
        "distil-medium.en": ("Systran/faster-distil-whisper-medium.en", _MAIN),
        "distil-large-v2": ("Systran/faster-distil-whisper-large-v2", _MAIN),
        "distil-large-v3": ("Systran/faster-distil-whisper-large-v3", _MAIN),
        "distil-large-v3.5": ("distil-whisper/distil-large-v3.5-ct2", _MAIN),
    }
)
"""faster-whisper's names, and where each model is at the hub: repository and commit, or `main`
where no commit is known to us."""
_OTHER_NAMES: Final = {"large": "large-v3", "turbo": "large-v3-turbo"}
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_FOLDER_STARTS: Final = ("/", "./", "../", "~", ".\\", "..\\")


@dataclass(frozen=True, slots=True)
class WhisperName:
    """One of faster-whisper's own names, as `large-v3-turbo`."""

    short: str

    @property
    def name(self) -> str:
        """The name to show, and to pull it by."""
        return f"{PREFIX}{self.short}"

    @property
    def repo(self) -> str:
        """Its repository at the hub."""
        return WHISPERS[self.short][0]

    @property
    def revision(self) -> str:
        """Its commit there."""
        return WHISPERS[self.short][1]


@dataclass(frozen=True, slots=True)
class WhisperRepository:
    """A repository at the hub with a Whisper model for CTranslate2."""

    repo: str
    revision: str = _MAIN

    @property
    def name(self) -> str:
        """The name to show, and to pull it by."""
        return f"hf:{self.repo}"


@dataclass(frozen=True, slots=True)
class WhisperFolder:
    """A folder on this machine with a Whisper model for CTranslate2."""

    path: Path

    @property
    def name(self) -> str:
        """The name to show."""
        return self.path.name


AsrSource = WhisperName | WhisperRepository | WhisperFolder


def read_asr(text: str) -> AsrSource | None:
    """Read a value of SKYDECK_ASR; None is `auto`.

    Raises:
        ValueError: It is none of the forms.
    """
    text = text.strip()
    if text.lower() == AUTO:
        return None
    if found := find_whisper(text.lower().removeprefix(PREFIX)):
        return found
    if text.startswith(_FOLDER_STARTS) or re.match(r"[A-Za-z]:[\\/]", text):
        return WhisperFolder(own_path(text))
    if repository := find_repository(text):
        return repository
    guess = did_you_mean(text, (*WHISPERS, *_OTHER_NAMES))
    raise ValueError(
        "must be auto, a Whisper model's name such as large-v3-turbo, a folder such as "
        f"./my-whisper, or owner/repository at the hub. {guess}".strip()
    )


def find_whisper(short: str) -> WhisperName | None:
    """The model of this name, without `whisper-`; None: faster-whisper has none."""
    short = _OTHER_NAMES.get(short, short)
    return WhisperName(short) if short in WHISPERS else None


def find_repository(text: str) -> WhisperRepository | None:
    """The repository `owner/name` or `hf:owner/name`; None: it is neither."""
    repo = text[3:] if text.lower().startswith("hf:") else text
    if not _REPOSITORY.fullmatch(repo) or ".." in repo or "--" in repo:
        return None
    return WhisperRepository(repo)


def knows_english_alone(source: AsrSource) -> bool:
    """Whether the name says so; the distilled models hear every language as English."""
    return ".en" in source.name.lower() or "distil" in source.name.lower()
