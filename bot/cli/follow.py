"""Follows a job, and shows a person or a program what it does."""

import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

from bot import terminal
from bot.clock import Clock
from bot.contract import Audio, Response
from bot.contract.plain import readable
from bot.contract.recordings import heard_in
from bot.figures import money
from bot.i18n import DEFAULT
from bot.money import micro
from bot.runpod.models import JobState, Update
from bot.sanitize import clean_excerpt

_STATE_TEXT = {
    JobState.SUBMITTING: "sending",
    JobState.QUEUED: "queued",
    JobState.WAITING_FOR_WORKER: "waiting for the service to start",
    JobState.RUNNING: "working",
}


@dataclass(slots=True)
class Result:
    """The result of a job, and its timings in milliseconds since its submission."""

    response: Response
    audio_path: Path | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)


_MIN_SHOWN_WAIT_MS = 500
_MAX_STATE_CHARS = 200
_MAX_SEARCHED_CHARS = 2_000


class Sink(Protocol):
    """Takes the events of a job."""

    def note(self, words: str) -> None:
        """Show that something slow has begun."""

    def tell(self, words: str) -> None:
        """Show a line that stays."""

    def state(self, update: Update) -> None:
        """Show the job's new state."""

    def transcript(self, text: str) -> None:
        """Show more of what the service heard."""

    def text(self, text: str) -> None:
        """Show more of the answer, or a line on its progress."""

    def audio(self, piece: Audio) -> None:
        """Take the next piece of speech."""

    def final(self, result: Result) -> None:
        """Show the result."""


async def follow(updates: AsyncIterator[Update], sink: Sink, clock: Clock) -> Result:
    """Hand a job's updates to `sink` and keep the last response.

    The final response is complete by itself, so it supplies whatever the partial ones lacked.
    """
    started = clock.now()
    marks: dict[str, float] = {}
    state: JobState | None = None
    last: Response | None = None

    async for update in updates:
        if update.state is not state:
            state = update.state
            sink.state(update)
        if update.delay_ms is not None:
            marks["worker"] = update.delay_ms  # the service's figure: a poll sees it too late
        if update.response is not None:
            last = update.response
            for name in _show(last, sink, seen=marks):
                marks.setdefault(name, round((clock.now() - started) * 1000, 1))
    if last is None:
        raise AssertionError("submit() ends with a response or raises")
    marks["total"] = round((clock.now() - started) * 1000, 1)
    return Result(last, timings_ms=marks)


def _show(response: Response, sink: Sink, *, seen: dict[str, float]) -> Iterator[str]:
    """Show what is new in a response; yield the names of its timings."""
    partial = response.is_partial
    if response.transcript is not None and (partial or "asr" not in seen):
        sink.transcript(response.transcript)
        yield "asr"
    if response.text and (partial or "first_token" not in seen):
        sink.text(response.text)
        yield "first_token"
    if response.audio is not None and (partial or "first_audio" not in seen):
        sink.audio(response.audio)
        yield "first_audio"


class JsonSink:
    """Writes one JSON object a line to standard output, and nothing else."""

    def note(self, words: str) -> None:
        """Do nothing: a note is for people."""

    def tell(self, words: str) -> None:
        """Do nothing, as for a note."""

    def state(self, update: Update) -> None:
        """Write a `state` event."""
        self._write("state", state=update.state.value, job_id=update.job_id)

    def transcript(self, text: str) -> None:
        """Write a `transcript` event."""
        self._write("transcript", text=text)

    def text(self, text: str) -> None:
        """Write a `text` event."""
        self._write("text", text=text)

    def audio(self, piece: Audio) -> None:
        """Write an `audio` event; the saved file has the sound."""
        self._write("audio", duration_ms=piece.duration_ms, text=piece.text)

    def final(self, result: Result) -> None:
        """Write the `final` event."""
        response = result.response
        usage = response.usage.to_wire() if response.usage else None
        self._write(
            "final",
            transcript=response.transcript,
            text=response.text,
            data=response.output.data if response.output else None,
            audio=str(result.audio_path) if result.audio_path else None,
            usage=usage,
            **_recordings(response),
            timings_ms={
                name: result.timings_ms.get(name)
                for name in ("worker", "asr", "first_token", "first_audio", "total")
            },
        )

    def _write(self, event: str, **fields: Any) -> None:
        terminal.out_json({"event": event, **fields})


def _recordings(response: Response) -> dict[str, Any]:
    """What was heard in each of several recordings; nothing for one."""
    heard = [one.to_wire() for one in heard_in(response)]
    return {"recordings": heard} if heard else {}


class ScreenSink:
    """Shows a person the state on standard error until the answer begins, then the answer.

    Args:
        assistant: The name of whoever answers.
        streams: Whether partial texts are pieces of the answer (Penny), not lines on its progress.
        grows: Whether each partial text is the answer so far (Grace).
        is_local: Whether the service is on this machine: what starts there are its models.
    """

    def __init__(
        self, assistant: str, *, streams: bool, grows: bool = False, is_local: bool = False
    ) -> None:
        self._assistant = assistant
        self._streams = streams
        self._grows = grows
        self._is_local = is_local
        self._screen = terminal.console(stderr=True, highlight=False)
        # Elsewhere than on a terminal nothing may turn: a file keeps each state as a line.
        self._turns = terminal.is_screen()
        self._shown = ""
        self._spinner = contextlib.ExitStack()
        self._status: Any = None
        self._line_open = False
        self._left = terminal.MAX_SCREEN_CHARS if sys.stdout.isatty() else None
        self._cut = 0

    def note(self, words: str) -> None:
        """Show the note as a state."""
        self._show_state(f"{self._assistant}: {words} …")

    def tell(self, words: str) -> None:
        """Show a line that stays."""
        self._stop_spinner()
        self._screen.print(words, markup=False, soft_wrap=True)

    def state(self, update: Update) -> None:
        """Show the state, with a spinner if there is a terminal."""
        words = _STATE_TEXT.get(update.state)
        if self._is_local and update.state is JobState.WAITING_FOR_WORKER:
            words = "loading the models"
        if words:
            self._show_state(f"{self._assistant}: {words} …")

    def transcript(self, text: str) -> None:
        """Show what the service heard."""
        self._stop_spinner()
        self._write(f"You: {text.strip()}\n" if text.strip() else "")

    def text(self, text: str) -> None:
        """Show more of the answer, or the progress."""
        if not self._streams:
            if self._turns or not self._grows:  # a file needs the answer only once
                self._show_state(f"{self._assistant}: {_last_line(text)}")
            return
        self._stop_spinner()
        if not self._line_open:
            self._write(f"{self._assistant}: ")
            self._line_open = True
        self._write(text)

    def audio(self, piece: Audio) -> None:
        """Do nothing: the text is on the screen before its sound arrives."""

    def final(self, result: Result) -> None:
        """Show the rest of the answer, and the timings."""
        self._stop_spinner()
        response = result.response
        words = readable(response)
        if self._line_open:
            self._end_line()
        elif words.strip():
            self._write(f"{self._assistant}: {words.strip()}\n" if self._streams else f"{words}\n")
        elif response.transcript is None and response.audio is None:
            self.tell("The service answered without a word.")
        if self._cut:
            self.tell(
                f"{self._cut:,} more characters are not shown. For all of it, use --json, or send "
                "the output to a file with >."
            )
        if response.transcript == "":
            self.tell("Nothing was said in this recording.")
        if response.audio is not None and result.audio_path is None:
            self.tell("The sound was not played. To hear it, add: --save reply.ogg")
        waited_for = "the models" if self._is_local else "the service"
        self._screen.print(summary(result, waited_for), style="dim", markup=False, soft_wrap=True)

    def close(self) -> None:
        """Restore the terminal, and end a line that is open."""
        self._stop_spinner()
        self._end_line()

    def _end_line(self) -> None:
        if self._line_open:
            self._write("\n")
        self._line_open = False

    def _show_state(self, words: str) -> None:
        line = clean_excerpt(words, limit=_MAX_STATE_CHARS)
        if not self._turns:
            kind, _, _ = line.partition("…")  # "drafting … 12 words" counts on in one state
            if kind != self._shown:
                terminal.err(f"{line}\n")
            self._shown = kind
            return
        state = Text(line)  # never parsed as markup
        if self._status is None:
            self._status = self._spinner.enter_context(self._screen.status(state))
        else:
            self._status.update(state)

    def _stop_spinner(self) -> None:
        self._spinner.close()
        self._status = None

    def _write(self, words: str) -> None:
        """Write text; a terminal gets no more than a person can read."""
        if self._left is None:
            terminal.out(words)
            return
        shown, self._left = words[: self._left], max(self._left - len(words), 0)
        self._cut += len(words) - len(shown)
        if shown:
            terminal.out(shown)


def _last_line(text: str) -> str:
    """The last line that is not blank; the search covers only the end of a long text."""
    lines = text[-_MAX_SEARCHED_CHARS:].strip().splitlines()
    return lines[-1] if lines else ""


def summary(result: Result, waited_for: str = "the service") -> str:
    """One line: where the reply is, how long each step took after a worker began, and the cost."""
    marks = result.timings_ms
    parts = []
    if result.audio_path is not None:
        audio = result.response.audio
        length_ms = audio.duration_ms if audio else None
        length = "" if length_ms is None else f" ({length_ms / 1000:.1f} s)"
        parts.append(f"{result.audio_path}{length}")
    waited = marks.get("worker", 0.0)
    if waited > _MIN_SHOWN_WAIT_MS:
        parts.append(f"waited {waited / 1000:.1f} s for {waited_for}, then")
    names = {"asr": "heard", "first_token": "first word", "first_audio": "first sound"}
    names["total"] = "done"
    for name, words in names.items():
        if name in marks:
            parts.append(f"{words} {(marks[name] - waited) / 1000:.2f} s")
    usage = result.response.usage
    if usage and usage.cost_usd is not None:
        parts.append(money(micro(usage.cost_usd), DEFAULT))
    return " · ".join(parts)
