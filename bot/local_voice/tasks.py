"""Runs one `/command`, and shows its job's updates as a growing entry."""

from collections.abc import Generator
from typing import Final

from bot.actions.asked import following
from bot.contract import Request, Response
from bot.contract.factory import read_iteration, read_working
from bot.contract.plain import readable
from bot.errors import JobCancelled, SkydeckError
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Kind
from bot.runpod.models import JobState, Update
from bot.service_calls.client import ServiceClient

MAX_SHOWN_CHARS: Final = 100_000
"""How much of one answer the transcript keeps and shows: about 40 pages."""
_STATE_TEXT = {
    JobState.SUBMITTING: "sending",
    JobState.QUEUED: "queued",
    JobState.WAITING_FOR_WORKER: "waiting for a worker to start",
    JobState.RUNNING: "working",
}


async def perform_all(
    requests: Generator[Request, Response, None],
    said: str,
    client: ServiceClient,
    transcript: Transcript,
) -> None:
    """Run the requests of an action, each with an entry of its own, until one has no result."""
    result: Response | None = None
    try:
        while (request := following(requests, result)) is not None:
            result = await perform(request, said, client, transcript)
            if result is None:
                return
    except SkydeckError as e:
        transcript.error(str(e))


async def perform(
    request: Request, typed: str, client: ServiceClient, transcript: Transcript
) -> Response | None:
    """Run a command and show its progress; a failure becomes a part of the entry.

    Args:
        request: The command's request.
        typed: The command as the person typed it.
        client: The services.
        transcript: Shows the entry.

    Returns:
        The result; None: there is none.
    """
    result: Response | None = None
    number = transcript.add(Kind.TASK, asked=typed, progress="sending")
    try:
        async with client.submit(request) as updates:
            async for update in updates:
                _show(number, update, transcript)
                result = update.response or result
    except JobCancelled:
        transcript.change(number, progress="stopped", is_over=True, was_cut=True)
        return None
    except SkydeckError as e:
        transcript.change(number, progress="failed", is_over=True)
        transcript.error(str(e))
        return None
    except BaseException:
        transcript.change(number, progress="stopped", is_over=True, was_cut=True)
        raise
    return result


def _show(number: int, update: Update, transcript: Transcript) -> None:
    response = update.response
    if response is None or response.is_partial:
        words = _STATE_TEXT.get(update.state, "working")
        transcript.change(number, progress=(response and _progress(response)) or words)
        return
    if response.usage is not None:
        transcript.charged(response.usage.cost_usd or 0.0)
    transcript.change(
        number, answered=readable(response, limit=MAX_SHOWN_CHARS), progress="", is_over=True
    )


def _progress(response: Response) -> str:
    """What a partial response says about the job's progress."""
    if iteration := read_iteration(response):
        held = "holds" if iteration.passed else iteration.problem or "does not hold yet"
        return f"round {iteration.number} of {iteration.limit}, {iteration.score:.2f}: {held}"
    if working := read_working(response):
        return f"round {working.number} of {working.limit}: {working.phase}"
    lines = response.text[-2_000:].strip().splitlines()
    return lines[-1][:200] if lines else ""
