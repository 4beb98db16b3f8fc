"""Statements that are written once and run often: nobody compiles their text twice."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, TextClause, text

Values = Mapping[str, Any]

_PLACEHOLDERS: Final = 256
"""How many texts are kept, of statements whose length depends on their values."""


class Statement:
    """One statement with named parameters (`:name`), for both databases.

    SQLite's driver gets it as it is: SQLAlchemy would take longer than the statement itself.
    """

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._text: TextClause = text(sql)

    def rows(self, connection: Connection, values: Values) -> list[Sequence[Any]]:
        """Run it, and return all its rows."""
        if (driver := _sqlite(connection)) is not None:
            found: list[Sequence[Any]] = driver.execute(self._sql, values).fetchall()
            return found
        return list(connection.execute(self._text, dict(values)).all())

    def count(self, connection: Connection, values: Values) -> int:
        """Run it. Returns how many rows it has changed."""
        if (driver := _sqlite(connection)) is not None:
            changed: int = driver.execute(self._sql, values).rowcount
            return changed
        return int(connection.execute(self._text, dict(values)).rowcount)

    def each(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Run it with each of the rows, in their order."""
        if not rows:
            return
        if (driver := _sqlite(connection)) is not None:
            driver.executemany(self._sql, rows)
        else:
            connection.execute(self._text, [dict(row) for row in rows])


def _sqlite(connection: Connection) -> Any:
    if connection.dialect.name != "sqlite":
        return None
    return connection.connection.driver_connection


@lru_cache(_PLACEHOLDERS)
def listed(sql: str, row: str, number: int) -> Statement:
    """A statement with a list in it: `{}` in `sql` stands for `number` copies of `row`.

    >>> listed("SELECT 1 WHERE 2 IN ({})", ":n{}", 2)._sql
    'SELECT 1 WHERE 2 IN (:n0, :n1)'
    """
    return Statement(sql.format(", ".join(row.replace("{}", str(n)) for n in range(number))))


def padded(values: Sequence[Values]) -> dict[str, Any]:
    """Parameters for `listed`, numbered; the last is repeated until there is a power of two.

    So lists of all lengths need only a few statements, which a database prepares once.
    """
    size = 1 << (len(values) - 1).bit_length()
    full = [*values, *[values[-1]] * (size - len(values))]
    return {f"{name}{n}": value for n, row in enumerate(full) for name, value in row.items()}
