"""Spoken turns as files, where an operator wants them kept: for some days, and in bounded room."""

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
_AFTER_PRUNING: Final = 0.9
"""How full the folder may be once the oldest have gone, so that they do not go one by one."""


@dataclass(frozen=True, slots=True)
class _Kept:
    at_s: float
    user_id: int
    bytes: int
    path: Path


class RecordingStore:
    """A folder of spoken turns. Every method blocks; any thread may call.

    Only files that it has named itself are ever deleted.

    Args:
        folder: Where; made when it is needed, for its owner alone.
        days: For how long a clip is kept.
        limit_bytes: How much room all of them may take; beyond it the oldest go.
    """

    def __init__(self, folder: Path, *, days: float, limit_bytes: int) -> None:
        self._folder = folder
        self._days = days
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._held: int | None = None

    def add(self, clip: Clip, at_s: float) -> None:
        """Keep a clip under the time and the speaker's id. That it cannot be kept is only logged.

        Args:
            clip: What was said.
            at_s: When, in UTC epoch seconds.
        """
        sound = clip.file()
        path = self._folder / f"{at_s:.2f}-{clip.user_id}.ogg"
        with self._lock:
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(sound)
                if self._held is None:
                    self._held = sum(kept.bytes for kept in self._list())
                else:
                    self._held += len(sound)
                if self._held > self._limit:
                    self._make_room()
            except OSError as e:
                log.warning("a clip was not kept: %s", e)

    def prune(self, now_s: float) -> int:
        """Delete what is older than its days. Returns how many clips that were."""
        oldest_s = now_s - self._days * _DAY_S
        with self._lock:
            return self._delete([kept for kept in self._list() if kept.at_s < oldest_s])

    def forget(self, user_id: int) -> int:
        """Delete what a person said. Returns how many clips that were."""
        with self._lock:
            return self._delete([kept for kept in self._list() if kept.user_id == user_id])

    def _make_room(self) -> None:
        kept = sorted(self._list(), key=lambda one: one.at_s)
        held, going = sum(one.bytes for one in kept), []
        for one in kept:
            if held <= self._limit * _AFTER_PRUNING:
                break
            going.append(one)
            held -= one.bytes
        log.warning("the kept clips fill their room; the %d oldest are deleted", len(going))
        self._delete(going)

    def _delete(self, clips: list[_Kept]) -> int:
        gone = 0
        for one in clips:
            try:
                one.path.unlink(missing_ok=True)
                gone += 1
            except OSError as e:
                log.warning("a clip was not deleted: %s", e)
        self._held = None  # counted anew with the next
        return gone

    def _list(self) -> list[_Kept]:
        found = []
        for path in self._folder.glob("*.ogg"):
            if name := _NAME.fullmatch(path.name):
                try:
                    size = path.stat().st_size
                except FileNotFoundError:  # another process of ours was quicker
                    continue
                found.append(_Kept(float(name["at"]), int(name["user"]), size, path))
        return found
