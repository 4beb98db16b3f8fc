"""A file in somebody's hands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import CannotDo
from .file_names import content_type, title_of
from .values import Attachment, Channel
from .world import World

WAVEFORM = "AAECAwQFBgcICQ=="
"""Of a voice message about whose loudness nobody asks: ten points, each louder than the last."""


@dataclass(frozen=True, slots=True)
class File:
    """What a person uploads.

    Attributes:
        name: The file's name; Discord takes the type from it.
        data: Its bytes.
        type: Another type than the name says, for a file that lies; empty: Discord says none.
        duration_secs: Of a voice message.
        waveform: Of a voice message, in base64: its loudness, one byte per point, at most 256.
    """

    name: str
    data: bytes
    type: str | None = None
    duration_secs: float | None = None
    waveform: str = WAVEFORM

    @classmethod
    def read(cls, path: Path) -> File:
        """A file from the disk."""
        return cls(path.name, path.read_bytes())

    def store(self, world: World, channel: Channel) -> Attachment:
        """Upload it; the client refuses what is above the limit."""
        limit = channel.guild.upload_limit_bytes if channel.guild else 10 * 1024 * 1024
        if len(self.data) > limit:
            raise CannotDo(
                "{file} is above the limit of {limit} bytes", file=self.name, limit=limit
            )
        more: dict[str, Any] = {}
        if self.duration_secs is not None:
            more = {"duration_secs": self.duration_secs, "waveform": self.waveform}
        if (title := title_of(self.name)) is not None:
            more["title"] = title
        kind = content_type(self.name) if self.type is None else self.type
        return world.file(channel, self.name, kind, self.data, **more)
