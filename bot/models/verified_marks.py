"""Remembers which files were hashed, so that half a gigabyte is not read again at every start.

A stamp is the hash that was found and what the file system said of the file at that moment. Any
write, replacement or restored backup changes one of them, and the file is hashed anew. What no
stamp can see, a disk that rots in silence, is found by `skydeck models verify`.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from bot.models.manifest import WeightFile

STAMPS = ".verified.json"


def stamp_of(stat: os.stat_result, sha256: str) -> str:
    """What is remembered of a file whose hash is right.

    The change time catches a writer that puts the modification time back.
    """
    return f"{sha256}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"


class VerifiedMarks:
    """The stamps of one model's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / STAMPS
        self._known = self._read()

    def confirms(self, file: WeightFile, stat: os.stat_result) -> bool:
        """Whether this very file was hashed before, and was right."""
        return self._known.get(file.name) == stamp_of(stat, file.sha256)

    def record(self, file: WeightFile, stat: os.stat_result) -> None:
        """The file is right."""
        self._known[file.name] = stamp_of(stat, file.sha256)
        self._write()

    def forget(self, file: WeightFile) -> None:
        """The file is wrong, or not there."""
        if self._known.pop(file.name, None) is not None:
            self._write()

    def _read(self) -> dict[str, str]:
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self) -> None:
        """Write through a file of this process's own: readers of a store do not hold its lock."""
        fresh = self._path.with_name(f"{STAMPS}.{os.getpid()}")
        # A store that cannot be written to still works; it is only read again each time.
        with suppress(OSError):
            fresh.write_text(json.dumps(self._known, indent=1), encoding="utf-8")
            fresh.replace(self._path)
