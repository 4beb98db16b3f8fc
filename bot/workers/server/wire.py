"""Reads and writes the bodies of requests and responses, as bytes. No I/O.

Sources: RunPod's operation reference, and live transcripts for the shapes of the responses.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from bot.contract.job import CHUNK_LIMIT_BYTES, JobPolicy, JobStatus
from bot.large_json import MAX_VALUES, TooManyValues, read_json
from bot.steps import Steps
from bot.workers.server.jobs import Job


class BadBody(Exception):
    """The body is not a submission; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The body of `/run` or `/runsync`."""

    input: dict[str, Any]
    policy: JobPolicy


def reading_submission(body: bytes) -> Steps[Submission]:
    """Read the body of `/run` or `/runsync`, in steps between which the loop is free.

    RunPod drops an empty input, and the job fails half a minute later with "timed out"; this server
    refuses it at once. It refuses webhooks, too, since it never calls them.

    Raises:
        BadBody: The message never quotes the body.
    """
    try:
        value = yield from read_json(body)
    except TooManyValues:
        excess = f"more than {MAX_VALUES:,} values, or one that is too long"
        raise BadBody(f"the body holds {excess}") from None
    except ValueError:
        raise BadBody("the body is not JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("input"), dict):
        raise BadBody('the body must be an object with an object "input"')
    if not value["input"]:
        raise BadBody('"input" is empty; RunPod drops an empty input and the job fails')
    if value.get("webhook") or value.get("webhookV2"):
        raise BadBody("this server does not call webhooks; use /status or /stream")
    try:
        policy = JobPolicy.model_validate(value.get("policy") or {})
    except ValidationError as e:
        problem = e.errors(include_input=False, include_url=False)[0]
        field = ".".join(["policy", *map(str, problem["loc"])])
        raise BadBody(f"{field}: {problem['msg']} (milliseconds)") from None
    return Submission(value["input"], policy)


def encode(value: object) -> bytes:
    """Encode as compact JSON. NaN and the infinities, which JSON does not have, become null.

    pydantic's codec holds the loop for half as long as the standard library's for a megabyte of
    audio.

    Raises:
        ValueError: It holds a value that JSON does not have, or invalid Unicode.
    """
    return to_json(value, inf_nan_mode="null")


def report(job: Job) -> bytes:
    """Return the body of `/status` and `/runsync`. Times are whole milliseconds."""
    fields: dict[str, Any] = {"id": job.id, "status": job.status}
    if job.started_at is not None and job.status is not JobStatus.CANCELLED:
        fields["delayTime"] = _ms(job.started_at - job.submitted_at)
        if job.ended_at is not None:
            fields["executionTime"] = _ms(job.ended_at - job.started_at)
        fields["workerId"] = job.worker_id
    if job.retries and job.status not in {JobStatus.IN_QUEUE, JobStatus.CANCELLED}:
        fields["retries"] = job.retries
    if job.error is not None:
        fields["error"] = job.error
    output = _output(job)
    return encode(fields) if output is None else _with_raw_json(fields, "output", output)


def receipt(job: Job) -> bytes:
    """Return the body of `/run`, `/cancel` and `/retry`."""
    return encode({"id": job.id, "status": job.status})


def stream_report(job: Job, chunks: Iterable[bytes]) -> bytes:
    """Return the body of `/stream`: the state, and the chunks that this call sends."""
    pieces = (b'{"output":' + piece + b"}" for chunk in chunks for piece in split_chunk(chunk))
    return _with_raw_json({"status": job.status}, "stream", b"[" + b",".join(pieces) + b"]")


def split_chunk(chunk: bytes) -> Iterator[bytes]:
    """Split a chunk that is over RunPod's limit into JSON strings within it.

    RunPod documents that it splits, not how. Here the joined strings are the chunk's JSON. The
    output of `/status` holds all of it, unsplit.
    """
    if len(chunk) <= CHUNK_LIMIT_BYTES:
        yield chunk
        return
    text = chunk.decode()
    step = (CHUNK_LIMIT_BYTES - 2) // 4  # quoted again, a character takes at most four bytes
    for start in range(0, len(text), step):
        yield encode(text[start : start + step])


def _output(job: Job) -> bytes | None:
    if job.output is None and job.status is JobStatus.COMPLETED and job.yielded:
        return b"[" + b",".join(job.yielded) + b"]"
    return job.output


def _with_raw_json(fields: dict[str, Any], name: str, value: bytes) -> bytes:
    """Append encoded JSON to an object, without decoding it."""
    return encode(fields)[:-1] + b',"' + name.encode("ascii") + b'":' + value + b"}"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
