"""What a person chose at the desk, kept from one run to the next in one small file."""

import logging
import os
import tempfile
from pathlib import Path
from typing import Self

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.local_voice.view import TalkMode

log = logging.getLogger(__name__)

_LARGEST = 64_000


class Prefs(BaseModel):
    """Choices. All have a sensible default; an unreadable file is as good as none."""

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    microphone: str | None = None
    """Its name; None: the system's default."""
    loudspeaker: str | None = None
    """Its name; None: the system's default."""
    mode: TalkMode = TalkMode.KEY
    """When the microphone counts."""
    language: str | None = None
    """What is spoken, ISO 639-1; None: found out."""
    voice: str | None = None
    """The voice of answers; None: by language."""

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """What was kept, or the defaults."""
        try:
            data = (path or default_path()).read_bytes()[:_LARGEST]
            return cls.model_validate_json(data)
        except FileNotFoundError:
            return cls()
        except (OSError, ValidationError) as e:
            log.warning("the choices of last time cannot be read (%s)", type(e).__name__)
            return cls()

    def keep(self, path: Path | None = None) -> None:
        """Keep them; a disk that refuses costs only the memory of them."""
        try:
            write_private(path or default_path(), self.model_dump_json(indent=2).encode())
        except OSError as e:
            log.warning("the choices cannot be kept (%s)", e.strerror)


def default_path() -> Path:
    """In the user's folder for configuration."""
    return platformdirs.user_config_path("skydeck") / "talk.json"


def write_private(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone.

    Raises:
        OSError: It cannot be written.
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
