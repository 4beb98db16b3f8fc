"""What the journal holds, and what to do about a job whose process is gone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from bot.choices import Mode
from bot.contract import Service


class JobStage(StrEnum):
    """How far a job has come.

    waiting ──sending──▶ written ──accepted──▶ accepted ──finished──▶ finished ◀─seen──┐
                            └──────unknown───▶ unknown ───finished────────▲            │
                                                   └──undelivered (any)──▶ undelivered ┘
    """

    WAITING = "waiting"
    """It waits at its gate, or for its first message: it has certainly not been sent."""
    WRITTEN = "written"
    """It is about to be sent, or was sent; only its process knew which."""
    ACCEPTED = "accepted"
    """The service has accepted it under a known id."""
    UNKNOWN = "unknown"
    """The connection broke while the job was being submitted."""
    UNDELIVERED = "undelivered"
    """It has ended and nothing could show that; the journal keeps the result."""
    FINISHED = "finished"
    """The user has seen how it ended."""


class Ending(StrEnum):
    """How a job ended for the user."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Recovery(StrEnum):
    """What to do about an orphaned job. Nothing is ever submitted twice."""

    SEND = "send"
    """It was never sent: let it wait for its turn again."""
    COLLECT = "collect"
    """Follow it under its id and show the result in its place."""
    TELL_UNKNOWN = "tell_unknown"
    """Nobody can know whether it was sent. Say so, and let the user ask again."""
    NOTHING = "nothing"
    """It has ended; the user knows, or can ask for its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job that is about to be sent.

    Attributes:
        mode: It decides how long the service keeps the result.
        guild_id: None in a DM.
        place: What a cog needs to edit the same message again; at most 4 KiB as JSON.
        title: One line to show in lists.
        deadline_ms: How long it may take, queue and all.
        contract_id: The contract's id, under which its cost is recorded.
        request: The contract as JSON, to show or ask again; over 1 MiB it is not kept.
        interaction_id: The interaction that asks for it, if one does.
        reply_token: The interaction's token, while the answer to it has no message yet, or where
            only the token edits that. Whoever has it speaks for the bot there, so it is never a
            part of `place`, which people export.
        waits: Whether it waits before it is sent (`Journal.sending`).
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
    interaction_id: int | None = None
    reply_token: str | None = field(default=None, repr=False)
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job in the journal: its entry (without the request) and what became of it.

    Attributes:
        journal_id: Its number here; never used twice.
        created_at_ms: When it was written, before it was sent.
        job_id: The service's id.
        submitted_at_ms: When the service accepted it.
        detail: The error's short code.
        reply_token: As in the entry. Only `JobLeases.claim` reads it, for the job's new process.
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
    """An orphaned job, which this process now has to end."""

    job: Job
    action: Recovery


def decide(job: Job) -> Recovery:
    """What to do about a job whose process is gone.

    Only the service knows whether it still keeps a result, and asking for one that is gone costs
    nothing. Our own clock cannot tell: if somebody set it forward by an hour, we would give up a
    result that was paid for.
    """
    if job.stage in {JobStage.FINISHED, JobStage.UNDELIVERED}:
        return Recovery.NOTHING
    if job.job_id is not None:
        return Recovery.COLLECT
    return Recovery.SEND if job.stage is JobStage.WAITING else Recovery.TELL_UNKNOWN
