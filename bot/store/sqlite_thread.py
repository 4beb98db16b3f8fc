"""A thread that owns one SQLite connection and runs whole transactions on it.

A driver for the event loop sends each statement to its thread and waits for it to come back: some
twenty switches of threads for a transaction of five statements. Here it is one.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

R = TypeVar("R")


class SqliteThread:
    """Runs transactions one after the other, until it is closed.

    Args:
        engine: Connects to the database, and begins each transaction as it should.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], R]) -> "asyncio.Future[R]":
        """Run `work` in a transaction: committed when it returns, rolled back when it raises.

        Raises:
            RuntimeError: It is closed.
        """
        return asyncio.get_running_loop().run_in_executor(self._executor, self._transact, work)

    def pragma(self, statement: str) -> "asyncio.Future[None]":
        """Run one of SQLite's PRAGMA statements, outside any transaction.

        Raises:
            sqlite3.Error: SQLite refused it.
            RuntimeError: It is closed.
        """
        return asyncio.get_running_loop().run_in_executor(self._executor, self._pragma, statement)

    async def close(self) -> None:
        """End what is under way, and close the connection."""
        disconnected = asyncio.get_running_loop().run_in_executor(self._executor, self._disconnect)
        self._executor.shutdown(wait=False)
        await disconnected

    def _transact(self, work: Callable[[Connection], R]) -> R:
        connection = self._connected()
        try:
            with connection.begin():
                return work(connection)
        except (SQLAlchemyError, sqlite3.Error):
            # The connection may be in any state now, so nobody uses it again.
            with suppress(SQLAlchemyError, sqlite3.Error):
                self._disconnect()
            raise

    def _pragma(self, statement: str) -> None:
        driver: Any = self._connected().connection.driver_connection
        driver.execute(f"PRAGMA {statement}").fetchall()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self, *_: Any) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._engine.dispose()
