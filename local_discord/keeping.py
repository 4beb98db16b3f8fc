"""A local Discord in a file (SQLite), from one run to the next: it is saved as it changes.

A process that is killed loses the last second at most.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from .backend import Backend
from .records import REFERENCED, Missing, blank, encoded, fill
from .values import Attachment, Channel, Guild, Json, Message, Revision, User, Webhook
from .world import Event

log = logging.getLogger(__name__)

VERSION: Final = 1
SAVE_AFTER_S: Final = 1.0
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS things (
  kind TEXT NOT NULL, id INTEGER NOT NULL, record TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""
SMALL: Final = ("all", *(kind.__name__ for kind in (User, Guild, Channel, Webhook)))
"""What is written anew each time."""
Row = tuple[str, int, str]


class CannotKeep(Exception):
    """The file cannot be used; the words say why."""


class Keeper:
    """Saves one local Discord, and what else is to come back with it.

    Args:
        backend: The local Discord.
        file: Where to; it is made when it is not there.

    Attributes:
        more: What else to keep, as JSON.

    Raises:
        CannotKeep: The file is another's, of another version, or in use.
    """

    def __init__(self, backend: Backend, file: Path) -> None:
        self.more: Callable[[], Json] = dict
        self._backend = backend
        self._world = backend.world
        self._file = file
        self._changed: dict[int, Message] = {}
        self._files_kept: set[int] = set()
        self._channels_kept: set[int] = set()
        self._waiting: asyncio.TimerHandle | None = None
        self._writer = ThreadPoolExecutor(1, "keeper")
        self._unwritten: list[tuple[list[Row], list[Attachment]]] = []
        self._failed: CannotKeep | None = None
        with self._told():
            self._database = sqlite3.connect(file, check_same_thread=False, timeout=1.0)
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise CannotKeep(f"{file} is of another version of skydeck")
            self._database.executescript(f"{SCHEMA} PRAGMA user_version = {VERSION};")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as e:
            why = "another `skydeck try` uses it" if "locked" in str(e) else str(e)
            raise CannotKeep(f"{self._file} cannot be used: {why}") from None
        except sqlite3.DatabaseError as e:
            raise CannotKeep(f"{self._file} cannot be used: {e}") from None

    # --- loading -------------------------------------------------------------------------------

    def load(self) -> Json | None:
        """Put what was kept in place of what there is; what `more` gave, None: the file is new.

        Raises:
            CannotKeep: The file's contents cannot be read.
        """
        try:
            with self._told():
                return self._load()
        except (ValueError, TypeError, KeyError, AttributeError) as e:
            raise CannotKeep(f"{self._file} cannot be read: {type(e).__name__}: {e}") from None

    def _load(self) -> Json | None:
        rows = self._database.execute("SELECT record FROM things WHERE kind = 'all'").fetchall()
        if not rows:
            return None
        about = json.loads(rows[0][0])
        with self._database as database:  # this run serves files at another address
            database.execute(
                "UPDATE things SET record = replace(record, ?, ?)",
                (about["base_url"], self._world.base_url),
            )
        known = self._objects()
        world = self._world
        self._channels_kept = set(known[Channel])
        world.users = known[User]
        world.guilds, world.channels = known[Guild], known[Channel]
        world.webhooks, world.files = known[Webhook], known[Attachment]
        world.bot, world.owner = world.users[about["bot"]], world.users[about["owner"]]
        world.continue_after(int(about["last_id"]))
        application = self._backend.application
        application.bot, application.owner = world.bot, world.owner
        application.commands = {int(key): value for key, value in about["commands"].items()}
        application.installed_by = set(about.get("installed_by") or ())  # older files lack it
        more: Json = about["more"]
        return more

    def _objects(self) -> dict[type, dict[int, Any]]:
        kinds = {one.__name__: one for one in REFERENCED}
        known: dict[type, dict[int, Any]] = {one: {} for one in REFERENCED}
        records: list[tuple[object, Json]] = []
        found = self._database.execute("SELECT kind, id, record FROM things ORDER BY kind, id")
        for kind, number, text in found:
            if kind in kinds:
                one = known[kinds[kind]][number] = blank(kinds[kind])
                records.append((one, json.loads(text)))
        for one, record in records:
            with suppress(Missing):  # what belonged to a channel that was removed
                fill(one, record, known)
        self._put_together(known)
        return known

    def _put_together(self, known: dict[type, dict[int, Any]]) -> None:
        files = dict(self._database.execute("SELECT id, data FROM files"))
        self._files_kept = set(files)
        for number, file in known[Attachment].items():
            file.data = files.get(number, b"")
        for channel in sorted(known[Channel].values(), key=lambda one: (one.position, one.id)):
            if channel.guild is not None and channel.thread is None:
                channel.guild.channels[channel.id] = channel
        for number in [n for n, one in known[Message].items() if not hasattr(one, "changed")]:
            del known[Message][number]
        for one in known[Message].values():
            one.channel.messages[one.id] = one
            now = self._world.clock.now()
            one.revisions = [Revision(now, one.content, list(one.embeds), list(one.components))]

    # --- saving --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Save whenever something changes."""
        self._world.watchers.append(self._watch)
        self._watch(None, None)

    def _watch(self, _: Event | None, about: Message | None) -> None:
        if about is not None:
            self._changed[about.id] = about
        if self._waiting is None:
            loop = asyncio.get_running_loop()
            self._waiting = loop.call_later(SAVE_AFTER_S, self._save)

    def _save(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        for channel in self._world.channels.values():
            if channel.id not in self._channels_kept:  # a thread begins with a line of its own
                self._changed |= channel.messages
        self._channels_kept = set(self._world.channels)
        new = [f for number, f in self._world.files.items() if number not in self._files_kept]
        self._files_kept.update(f.id for f in new)
        rows = [_row(one) for one in [*self._changed.values(), *new]]
        self._changed.clear()
        self._writer.submit(self._write, [*self._small(), *rows], new)

    def _write(self, rows: list[Row], files: list[Attachment]) -> None:
        """Write, in the writer's thread; what cannot be written is tried again with the next."""
        self._unwritten.append((rows, files))
        try:
            with self._told(), self._database as database:
                # What was removed must not come back.
                database.executemany("DELETE FROM things WHERE kind = ?", [(k,) for k in SMALL])
                for one, new in self._unwritten:
                    database.executemany("INSERT OR REPLACE INTO things VALUES (?, ?, ?)", one)
                    held = [(file.id, file.data) for file in new]
                    database.executemany("INSERT OR REPLACE INTO files VALUES (?, ?)", held)
        except CannotKeep as e:
            self._failed = e
            log.warning("%s; it is tried again", e)
        else:
            self._failed = None
            self._unwritten.clear()

    def _small(self) -> Iterator[Row]:
        world = self._world
        for held in (world.users, world.guilds, world.channels, world.webhooks):
            yield from map(_row, held.values())
        about = {
            "bot": world.bot.id,
            "owner": world.owner.id,
            "base_url": world.base_url,
            "last_id": world.last_id,
            "commands": self._backend.application.commands,
            "installed_by": sorted(self._backend.application.installed_by),
            "more": self.more(),
        }
        yield "all", 0, json.dumps(about)

    def close(self) -> None:
        """Save for the last time.

        Raises:
            CannotKeep: It could not be written: the disk is full, say.
        """
        if self._watch in self._world.watchers:
            self._world.watchers.remove(self._watch)
            self._save()
        self._writer.shutdown()
        self._database.close()
        if self._failed is not None:
            raise self._failed


def _row(one: Any) -> Row:
    return type(one).__name__, one.id, json.dumps(encoded(one))
