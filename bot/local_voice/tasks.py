"""Runs one `/command`, and shows its job's updates as a growing entry."""

from collections.abc import Generator
from typing import Final

from bot.actions.asked import following
from bot.build_notes import all_in_words, round_in_words
from bot.contract import Request, Response
from bot.contract.factory import read_iteration, read_working
from bot.contract.plain import readable
from bot.errors import JobCancelled, SkydeckError
from bot.figures import decimal
from bot.i18n import DEFAULT, INTERFACE_LANGUAGES, Words, words_for
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Kind
from bot.runpod.models import JobState, Update
from bot.service_calls.client import ServiceClient

MAX_SHOWN_CHARS: Final = 100_000
"""How much of one answer the transcript keeps and shows: about 40 pages."""
_PROBLEM_CHARS: Final = 300


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
    begun = _in_words(Update(state=JobState.SUBMITTING))
    number = transcript.add(Kind.TASK, asked=typed, progress=begun[DEFAULT])
    try:
        async with client.submit(request) as updates:
            async for update in updates:
                show(number, update, transcript)
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


def show(number: int, update: Update, transcript: Transcript) -> None:
    """Show an update in a command's entry."""
    response = update.response
    if response is None or response.is_partial:
        told = _in_words(update)
        transcript.change(number, progress=told[DEFAULT], progress_by_language=tuple(told.items()))
        return
    if response.usage is not None:
        transcript.charged(response.usage.cost_usd or 0.0)
    transcript.change(
        number, answered=readable(response, limit=MAX_SHOWN_CHARS), progress="", is_over=True
    )


def _in_words(update: Update) -> dict[str, str]:
    """How far a job is, by language."""
    return {one: _told(update, words_for(one)) for one in INTERFACE_LANGUAGES}


def _told(update: Update, words: Words) -> str:
    if update.response and (told := _progress(update.response, words)):
        return told
    key = f"grace.state.{update.state.value}"
    return words(key if words.has(key) else "grace.state.running")


def _progress(response: Response, words: Words) -> str:
    """What a partial response says about the job's progress."""
    if iteration := read_iteration(response):
        at = round_in_words(iteration.number, iteration.limit, "", words)
        told = f"{at} · {decimal(iteration.score, 2, words.language)}"
        found = all_in_words(iteration.problem_notes or (), words) or iteration.problem
        return told if iteration.passed or not found else f"{told}: {found[:_PROBLEM_CHARS]}"
    if working := read_working(response):
        return round_in_words(working.number, working.limit, str(working.phase), words)
    lines = response.text[-2_000:].strip().splitlines()
    return lines[-1][:200] if lines else ""
