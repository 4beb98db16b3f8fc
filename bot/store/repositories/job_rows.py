"""A job as a row of the journal, and the row as a job."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import Case, RowMapping, case

from bot.choices import Mode
from bot.contract import Service
from bot.errors import TooLarge
from bot.store.limits import (
    LINE_LIMIT_CHARS,
    PLACE_LIMIT_BYTES,
    REPLY_TOKEN_LIMIT_CHARS,
    storable,
)
from bot.store.repositories.recovery import Ending, Entry, Job, JobStage
from bot.store.tables import jobs

COLUMNS: Final = tuple(jobs.c[name] for name in Job.__slots__ if name != "reply_token")
"""Everything of a job that may be shown."""


def row_of(entry: Entry) -> dict[str, Any]:
    """The row of a job that is about to begin.

    Raises:
        TooLarge: The place is too large.
    """
    return {
        "service": entry.service,
        "module": entry.module,
        "endpoint_id": entry.endpoint_id,
        "mode": entry.mode,
        "guild_id": entry.guild_id,
        "channel_id": entry.channel_id,
        "user_id": entry.user_id,
        "place": place_column(entry.place),
        "title": storable(entry.title, LINE_LIMIT_CHARS),
        "deadline_ms": entry.deadline_ms,
        "stage": JobStage.WAITING if entry.waits else JobStage.WRITTEN,
        "contract_id": entry.contract_id,
        "interaction_id": entry.interaction_id,
        "detail": "",
        "reply_token": _token(entry.reply_token),
    }


def job_of(row: RowMapping) -> Job:
    """The job in a row that has at least `COLUMNS`."""
    values = {name: row[name] for name in Job.__slots__ if name in row}
    return Job(
        **values
        | {
            "service": Service(row["service"]),
            "mode": Mode(row["mode"]),
            "stage": JobStage(row["stage"]),
            "ending": None if row["ending"] is None else Ending(row["ending"]),
        }
    )


def place_column(place: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """A place for its column.

    Raises:
        TooLarge: The place is too large.
    """
    if len(json.dumps(place := dict(place))) > PLACE_LIMIT_BYTES:
        raise TooLarge(f"The place of an answer has at most {PLACE_LIMIT_BYTES} bytes.")
    return place


def leave_waiting() -> Case[Any]:
    """The stage of a job that waits no longer; any other stage stays."""
    return case((jobs.c.stage == JobStage.WAITING, JobStage.WRITTEN), else_=jobs.c.stage)


def _token(token: str | None) -> str | None:
    """A token that is too long is not Discord's, and half a token opens nothing."""
    return token if token is None or len(token) <= REPLY_TOKEN_LIMIT_CHARS else None
