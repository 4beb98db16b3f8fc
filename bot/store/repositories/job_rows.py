"""A job as a row of the journal, the row as a job, and the statements of every job's life."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import RowMapping

from bot.choices import Mode
from bot.contract import Service
from bot.errors import TooLarge
from bot.store.limits import LINE_LIMIT_CHARS, PLACE_LIMIT_BYTES, REPLY_TOKEN_LIMIT_CHARS, storable
from bot.store.repositories.recovery import Ending, Entry, Job, JobStage
from bot.store.statement import Statement
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


def place_column(place: Mapping[str, JsonValue]) -> str:
    """A place for its column, as JSON.

    Raises:
        TooLarge: The place is too large.
    """
    if len(column := json.dumps(dict(place))) > PLACE_LIMIT_BYTES:
        raise TooLarge(f"The place of an answer has at most {PLACE_LIMIT_BYTES} bytes.")
    return column


def _token(token: str | None) -> str | None:
    """A token that is too long is not Discord's, and half a token opens nothing."""
    return token if token is None or len(token) <= REPLY_TOKEN_LIMIT_CHARS else None


# -- the statements ---------------------------------------------------------------------------

OURS: Final = "lease_owner = :owner AND finished_at_ms IS NULL"
"""The condition that a job has not ended, and that its lease belongs to the process `owner`."""


def _change(columns: str) -> Statement:
    """A change of one job, if it is still ours."""
    return Statement(f"UPDATE jobs SET {columns} WHERE journal_id = :journal_id AND {OURS}")  # noqa: S608  (ours)


_SENT_NEXT: Final = (
    f"stage = CASE WHEN stage = '{JobStage.WAITING}' THEN '{JobStage.WRITTEN}' ELSE stage END"
)
"""A job that waited does not any more; any other stage stays."""

ADDED: Final = Statement(
    "INSERT INTO jobs (service, module, endpoint_id, mode, guild_id, channel_id, user_id, place, "
    "title, deadline_ms, created_at_ms, stage, contract_id, interaction_id, detail, lease_owner, "
    "lease_until_ms, reply_token) VALUES (:service, :module, :endpoint_id, :mode, :guild_id, "
    ":channel_id, :user_id, :place, :title, :deadline_ms, :created_at_ms, :stage, :contract_id, "
    ":interaction_id, :detail, :lease_owner, :lease_until_ms, :reply_token) RETURNING journal_id"
)
REQUESTED: Final = Statement(
    "INSERT INTO job_requests (journal_id, contract) VALUES (:journal_id, :contract)"
)
_REPLY: Final = "reply_token = CASE WHEN :needs_reply THEN reply_token ELSE NULL END"
SHOWN: Final = _change(f"place = :place, {_REPLY}, {_SENT_NEXT}")
SHOWN_WAITING: Final = _change(f"place = :place, {_REPLY}")
SENDING: Final = _change(_SENT_NEXT)
ACCEPTED: Final = Statement(
    "UPDATE jobs SET job_id = :job_id, submitted_at_ms = :submitted_at_ms, "  # noqa: S608  (ours)
    f"stage = CASE WHEN finished_at_ms IS NULL THEN '{JobStage.ACCEPTED}' ELSE stage END "
    "WHERE journal_id = :journal_id AND job_id IS NULL"
)
IS_OURS: Final = Statement(f"SELECT 1 FROM jobs WHERE journal_id = :journal_id AND {OURS}")  # noqa: S608  (ours)
UNKNOWN: Final = _change(f"stage = '{JobStage.UNKNOWN}'")
KEPT: Final = _change(f"place = :place, lease_until_ms = :lease_until_ms, {_SENT_NEXT}")
ENDED: Final = _change(
    "stage = :stage, ending = :ending, detail = :detail, finished_at_ms = :finished_at_ms, "
    "lease_owner = NULL, reply_token = NULL"
)
RESULT_DELETED: Final = Statement("DELETE FROM job_results WHERE journal_id = :journal_id")
RESULT_ADDED: Final = Statement(
    "INSERT INTO job_results (journal_id, result, announced) VALUES (:journal_id, :result, FALSE)"
)
MISSED: Final = Statement(
    "SELECT r.announced, COUNT(*) FROM job_results r JOIN jobs j ON j.journal_id = r.journal_id "  # noqa: S608  (ours)
    f"WHERE j.user_id = :user_id AND j.stage = '{JobStage.UNDELIVERED}' GROUP BY r.announced"
)
REQUEST: Final = Statement("SELECT contract FROM job_requests WHERE journal_id = :journal_id")
