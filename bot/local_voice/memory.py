"""Keeps conversations from one run to the next, if the person wants it.

Each is a file of JSON in the user's data folder that only the user can read: the words, no sound.
The latest `MAX_KEPT` are kept, and none longer than `MAX_DAYS`.
"""

import datetime as dt
import json
import logging
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from bot.clock import Clock
from bot.local_voice.audio_io import SPEAKER
from bot.local_voice.prefs import write_private
from bot.sanitize import clean, clean_excerpt
from bot.voice_agent.chat_context import ChatContext
from bot.voice_agent.events import Remember

log = logging.getLogger(__name__)

MAX_KEPT: Final = 50
MAX_DAYS: Final = 90
MAX_TURNS: Final = 200
"""Of one conversation; then its oldest are dropped."""
_MAX_BYTES: Final = 4_000_000
_TITLE_CHARS: Final = 60
_DAY_S: Final = 86_400
_NAME: Final = re.compile(r"\d{8}-\d{6}(?:-\d{1,3})?")
"""Whatever else is in the folder is not ours, and is left alone."""
_BEFORE: Final = "talk.json"
"""Where one conversation was kept before there were several."""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """One question and its answer.

    Attributes:
        heard: What the person said or typed.
        said: The answer, as far as it was played or shown.
        interrupted: Whether the answer was cut off.
        task: Whether Grace or the Factory did it; Penny does not know of it.
    """

    heard: str
    said: str
    interrupted: bool = False
    task: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """A conversation of before.

    Attributes:
        name: Its name in the folder, from the local time at which it began.
        at: That time.
        turns: What was said, oldest first.
    """

    name: str
    at: dt.datetime
    turns: tuple[KeptTurn, ...]

    @property
    def title(self) -> str:
        """The first words of it."""
        return clean_excerpt(self.turns[0].heard, limit=_TITLE_CHARS) if self.turns else ""


class Memory:
    """The conversations of one user, and the one under way. Its methods block for a few files.

    Args:
        folder: Where they are; None: in the user's data folder.

    Attributes:
        keeps: Whether the conversation under way is kept.
    """

    def __init__(self, clock: Clock, folder: Path | None = None, *, keeps: bool = True) -> None:
        data = platformdirs.user_data_path("skydeck")
        self.folder = folder or data / "conversations"
        self.keeps = keeps
        self._clock = clock
        self._name: str | None = None
        self._turns: list[KeptTurn] = []
        if folder is None:
            self._take_over(data / _BEFORE)

    # -- the conversation under way ----------------------------------------------------------------

    def add(self, turn: KeptTurn) -> None:
        """Keep a turn that is over, if conversations are kept."""
        if not turn.heard.strip():
            return
        self._turns = [*self._turns, turn][-MAX_TURNS:]
        if self.keeps:
            self._write()

    def begin(self) -> None:
        """Begin another conversation; the one before stays where it is."""
        self._name, self._turns = None, []

    def forget(self) -> None:
        """Drop the conversation under way, and delete what is kept of it."""
        if self._name is not None:
            self.delete(self._name)
        self.begin()

    def go_on(self, past: Past) -> None:
        """Go on with a conversation of before; what is said now is added to it."""
        self._name, self._turns = past.name, [*past.turns]

    def recall(self) -> ChatContext:
        """What Penny is told about the conversation under way."""
        context = ChatContext()
        for turn in self._turns:
            if not turn.task:
                context.add(Remember(0, SPEAKER, turn.heard, turn.said, turn.interrupted), "")
        return context

    def _write(self) -> None:
        try:
            if self._name is None:
                self._prune(self._now())
                self._name = self._free_name(self._now())
            turns = [asdict(turn) for turn in self._turns]
            write_private(
                self._file(self._name),
                json.dumps({"turns": turns}, ensure_ascii=False).encode(errors="replace"),
            )
        except OSError as e:
            log.warning("the conversation cannot be kept (%s)", e.strerror)

    # -- those of before -------------------------------------------------------------------------

    def past(self) -> list[Past]:
        """All that are kept and can be read, newest first."""
        found = [self.read(name) for name in self._names()]
        return [one for one in found if one is not None and one.turns]

    def read(self, name: str) -> Past | None:
        """Read one; None if it is gone or cannot be read."""
        at = _at(name)
        if at is None:
            return None
        try:
            with self._file(name).open("rb") as file:
                found = json.loads(file.read(_MAX_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as e:
            log.warning("a conversation cannot be read (%s)", type(e).__name__)
            return None
        turns = found.get("turns") if isinstance(found, dict) else None
        read = [_turn(one) for one in turns] if isinstance(turns, list) else []
        return Past(name, at, tuple(one for one in read if one is not None)[-MAX_TURNS:])

    def delete(self, name: str) -> None:
        """Delete one for good.

        Raises:
            OSError: It cannot be deleted.
        """
        if _at(name) is not None:
            self._file(name).unlink(missing_ok=True)
        if name == self._name:
            self.begin()

    def delete_all(self) -> None:
        """Delete all of them for good.

        Raises:
            OSError: One cannot be deleted.
        """
        for name in self._names():
            self.delete(name)

    def _names(self) -> list[str]:
        """The names of all, newest first."""
        try:
            names = [path.stem for path in self.folder.glob("*.json")]
        except OSError:
            return []
        return sorted((name for name in names if _at(name) is not None), key=_order, reverse=True)

    def _prune(self, now: dt.datetime) -> None:
        """Delete those that are too old, and make room for one more."""
        for number, name in enumerate(self._names(), 2):
            at = _at(name)
            is_old = at is not None and (now - at).total_seconds() > MAX_DAYS * _DAY_S
            if is_old or number > MAX_KEPT:
                self.delete(name)

    def _free_name(self, at: dt.datetime) -> str:
        name = f"{at:%Y%m%d-%H%M%S}"
        endings = ("", *(f"-{number}" for number in range(2, 1000)))
        return next(name + end for end in endings if not self._file(name + end).exists())

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock.wall())  # noqa: DTZ006 - as people name it

    def _take_over(self, before: Path) -> None:
        """Move the one conversation of an earlier version here."""
        try:
            turns = json.loads(before.read_bytes()[:_MAX_BYTES])
            read = [_turn(one) for one in turns] if isinstance(turns, list) else []
            self._turns = [one for one in read if one is not None][-MAX_TURNS:]
            if self._turns:
                self._write()
            before.unlink()
        except (OSError, ValueError):
            return
        finally:
            self.begin()


def _order(name: str) -> tuple[str, int]:
    begun, number = name[:15], name[16:]
    return begun, int(number or 1)


def _at(name: str) -> dt.datetime | None:
    """When a conversation of this name began; None: it is none of ours."""
    if not _NAME.fullmatch(name):
        return None
    try:
        return dt.datetime.strptime(name[:15], "%Y%m%d-%H%M%S")  # noqa: DTZ007 - local time
    except ValueError:
        return None


def _turn(found: Any) -> KeptTurn | None:
    match found:
        case {"heard": str(heard), "said": str(said), **more}:
            is_cut, is_task = more.get("interrupted") is True, more.get("task") is True
            return KeptTurn(clean(heard), clean(said), is_cut, is_task)
    return None
