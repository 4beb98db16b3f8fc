"""Reads the bot's SQLite database for the panel: its journal of jobs, and its ledger.

It reads only, by named columns, and none that holds a secret or a place. Services and modules have
the contract's names. It blocks: give it a thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

ROWS_MAX: Final = 20
CONTRACT_MAX_BYTES: Final = 16 * 1024
BUSY_S: Final = 0.2
"""How long a reader waits for the bot; the panel asks again in a second anyway."""

_JOBS: Final = (
    "SELECT journal_id, service, module, mode, user_id, substr(title, 1, 200), stage, ending, "
    "substr(detail, 1, 200), created_at_ms, submitted_at_ms, finished_at_ms "
    "FROM jobs ORDER BY journal_id DESC LIMIT ?"
)
_JOB_FIELDS: Final = (
    *("number", "service", "module", "mode", "user", "title", "stage", "ending"),
    *("detail", "created_at_ms", "submitted_at_ms", "finished_at_ms"),
)
_CALLS: Final = (
    "SELECT at_ms, state, service, module, user_id, reserved_micro_usd, cost_micro_usd, basis, "
    "delay_ms, execution_ms, input_tokens, output_tokens, settled_at_ms, channel_id, call_id "
    "FROM calls ORDER BY at_ms DESC LIMIT ?"
)
_CALL_FIELDS: Final = (
    *("at_ms", "state", "service", "module", "user", "reserved_micro_usd", "cost_micro_usd"),
    *("basis", "delay_ms", "execution_ms", "input_tokens", "output_tokens", "settled_at_ms"),
    *("channel", "call"),
)
_CONTRACT: Final = "SELECT substr(contract, 1, ?) FROM job_requests WHERE journal_id = ?"


class BooksClosed(Exception):
    """The bot's database is not there yet, or cannot be read."""


class Books:
    """The journal and the ledger of one bot.

    Args:
        file: Its SQLite database.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def jobs(self) -> list[dict[str, Any]]:
        """The newest jobs, newest first.

        Raises:
            BooksClosed: The database cannot be read.
        """
        return self._rows(_JOBS, _JOB_FIELDS)

    def calls(self) -> list[dict[str, Any]]:
        """The ledger's newest lines, newest first.

        Raises:
            BooksClosed: The database cannot be read.
        """
        return self._rows(_CALLS, _CALL_FIELDS)

    def contract(self, number: int) -> str | None:
        """The beginning of a job's contract as JSON; None: the bot does not keep it any more.

        Raises:
            BooksClosed: The database cannot be read.
        """
        with self._open() as connection:
            row = connection.execute(_CONTRACT, (CONTRACT_MAX_BYTES, number)).fetchone()
        return bytes(row[0]).decode(errors="replace") if row else None

    def _rows(self, query: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
        with self._open() as connection:
            rows = connection.execute(query, (ROWS_MAX,)).fetchall()
        return [dict(zip(names, row, strict=True)) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        address = f"file:{quote(str(self._file))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, timeout=BUSY_S, uri=True)) as connection:
                yield connection
        except sqlite3.Error as e:
            raise BooksClosed(str(e)) from e
