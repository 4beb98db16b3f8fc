"""One `/command` at work: its job's updates as a growing entry."""

from typing import Final

from bot.contract import Request, Response
from bot.contract.factory import read_iteration, read_working
from bot.contract.plain import readable
from bot.errors import JobCancelled, SkydeckError
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Kind
from bot.runpod.models import JobState, Update
from bot.service_calls.client import ServiceClient

MAX_SHOWN_CHARS: Final = 100_000
"""The most of one answer that is kept and shown at the desk: some 40 pages."""
_WORDS = {
    JobState.SUBMITTING: "sending",
    JobState.QUEUED: "queued",
    JobState.WAITING_FOR_WORKER: "waiting for a worker to start",
    JobState.RUNNING: "working",
}


async def perform(request: Request, asked: str, client: ServiceClient, record: Transcript) -> None:
    """Do it, and show how it goes; what goes wrong becomes a part of the entry.

    Args:
        request: What to do.
        asked: As it was typed.
        client: The services.
        record: Where it is shown.
    """
    number = record.add(Kind.TASK, asked=asked, progress="sending")
    try:
        async with client.submit(request) as updates:
            async for update in updates:
                _take(number, update, record)
    except JobCancelled:
        record.change(number, progress="stopped", is_over=True, was_cut=True)
    except SkydeckError as e:
        record.change(number, progress="failed", is_over=True)
        record.error(str(e))
    except BaseException:
        record.change(number, progress="stopped", is_over=True, was_cut=True)
        raise


def _take(number: int, update: Update, record: Transcript) -> None:
    response = update.response
    if response is None or response.is_partial:
        words = _WORDS.get(update.state, "working")
        record.change(number, progress=(response and _progress(response)) or words)
        return
    if response.usage is not None:
        record.charged(response.usage.cost_usd or 0.0)
    record.change(
        number, answered=readable(response, limit=MAX_SHOWN_CHARS), progress="", is_over=True
    )


def _progress(response: Response) -> str:
    """What a partial says of how far it is."""
    if iteration := read_iteration(response):
        held = "holds" if iteration.passed else iteration.problem or "does not hold yet"
        return f"round {iteration.number} of {iteration.limit}, {iteration.score:.2f}: {held}"
    if working := read_working(response):
        return f"round {working.number} of {working.limit}: {working.phase}"
    lines = response.text[-2_000:].strip().splitlines()
    return lines[-1][:200] if lines else ""
