"""Remembers which files were hashed, so that a start does not read half a gigabyte again.

A mark is a file's hash together with its metadata at that moment. Any write, replacement or
restored backup changes the metadata, and the store hashes the file again. Marks cannot detect
silent disk corruption; `skydeck models verify` does.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from bot.models.manifest import ModelFile

MARKS_FILE = ".verified.json"


def mark_of(stat: os.stat_result, sha256: str) -> str:
    """The mark of a file whose hash is right.

    The change time catches a writer that resets the modification time.
    """
    return f"{sha256}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"


class VerifiedMarks:
    """The marks of one model's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MARKS_FILE
        self._known = self._read()

    def confirms(self, file: ModelFile, stat: os.stat_result) -> bool:
        """Whether this exact file was hashed before and was right."""
        return self._known.get(file.name) == mark_of(stat, file.sha256)

    def record(self, file: ModelFile, stat: os.stat_result) -> None:
        """Remember that the file is right."""
        self._known[file.name] = mark_of(stat, file.sha256)
        self._write()

    def forget(self, file: ModelFile) -> None:
        """Drop the mark of a file that is wrong."""
        if self._known.pop(file.name, None) is not None:
            self._write()

    def _read(self) -> dict[str, str]:
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self) -> None:
        """Write to a temporary file first: readers of a store do not hold its lock."""
        fresh = self._path.with_name(f"{MARKS_FILE}.{os.getpid()}")
        # A read-only store still works; it is only hashed again each time.
        with suppress(OSError):
            fresh.write_text(json.dumps(self._known, indent=1), encoding="utf-8")
            fresh.replace(self._path)
