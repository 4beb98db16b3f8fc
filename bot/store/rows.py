"""Checks whether skydeck could have written a row of a backup.

A file can be damaged or forged, and the rest of the code trusts the database. So types, ranges,
lengths and enumerated values are checked here, before anything is written.
"""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, String

from bot.choices import Identity, Mode
from bot.contract import Service
from bot.errors import TooLarge
from bot.money import Basis, Period, Scope
from bot.store.limits import CONTENT_LIMIT_CHARS, PLACE_LIMIT_BYTES, REQUEST_LIMIT_BYTES
from bot.store.records import CallState, Role
from bot.store.repositories import guilds, personas
from bot.store.repositories.recovery import Ending, JobStage
from bot.store.repositories.results import MAX_RESULT_BYTES
from bot.store.repositories.voice import ATTENTIONS
from bot.store.tables import PASSING, RETIRED, metadata

MAX_INT64: Final = 2**63 - 1
MAX_TIME_MS: Final = 221_845_392_000_000
"""The year 9000: Python's calendar ends in 9999."""
MAX_CALL_MICRO_USD: Final = 10**12
"""A million dollars; sums of them stay within 64 bits."""
MAX_BUCKET_MICRO_USD: Final = 10**15
MAX_TOKENS: Final = 10**12
_MAX_JSON_BYTES: Final = 64 * 1024
_MAX_BLOB_BYTES: Final = {"contract": REQUEST_LIMIT_BYTES, "result": MAX_RESULT_BYTES}

_WORDS: Final[Mapping[tuple[str, str], type[StrEnum] | tuple[str, ...]]] = {
    ("guilds", "identity"): Identity,
    ("messages", "role"): Role,
    ("jobs", "service"): Service,
    ("jobs", "mode"): Mode,
    ("jobs", "stage"): JobStage,
    ("jobs", "ending"): Ending,
    ("voice_rooms", "attention"): ATTENTIONS,
    ("calls", "state"): CallState,
    ("calls", "service"): Service,
    ("calls", "basis"): Basis,
    ("purses", "scope"): Scope,
    ("purses", "period"): Period,
    ("budgets", "period"): Period,
}
_ENDED: Final = (JobStage.FINISHED, JobStage.UNDELIVERED)


@cache
def columns_of(table: str) -> Mapping[str, Column[Any]]:
    """The columns of a table that a backup may have, by name; none if there is no such table.

    Those of all schemas: a backup's own says which of them its rows have.
    """
    found = metadata.tables.get(table)
    if found is None or found.info.get(PASSING):
        return {}
    lasting = (column for column in found.columns if not column.info.get(PASSING))
    return {column.name: column for column in (*lasting, *RETIRED.get(table, ()))}


def check(table: str, row: Mapping[str, Any]) -> None:
    """Refuse a row that skydeck could not have written, or could not read.

    Args:
        table: A table that a backup may have.
        row: The values of its columns, by name.

    Raises:
        ValueError: Names the column and the problem, without the value.
    """
    columns = columns_of(table)
    for name, value in row.items():
        problem = _problem(table, columns[name], value)
        if problem:
            raise ValueError(f"{table}.{name} {problem}")
    if look := _LOOKS.get(table):
        # A backup of an older schema lacks the columns that came later; they are all nullable.
        look({name: None for name, one in columns.items() if one.nullable} | dict(row))


def _problem(table: str, column: Column[Any], value: Any) -> str:
    if value is None:
        return "" if column.nullable else "is empty"
    kind = column.type
    if isinstance(kind, Boolean):
        return "" if value in (True, False) and isinstance(value, int) else "is not true or false"
    if isinstance(kind, Integer):
        return _wrong_number(table, column.name, value)
    if isinstance(kind, LargeBinary):
        most = _MAX_BLOB_BYTES[column.name]
        return _wrong_size(value, bytes, most, "bytes")
    if isinstance(kind, JSON):
        return _wrong_json(value)
    return _wrong_words(table, column, value)


def _wrong_number(table: str, name: str, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "is not a whole number"
    most = MAX_INT64
    if name.endswith("_micro_usd"):
        most = MAX_BUCKET_MICRO_USD if table == "purses" else MAX_CALL_MICRO_USD
    elif name.endswith("_tokens"):
        most = MAX_TOKENS
    elif name.endswith("_ms"):
        most = MAX_TIME_MS
    # Another process may settle what one has reserved (`payments.PARTS`).
    least = -most if (table, name) == ("purses", "reserved_micro_usd") else 0
    return "" if least <= value <= most else f"is not between {least} and {most}"


def _wrong_words(table: str, column: Column[Any], value: Any) -> str:
    length = column.type.length if isinstance(column.type, String) else None
    if problem := _wrong_size(value, str, length or CONTENT_LIMIT_CHARS, "characters"):
        return problem
    if not _is_storable(value):
        return "has characters that no database holds"
    known = _WORDS.get((table, column.name))
    return "" if known is None or value in tuple(known) else "is not one of its possible values"


def _wrong_size(value: Any, kind: type[str] | type[bytes], most: int, unit: str) -> str:
    if not isinstance(value, kind):
        return "is not text" if kind is str else "is not bytes"
    return "" if len(value) <= most else f"has more than {most} {unit}"


def _wrong_json(value: Any) -> str:
    try:
        words = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError):
        return "is not JSON that a database holds"
    return "" if len(words) <= _MAX_JSON_BYTES else f"has more than {_MAX_JSON_BYTES} bytes"


def _is_storable(text: str) -> bool:
    """PostgreSQL holds no U+0000, and a lone surrogate has no UTF-8 form."""
    if text.isascii():
        return "\x00" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _look_at_guild(row: Mapping[str, Any]) -> None:
    try:
        guilds.check(guilds.read(row))
    except KeyError as e:
        raise ValueError(f"guilds.{e.args[0]} is not there") from None
    except TooLarge as e:
        raise ValueError(f"guilds: {str(e).rstrip('.')}") from None


def _look_at_persona(row: Mapping[str, Any]) -> None:
    try:
        personas.check(row)
    except KeyError as e:
        raise ValueError(f"personas.{e.args[0]} is not there") from None


def _look_at_job(row: Mapping[str, Any]) -> None:
    place = row.get("place")
    if not isinstance(place, dict) or len(json.dumps(place)) > PLACE_LIMIT_BYTES:
        raise ValueError(f"jobs.place is not an object of at most {PLACE_LIMIT_BYTES} bytes")
    has_ended = row.get("stage") in _ENDED
    if has_ended != (row.get("finished_at_ms") is not None) or (
        has_ended and row.get("ending") is None
    ):
        raise ValueError("jobs: stage, finished_at_ms and ending contradict each other")


_LOOKS: Final[Mapping[str, Callable[[Mapping[str, Any]], None]]] = {
    "guilds": _look_at_guild,
    "personas": _look_at_persona,
    "jobs": _look_at_job,
}
