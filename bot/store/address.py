"""The database's address: a URL as people write it, checked and translated for the drivers."""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import BadSettings
from bot.extras import extra_command
from bot.store.postgres_url import HINT as _HINT
from bot.store.postgres_url import PostgresUrl


@dataclass(frozen=True, slots=True)
class Address:
    """A database that can be opened.

    Attributes:
        url: Names the asynchronous driver. It holds the password, so it must never be logged.
        file: The SQLite file; None for PostgreSQL.
        driver: Further keyword arguments of `asyncpg.connect`.
        ignored: Parameters of the URL without effect that would protect the connection.
    """

    url: URL
    file: Path | None
    driver: Mapping[str, Any] = field(default_factory=dict, repr=False)
    ignored: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read a database URL as people and hosts write it; see `PostgresUrl`.

        Raises:
            BadSettings: Not a URL, another kind of database, or a missing driver. The message
                never repeats the text, which may hold a password.
        """
        text = text.strip()
        if text.casefold().startswith("postgres"):
            return cls._postgresql(text)
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise BadSettings("The database URL cannot be read.", hint=_HINT) from None
        match url.get_backend_name():
            case "sqlite":
                return cls._sqlite(url)
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
    def _postgresql(cls, text: str) -> "Address":
        if importlib.util.find_spec("asyncpg") is None:
            raise BadSettings(
                "PostgreSQL needs the package asyncpg.", hint=extra_command("postgres")
            )
        read = PostgresUrl.parse(text)
        for name, file in read.certificate_files.items():
            if not os.access(file, os.R_OK):
                raise BadSettings(
                    f"{name} in the database URL names no file that skydeck can read.",
                    hint="Give the full path, or sslrootcert=system for this machine's own "
                    "certificates.",
                )
        driver = dict(read.driver)
        if read.trusts_system:
            import ssl  # noqa: PLC0415  (slow to import)

            driver["ssl"] = ssl.create_default_context()
        if len(read.hosts) > 1:
            driver |= {"host": [h for h, _ in read.hosts], "port": [p for _, p in read.hosts]}
        host, port = read.hosts[0] if read.hosts else (None, None)
        url = URL.create(
            "postgresql+asyncpg",
            username=read.user,
            password=read.password,
            host=host,
            port=port,
            database=read.database,
            query={} if read.ssl_mode is None else {"ssl": read.ssl_mode},
        )
        return cls(url, None, driver, read.ignored)

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
