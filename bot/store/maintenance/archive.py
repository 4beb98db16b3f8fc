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
import stat
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from bot.errors import BadInput, StoreFailed, WrongUse
from bot.store.rows import MAX_INT64, MAX_TIME_MS, check, columns_of

FORMAT: Final = 1
_LEVEL: Final = 6
MAX_LINE_BYTES: Final = 24 * 1024 * 1024
"""A row is at most a packed result of 16 MiB, in base64; a longer line is none of ours."""
MAX_LINE_VALUES: Final = 500_000
"""So many commas and brackets has no line of ours; each could be a value of a hundred bytes."""
_MAX_RATIO: Final = 200
_MIN_TOTAL_BYTES: Final = 64 * 1024 * 1024
"""What a backup may unpack to at least. Ours packs people's words, to a fifth or so."""

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


_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class _HeaderLine(BaseModel):
    """The first line, as it may be. What it says is shown to people: it has no other signs."""

    model_config = ConfigDict(strict=True, extra="forbid")

    skydeck_backup: int = Field(ge=1)
    revision: str = Field(pattern=r"^[0-9A-Za-z_]{1,32}$")
    made_at_ms: int = Field(ge=0, le=MAX_TIME_MS)
    source: str = Field(pattern=r"^[a-z]{1,32}$")
    version: str = Field(pattern=r"^[0-9A-Za-z.+!_-]{1,64}$")
    tables: dict[_Name, list[_Name]]
    counters: dict[_Name, Annotated[int, Field(ge=0, le=MAX_INT64)]] = {}
    expected: int = Field(default=0, ge=0, le=MAX_INT64)


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
            found = _HeaderLine.model_validate(_parsed(first))
        except ValueError:
            raise BadInput(f"{file} is not a backup of skydeck.") from None
        if found.skydeck_backup != FORMAT:
            raise BadInput(
                f"{file} was made by a newer skydeck ({found.version}).",
                hint="Restore it with that version.",
            )
        self.header = Header(**found.model_dump(exclude={"skydeck_backup"}))

    def rows(self) -> Iterator[Row]:
        """All rows, and at the end the proof that they are all there and as they were written.

        Raises:
            BadInput: They are not.
        """
        self._check_tables()
        digest = hashlib.sha256()
        counts: Counter[str] = Counter()
        lines = self._lines()
        digest.update(next(lines, b""))
        for line in lines:
            try:
                words = _parsed(line)
            except ValueError:
                self._must_be(False)
            if isinstance(words, dict):
                self._must_be(words == {"rows": counts, "sha256": digest.hexdigest()})
                self._must_be(next(lines, None) is None)
                return
            digest.update(line)
            table, values = self._row(words)
            yield table, values
            counts[table] += 1
        self._must_be(False)

    def _check_tables(self) -> None:
        for table, columns in self.header.tables.items():
            known = columns_of(table)
            if not known or len(set(columns)) != len(columns) or not set(columns) <= set(known):
                raise BadInput(f"{self._file} has a table {table} that no backup of skydeck has.")
        if not set(self.header.counters) <= set(self.header.tables):
            raise BadInput(f"{self._file} counts the rows of a table that it has not.")

    def _row(self, words: Any) -> Row:
        """A line as a row that fits its table.

        Raises:
            BadInput: It does not.
        """
        match words:
            case [str(table), list(written)] if table in self.header.tables:
                columns = self.header.tables[table]
                self._must_be(len(columns) == len(written))
                try:
                    values = [_in(value) for value in written]
                    check(table, dict(zip(columns, values, strict=True)))
                except ValueError as e:
                    raise BadInput(
                        f"{self._file} has a row that skydeck cannot have written: {e}.",
                        hint="Use another backup; nothing was changed.",
                    ) from None
                return table, values
        self._must_be(False)
        raise AssertionError("it is not")

    def verify(self) -> int:
        """Read all of it. Returns how many rows there are.

        Raises:
            BadInput: It is damaged or not whole.
        """
        return sum(1 for _ in self.rows())

    def _lines(self) -> Iterator[bytes]:
        try:
            found = self._file.stat()
            if not stat.S_ISREG(found.st_mode):  # a pipe or a device would be read for ever
                raise BadInput(f"{self._file} is not a file.")
            left = max(_MIN_TOTAL_BYTES, found.st_size * _MAX_RATIO)
            with gzip.open(self._file) as lines:
                while line := lines.readline(MAX_LINE_BYTES + 1):
                    left -= len(line)
                    if len(line) > MAX_LINE_BYTES or left < 0 or _values(line) > MAX_LINE_VALUES:
                        raise BadInput(
                            f"{self._file} unpacks to more than a backup of skydeck does.",
                            hint="Use another one; nothing was changed.",
                        )
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
    """What was written.

    Raises:
        ValueError: It was not written so.
    """
    match value:
        case {"json": found}:
            return found
        case {"base64": str(words)}:
            return base64.b64decode(words, validate=True)
        case dict() | list():
            raise ValueError("a value is not written as a backup writes it")
        case _:
            return value


def _parsed(line: bytes) -> Any:
    """A line's JSON.

    Raises:
        ValueError: It is none.
    """
    try:
        return json.loads(line, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _values(line: bytes) -> int:
    """No fewer than the line has values; base64, which makes lines long, has none of these."""
    return line.count(b",") + line.count(b"[") + line.count(b"{")
