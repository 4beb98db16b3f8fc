"""The file format of a backup: gzipped lines of JSON with a checksum, complete or not there.

    {"skydeck_backup": 1, "revision": "0005", "made_at_ms": …, "tables": {"jobs": […]}, …}   Header
    ["jobs", [17, "FACTORY", …]]                                            one line for each row
    {"rows": {"jobs": 1}, "sha256": "…"}                                    of all lines before it

The rows are plain values, so that a backup of SQLite can be restored into PostgreSQL and vice
versa; `zcat` shows them. Bytes are written as `{"base64": …}`, JSON values as `{"json": …}`.
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
"""The longest row has a packed result of 16 MiB, in base64."""
MAX_LINE_VALUES: Final = 500_000
"""The most commas and brackets in a line; each could be a value that takes a hundred bytes."""
_MAX_RATIO: Final = 200
_MIN_TOTAL_BYTES: Final = 64 * 1024 * 1024
"""A small file may unpack to this much. Text packs to about a fifth."""

Row = tuple[str, list[Any]]
"""A table and the values of one of its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of a backup.

    Attributes:
        revision: The rows' schema.
        made_at_ms: UTC epoch milliseconds.
        source: `sqlite` or `postgresql`.
        version: The skydeck that made it.
        tables: The columns of each table, in the order of the values; a table comes after those
            that it refers to.
        counters: The highest number that each table has given out, also to rows since deleted.
        expected: The number of rows, to show progress.
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
    """Validates the first line. People are shown its text, so it has no special characters."""

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
    """Writes a backup under a temporary name, and renames it when it is complete.

    Args:
        file: The final name. Only the file's owner can read it.

    Raises:
        WrongUse: The file exists already.
        StoreFailed: It cannot be written; no part of it is left.
    """

    def __init__(self, file: Path) -> None:
        if file.exists():
            raise WrongUse(f"{file} already exists.", hint="Give the backup a new name.")
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
            except OSError:  # the buffered rest has no room either
                continue
        self._part.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> StoreFailed:
        return StoreFailed(
            f"The backup {self._file} could not be written: {error.strerror or error}.",
            hint="Choose a writable folder with enough room.",
        )


class Reader:
    """Reads a backup, and explains any fault of it in one line.

    Raises:
        BadInput: The file cannot be read, is not a backup, is damaged or incomplete.
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
        """All rows; the end proves that none is missing or changed.

        Raises:
            BadInput: One is.
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
                raise BadInput(f"{self._file} has a table {table} that is unknown to skydeck.")
        if not set(self.header.counters) <= set(self.header.tables):
            raise BadInput(f"{self._file} counts the rows of a table that it lacks.")

    def _row(self, words: Any) -> Row:
        """Read a line as a row.

        Raises:
            BadInput: It does not fit its table.
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
        """Read the whole file. Returns the number of rows.

        Raises:
            BadInput: It is damaged or incomplete.
        """
        return sum(1 for _ in self.rows())

    def _lines(self) -> Iterator[bytes]:
        try:
            found = self._file.stat()
            if not stat.S_ISREG(found.st_mode):  # a pipe or a device would be read forever
                raise BadInput(f"{self._file} is not a file.")
            left = max(_MIN_TOTAL_BYTES, found.st_size * _MAX_RATIO)
            with gzip.open(self._file) as lines:
                while line := lines.readline(MAX_LINE_BYTES + 1):
                    left -= len(line)
                    if len(line) > MAX_LINE_BYTES or left < 0 or _values(line) > MAX_LINE_VALUES:
                        raise BadInput(
                            f"{self._file} unpacks to more than any backup of skydeck.",
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
    """Read what `_out` wrote.

    Raises:
        ValueError: `_out` did not write it.
    """
    match value:
        case {"json": found}:
            return found
        case {"base64": str(words)}:
            return base64.b64decode(words, validate=True)
        case dict() | list():
            raise ValueError("a value has the wrong format")
        case _:
            return value


def _parsed(line: bytes) -> Any:
    """The JSON in a line.

    Raises:
        ValueError: There is none.
    """
    try:
        return json.loads(line, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _values(line: bytes) -> int:
    """An upper bound of the line's values. Base64, which makes lines long, has none of these."""
    return line.count(b",") + line.count(b"[") + line.count(b"{")
