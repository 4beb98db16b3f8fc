"""The database's address: a URL as people write it, checked and translated for the drivers."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import BadSettings

_HINT = "Use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE."


@dataclass(frozen=True, slots=True)
class Address:
    """A database that can be opened.

    Attributes:
        url: Names the asynchronous driver. It holds the password, so it must never be logged.
        file: The SQLite file; None for PostgreSQL.
    """

    url: URL
    file: Path | None

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read a database URL as people write it.

        `postgres://` and `sslmode=` are accepted, because hosts hand out such URLs.

        Raises:
            BadSettings: Not a URL, another kind of database, or a missing driver. The message
                never repeats the text, which may hold a password.
        """
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise BadSettings("The database URL cannot be read.", hint=_HINT) from None
        match url.get_backend_name():
            case "sqlite":
                return cls._sqlite(url)
            case "postgresql" | "postgres":
                return cls._postgresql(url)
            case other:
                raise BadSettings(f"{other} databases are not supported.", hint=_HINT)

    @classmethod
    def _sqlite(cls, url: URL) -> "Address":
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise BadSettings("The SQLite URL names no file.", hint=_HINT)
        file = Path(url.database).expanduser().absolute()
        if _is_no_file(file):
            raise BadSettings(
                f"The database ({file}) is not a file but a folder or a device.", hint=_HINT
            )
        return cls(URL.create("sqlite+aiosqlite", database=str(file)), file)

    @classmethod
    def _postgresql(cls, url: URL) -> "Address":
        if importlib.util.find_spec("asyncpg") is None:
            raise BadSettings(
                "PostgreSQL needs the package asyncpg.", hint="pip install 'skydeck[postgres]'"
            )
        query = dict(url.query)
        if "sslmode" in query:
            query["ssl"] = query.pop("sslmode")
        return cls(url.set(drivername="postgresql+asyncpg", query=query), None)

    @property
    def label(self) -> str:
        """The address for messages: without user, password and options."""
        if self.file is not None:
            return str(self.file)
        return f"PostgreSQL {self.url.host or 'on this machine'}/{self.url.database or ''}"


def _is_no_file(path: Path) -> bool:
    """Whether the path is something else, on which SQLite would fail in its own thread."""
    try:
        return path.exists() and not path.is_file()
    except OSError:
        return False  # opening it fails with the reason
