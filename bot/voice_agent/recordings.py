"""Recordings of spoken turns, if the operator wants them: for a few days, within a size limit."""

import logging
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audio.speech_events import Clip

log = logging.getLogger(__name__)

_NAME: Final = re.compile(r"(?P<at>\d+\.\d\d)-(?P<user>\d+)\.ogg")
_DAY_S: Final = 86_400.0
_USED_AFTER_CLEAN_UP: Final = 0.9
"""The share of the limit that remains used after a clean-up, so that it does not run every time."""


@dataclass(frozen=True, slots=True)
class _Recording:
    at_s: float
    user_id: int
    bytes: int
    path: Path


class RecordingStore:
    """A folder of recordings. Thread-safe; every method blocks.

    It deletes only files that it named itself.

    Args:
        folder: Created when needed, readable by its owner alone.
        days: How long a recording is kept.
        limit_bytes: The size of all recordings; beyond it the oldest are deleted.
    """

    def __init__(self, folder: Path, *, days: float, limit_bytes: int) -> None:
        self._folder = folder
        self._days = days
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._used: int | None = None

    def add(self, clip: Clip, at_s: float) -> None:
        """Write a clip to a file named after the time (UTC epoch seconds) and the speaker's id.

        A failure is only logged.
        """
        sound = clip.file()
        path = self._folder / f"{at_s:.2f}-{clip.user_id}.ogg"
        with self._lock:
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(sound)
                if self._used is None:
                    self._used = sum(one.bytes for one in self._list())
                else:
                    self._used += len(sound)
                if self._used > self._limit:
                    self._make_room()
            except OSError as e:
                log.warning("a recording was not kept: %s", e)

    def prune(self, now_s: float) -> int:
        """Delete recordings that are too old. Returns how many."""
        since_s = now_s - self._days * _DAY_S
        with self._lock:
            return self._delete([one for one in self._list() if one.at_s < since_s])

    def forget(self, user_id: int) -> int:
        """Delete the recordings of a person. Returns how many."""
        with self._lock:
            return self._delete([one for one in self._list() if one.user_id == user_id])

    def _make_room(self) -> None:
        recordings = sorted(self._list(), key=lambda one: one.at_s)
        used, oldest = sum(one.bytes for one in recordings), []
        for one in recordings:
            if used <= self._limit * _USED_AFTER_CLEAN_UP:
                break
            oldest.append(one)
            used -= one.bytes
        log.warning("the recordings exceed their limit; deleting the %d oldest", len(oldest))
        self._delete(oldest)

    def _delete(self, recordings: list[_Recording]) -> int:
        deleted = 0
        for one in recordings:
            try:
                one.path.unlink(missing_ok=True)
                deleted += 1
            except OSError as e:
                log.warning("a recording was not deleted: %s", e)
        self._used = None  # counted again when the next one is added
        return deleted

    def _list(self) -> list[_Recording]:
        found = []
        for path in self._folder.glob("*.ogg"):
            if name := _NAME.fullmatch(path.name):
                try:
                    size = path.stat().st_size
                except FileNotFoundError:  # another skydeck process has deleted it
                    continue
                found.append(_Recording(float(name["at"]), int(name["user"]), size, path))
        return found
