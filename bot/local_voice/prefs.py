"""Keeps what the person chose from one run to the next, in one small file."""

import logging
import os
import tempfile
from pathlib import Path
from typing import Self

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.i18n import Words, words_for
from bot.local_voice.view import TalkMode, Theme
from bot.settings import system_language

log = logging.getLogger(__name__)

_MAX_BYTES = 64_000


class Prefs(BaseModel):
    """The person's choices. Each has a default; an unreadable file counts as no file."""

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    microphone: str | None = None
    """The microphone's name; None: the system's default."""
    loudspeaker: str | None = None
    """The loudspeaker's name; None: the system's default."""
    mode: TalkMode = TalkMode.KEY
    """When the microphone is live."""
    language: str | None = None
    """The ISO 639-1 code of what the person speaks; None: detected."""
    voice: str | None = None
    """The voice of answers; None: by language."""
    interface: str | None = None
    """The code of the screen's language; None: the system's, if we have it, else English."""
    theme: Theme = Theme.TERMINAL
    """The colours of the screen."""
    shows_times: bool = False
    """Whether to show where a turn's time went."""
    keeps: bool = False
    """Whether to keep conversations."""
    load_s: dict[str, float] = {}
    """How many seconds each part took to load, the last time."""

    @property
    def words(self) -> Words:
        """The words of the screen's language."""
        return words_for(self.interface or system_language())

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the choices of the last run, or the defaults."""
        try:
            data = (path or default_path()).read_bytes()[:_MAX_BYTES]
            return cls.model_validate_json(data)
        except FileNotFoundError:
            return cls()
        except (OSError, ValidationError) as e:
            log.warning("your choices of the last run cannot be read (%s)", type(e).__name__)
            return cls()

    def keep(self, path: Path | None = None) -> None:
        """Keep the choices; if the file cannot be written, only the next run loses them."""
        try:
            write_private(path or default_path(), self.model_dump_json(indent=2).encode())
        except OSError as e:
            log.warning("your choices cannot be kept (%s)", e.strerror)


def default_path() -> Path:
    """The file in the user's configuration folder."""
    return platformdirs.user_config_path("skydeck") / "talk.json"


def write_private(path: Path, data: bytes) -> None:
    """Write a file completely or not at all; only its owner can read it.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
