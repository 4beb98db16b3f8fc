"""A backup as a file: gzipped lines of JSON, whole or not there, with a checksum of its own.

    {"skydeck_backup": 1, "revision": "0005", "made_at_ms": …, "tables": {"jobs": […]}, …}   Header
    ["jobs", [17, "FACTORY", …]]                                            one line for each row
    {"rows": {"jobs": 1}, "sha256": "…"}                                    of all lines before it

The rows are plain values, so that a backup of SQLite can be restored into
PostgreSQL and the other way round; `zcat` shows what is in it. Bytes are written as
`{"base64": …}`, and values that are JSON themselves as `{"json": …}`.
"""

import base64
import gzip
import hashlib
import json
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from bot.errors import BadInput, StoreFailed, WrongUse

FORMAT: Final = 1
_LEVEL: Final = 6
_LONGEST_LINE: Final = 64 * 1024 * 1024
"""A row is at most a contract of 1 MiB, in base64; more in one line is no backup of ours."""

Row = tuple[str, list[Any]]
"""A table and the values of one of its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a backup says of itself.

    Attributes:
        revision: The schema that its rows have.
        made_at_ms: When, in UTC epoch milliseconds.
        source: `sqlite` or `postgresql`.
        version: The skydeck that made it.
        tables: The columns of each table, in the order of their values and of the tables' needs.
        counters: The highest number that each table has given out, also to rows since deleted.
        expected: How many rows there are, for showing the progress.
    """

    revision: str
    made_at_ms: int
    source: str
    version: str
    tables: Mapping[str, Sequence[str]]
    counters: Mapping[str, int] = field(default_factory=dict)
    expected: int = 0


class Writer:
    """Writes a backup beside its final name and moves it there when it is whole.

    Args:
        file: Where it is to be. Only its owner can read it.

    Raises:
        WrongUse: The file is there already.
        StoreFailed: It cannot be written; nothing of it is left.
    """

    def __init__(self, file: Path) -> None:
        if file.exists():
            raise WrongUse(f"{file} is there already.", hint="Give the backup a new name.")
        self._file = file
        self._part = file.with_name(f".{file.name}.part")
        self._digest = hashlib.sha256()
        self._rows: Counter[str] = Counter()

    def __enter__(self) -> Self:
        try:
            self._part.unlink(missing_ok=True)  # of a run that was killed
            handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._raw = os.fdopen(handle, "wb")
            self._zip = gzip.GzipFile("", "wb", _LEVEL, self._raw, mtime=0)
        except OSError as e:
            raise self._failure(e) from e
        return self

    def begin(self, header: Header) -> None:
        """Write the first line."""
        self._put({"skydeck_backup": FORMAT, **asdict(header)})

    def add(self, table: str, values: Sequence[Any]) -> None:
        """Write a row."""
        self._put([table, [_out(value) for value in values]])
        self._rows[table] += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._put({"rows": self._rows, "sha256": self._digest.hexdigest()})
                self._zip.close()
                self._raw.flush()
                os.fsync(self._raw.fileno())
                self._raw.close()
                self._part.replace(self._file)
        except OSError as e:
            raise self._failure(e) from e
        finally:
            self._let_go()

    def _put(self, line: object) -> None:
        words = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        self._digest.update(words)
        try:
            self._zip.write(words)
        except OSError as e:
            raise self._failure(e) from e

    def _let_go(self) -> None:
        for file in (self._zip, self._raw):
            try:
                file.close()
            except OSError:  # what is left to be written has no room either
                continue
        self._part.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> StoreFailed:
        return StoreFailed(
            f"The backup {self._file} could not be written: {error.strerror or error}.",
            hint="Choose a folder with room that can be written to.",
        )


class Reader:
    """Reads a backup; every way in which it can be wrong is one line for a person.

    Args:
        file: The backup.

    Attributes:
        header: What it says of itself.

    Raises:
        BadInput: The file cannot be read, is no backup, is damaged or not whole.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        first = next(self._lines(), b"")
        try:
            fields = json.loads(first)
            number = fields.pop("skydeck_backup")
            self.header = Header(**fields)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BadInput(f"{file} is not a backup of skydeck.") from None
        if number != FORMAT:
            raise BadInput(
                f"{file} was made by a newer skydeck ({self.header.version}).",
                hint="Restore it with that version.",
            )

    def rows(self) -> Iterator[Row]:
        """All rows, and at the end the proof that they are all there and as they were written.

        Raises:
            BadInput: They are not.
        """
        digest = hashlib.sha256()
        counts: Counter[str] = Counter()
        for number, line in enumerate(self._lines()):
            try:
                words = json.loads(line)
                if isinstance(words, dict) and number:
                    self._must_be(words == {"rows": counts, "sha256": digest.hexdigest()})
                    return
                digest.update(line)
                if number:
                    table, values = words
                    yield table, [_in(value) for value in values]
                    counts[table] += 1
            except (ValueError, TypeError, KeyError):
                self._must_be(False)
        self._must_be(False)

    def verify(self) -> int:
        """Read all of it. Returns how many rows there are.

        Raises:
            BadInput: It is damaged or not whole.
        """
        known = self.header.tables
        count = 0
        for table, values in self.rows():
            self._must_be(table in known and len(values) == len(known[table]))
            count += 1
        return count

    def _lines(self) -> Iterator[bytes]:
        try:
            with gzip.open(self._file) as lines:
                while line := lines.readline(_LONGEST_LINE):
                    yield line
        except gzip.BadGzipFile:
            raise BadInput(f"{self._file} is not a backup of skydeck, or damaged.") from None
        except (EOFError, zlib.error):
            self._must_be(False)
        except OSError as e:
            raise BadInput(f"{self._file} cannot be read: {e.strerror or e}.") from None

    def _must_be(self, whole: bool) -> None:
        if not whole:
            raise BadInput(
                f"The backup {self._file} is damaged, or was cut short.", hint="Use another one."
            )


def _out(value: Any) -> Any:
    match value:
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case dict() | list():
            return {"json": value}
        case _:
            return value


def _in(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return value["json"] if "json" in value else base64.b64decode(value["base64"])
