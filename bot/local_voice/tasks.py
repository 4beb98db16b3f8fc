"""Runs `/command`s and what was asked for in a sentence, each shown as a growing entry."""

import asyncio
import re
from collections.abc import Callable, Generator
from typing import Final

from bot.actions.asked import following
from bot.background import Background
from bot.build_notes import all_in_words, round_in_words
from bot.contract import Request, Response
from bot.contract.factory import read_build, read_iteration, read_working
from bot.contract.plain import readable
from bot.errors import JobCancelled, SkydeckError
from bot.figures import decimal
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.local_voice.memory import KeptTurn
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Entry, Kind
from bot.runpod.models import JobState, Update
from bot.sanitize import clean_excerpt, clean_line
from bot.service_calls.client import ServiceClient

MAX_SHOWN_CHARS: Final = 100_000
"""How much of one answer the transcript keeps and shows: about 40 pages."""
_PROBLEM_CHARS: Final = 300
_PHASE_CHARS: Final = 40
_LINE_CHARS: Final = 200


class RunningTasks:
    """The tasks that run beside the conversation. For the event loop's thread.

    Args:
        transcript: Shows an entry for each.
        keep: Keeps each that has a result.
    """

    def __init__(
        self, transcript: Transcript, keep: Callable[[KeptTurn], object] = lambda _: None
    ) -> None:
        self._keep = keep
        self._transcript = transcript
        self._background = Background("a command")
        self._running: dict[int, asyncio.Task[object]] = {}  # by entry

    def start(self, request: Request, typed: str, client: ServiceClient) -> None:
        """Run a command, as the person typed it."""
        self._background.start(self._perform(request, typed, client))

    def start_all(
        self, requests: Generator[Request, Response, None], said: str, client: ServiceClient
    ) -> None:
        """Run the requests of an action, each with an entry of its own, until one has no result."""
        self._background.start(self._perform_all(requests, said, client))

    @property
    def entries(self) -> list[Entry]:
        """The entries of those that run, newest first."""
        entries = self._transcript.entries
        return [one for one in reversed(entries) if one.number in self._running]

    def cancel(self, number: int) -> bool:
        """Cancel the task of an entry; False if it has ended."""
        task = self._running.get(number)
        return task is not None and task.cancel()

    def cancel_all(self) -> None:
        """Cancel all of them."""
        self._background.cancel()

    async def close(self) -> None:
        """Cancel all of them, and wait until they have ended."""
        await self._background.close()

    async def _perform_all(
        self, requests: Generator[Request, Response, None], said: str, client: ServiceClient
    ) -> None:
        result: Response | None = None
        try:
            while (request := following(requests, result)) is not None:
                result = await self._perform(request, said, client)
                if result is None:
                    return
        except SkydeckError as e:
            self._transcript.error(e)

    async def _perform(
        self, request: Request, typed: str, client: ServiceClient
    ) -> Response | None:
        """Run a request and show its progress; a failure becomes a part of the entry.

        Returns:
            The result; None: there is none.
        """
        target, result = request.target, None
        number = self._transcript.add(
            Kind.TASK,
            asked=typed,
            service=target.service,
            module=target.module or "",
        )
        show(number, Update(state=JobState.SUBMITTING), self._transcript)
        if (task := asyncio.current_task()) is not None:
            self._running[number] = task
        try:
            async with client.submit(request) as updates:
                async for update in updates:
                    show(number, update, self._transcript)
                    result = update.response or result
            if result is not None:
                self._keep(KeptTurn(typed, _result(result), task=True))
        except JobCancelled:
            self._end(number, "talk.progress.stopped", was_cut=True)
            return None
        except SkydeckError as e:
            self._end(number, "talk.progress.failed")
            self._transcript.error(e)
            return None
        except BaseException:
            self._end(number, "talk.progress.stopped", was_cut=True)
            raise
        finally:
            self._running.pop(number, None)
        return result

    def _end(self, number: int, why: str, *, was_cut: bool = False) -> None:
        told = self._transcript.words(why)
        self._transcript.change(number, progress=told, is_over=True, was_cut=was_cut)


def show(number: int, update: Update, transcript: Transcript) -> None:
    """Show an update in a command's entry."""
    response = update.response
    if response is None or response.is_partial:
        told = _in_words(update)
        shown = told[transcript.words.language]
        transcript.change(number, progress=shown, progress_by_language=tuple(told.items()))
        return
    if response.usage is not None:
        transcript.charged(response.usage.cost_usd or 0.0)
    transcript.change(number, answered=_result(response), progress="", is_over=True)


def _result(response: Response) -> str:
    """The result, with a build's files as blocks of code."""
    built = read_build(response)
    if built is None:
        return readable(response, limit=MAX_SHOWN_CHARS)
    files = [
        f"**{clean_line(file.name)}**\n\n{_fenced(file.name, file.content.rstrip())}"
        for file in built.files
    ]
    return "\n\n".join([*files, built.summary])[:MAX_SHOWN_CHARS]


def _fenced(name: str, code: str) -> str:
    """A block of code, in a fence that is longer than any in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    kind = name.rpartition(".")[2] if "." in name else ""
    return f"{fence}{kind if kind.isalnum() else ''}\n{code}\n{fence}"


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
        if iteration.passed or not found:
            return told
        return f"{told}: {clean_excerpt(found, limit=_PROBLEM_CHARS)}"
    if working := read_working(response):
        phase = clean_excerpt(str(working.phase), limit=_PHASE_CHARS)
        return round_in_words(working.number, working.limit, phase, words)
    lines = response.text[-2_000:].strip().splitlines()
    return clean_excerpt(lines[-1], limit=_LINE_CHARS) if lines else ""
