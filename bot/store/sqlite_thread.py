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
    """Runs transactions one after the other. It starts with the first, again after a `close`.

    Args:
        engine: Connects to the database, and begins each transaction as it should.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._executor: ThreadPoolExecutor | None = None
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], R]) -> "asyncio.Future[R]":
        """Run `work` in a transaction: committed when it returns, rolled back when it raises."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        return asyncio.get_running_loop().run_in_executor(self._executor, self._transact, work)

    async def close(self) -> None:
        """End what is under way, and close the connection."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.get_running_loop().run_in_executor(executor, self._disconnect)
            executor.shutdown()

    def _transact(self, work: Callable[[Connection], R]) -> R:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._engine.connect()
        try:
            with connection.begin():
                return work(connection)
        except (SQLAlchemyError, sqlite3.Error):
            # The connection may be in any state now, so nobody uses it again.
            with suppress(SQLAlchemyError, sqlite3.Error):
                self._disconnect()
            raise

    def _disconnect(self, *_: Any) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._engine.dispose()
