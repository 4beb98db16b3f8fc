"""What the journal holds, and what to do about a job that its process left behind. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from bot.choices import Mode
from bot.contract import Service


class JobStage(StrEnum):
    """How far a job has come.

    written ──accepted──▶ accepted ──finished──▶ finished ◀──seen─────┐
       └─────unknown────▶ unknown ───finished──────▲                  │
                              └──undelivered (from any)──▶ undelivered ┘
    """

    WRITTEN = "written"
    """It is about to be sent, or was: only its process knew."""
    ACCEPTED = "accepted"
    """The service has it, under a known id."""
    UNKNOWN = "unknown"
    """The line broke while it was handed in."""
    UNDELIVERED = "undelivered"
    """It has ended, and there was nowhere to say so; the result is kept."""
    FINISHED = "finished"
    """The user has been told how it ended."""


class Ending(StrEnum):
    """How a job ended for the user."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Recovery(StrEnum):
    """What to do about a job that was left behind. None of it hands the job in again."""

    COLLECT = "collect"
    """Follow it under its id and show the result in its place."""
    TELL_UNKNOWN = "tell_unknown"
    """Nobody can know whether it was handed in. Say so, and let the user ask again."""
    NOTHING = "nothing"
    """It has ended, and the user knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job that is about to be handed in.

    Attributes:
        service: Who is called.
        module: Which module.
        endpoint_id: Where.
        mode: How; it decides how long the result is kept.
        user_id: For whom.
        channel_id: In which channel or thread.
        guild_id: In which server; None in a DM.
        place: What a cog needs to edit the same message again; at most 4 KiB as JSON.
        title: One line to show in lists.
        deadline_ms: How long it may take, queue and all.
        contract_id: The contract's id, under which its cost is booked.
        request: The contract as JSON, to show or ask again; over 1 MiB it is not kept.
        reply_token: The interaction's token, while the answer to it has no message yet. Whoever
            has it speaks for the bot there, so it is never a part of `place`, which people export.
    """

    service: Service
    module: str
    endpoint_id: str
    mode: Mode
    user_id: int
    channel_id: int
    deadline_ms: int
    guild_id: int | None = None
    place: Mapping[str, JsonValue] = field(default_factory=dict)
    title: str = ""
    contract_id: str | None = None
    request: bytes | None = None
    reply_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job in the journal: its entry (without the request) and what became of it.

    Attributes:
        journal_id: Its number here; never used twice.
        service: As in the entry, like all down to `deadline_ms`.
        created_at_ms: When it was written, before it was sent.
        stage: How far it has come.
        contract_id: As in the entry.
        job_id: The service's id.
        submitted_at_ms: When the service had accepted it.
        finished_at_ms: When it ended.
        ending: How.
        detail: A short code of the error.
        reply_token: As in the entry; only `Journal.claim` gives it, to whom the job is now.
    """

    journal_id: int
    service: Service
    module: str
    endpoint_id: str
    mode: Mode
    user_id: int
    channel_id: int
    guild_id: int | None
    place: Mapping[str, JsonValue]
    title: str
    deadline_ms: int
    created_at_ms: int
    stage: JobStage
    contract_id: str | None = None
    job_id: str | None = None
    submitted_at_ms: int | None = None
    finished_at_ms: int | None = None
    ending: Ending | None = None
    detail: str = ""
    reply_token: str | None = field(default=None, repr=False)


RUN_KEPT_MS: Final = 30 * 60_000
"""How long RunPod keeps the result of a completed /run (its operation reference says so)."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A job that was left behind and is now this process's to end."""

    job: Job
    action: Recovery


def decide(job: Job) -> Recovery:
    """What to do about a job that nobody follows any more.

    Whether a result is still kept only its service knows, and asking for one that is gone costs
    nothing. Our own clock cannot tell: set forward by an hour, it would give up what was paid for.

    Args:
        job: As the journal has it.
    """
    if job.stage in {JobStage.FINISHED, JobStage.UNDELIVERED}:
        return Recovery.NOTHING
    return Recovery.TELL_UNKNOWN if job.job_id is None else Recovery.COLLECT
