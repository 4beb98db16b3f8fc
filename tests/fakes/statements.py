"""SQL past the store, on either database."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import asyncpg


async def rows_of(url: str, statements: Sequence[str]) -> list[list[tuple]]:
    """Run statements on one connection; return the rows of each."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            found = [connection.execute(one).fetchall() for one in statements]
            connection.commit()
            return found
    connection = await asyncpg.connect(url)
    try:
        return [[tuple(row) for row in await connection.fetch(one)] for one in statements]
    finally:
        await connection.close()
