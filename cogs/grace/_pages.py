"""The message of a job, while it runs and with its result. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.contract import Response, Service
from bot.figures import duration, money
from bot.i18n import Words
from bot.jobs.place import PlacePart, PlaceWords
from bot.money import micro
from bot.runpod.models import JobState, Update, Waiting
from bot.sanitize import is_blank
from cogs.grace._readable import plain_label, readable
from cogs.shared.splitting import SHOWN_CHARS, closed, disarm, split

MAX_MESSAGES: Final = 3
"""A longer text goes into a file."""
_HEAD_CHARS: Final = 1_600
_DRAFT_CHARS: Final = 1_500
_MAX_FILE_BYTES: Final = 9 * 1024 * 1024
"""Below Discord's limit on servers without boosts (10 MiB), request overhead included."""


class Look(PlacePart):
    """How a job's message is shown.

    Attributes:
        heading: The module and its input, as Markdown.
        is_json: Whether the result is a JSON value.
        nothing: The key of the text for an empty result.
        begun: When the job was requested, in seconds since the epoch.
        may_attach: Whether files may be attached in that channel.
        wants_json: Whether a JSON value comes as a file, too, although all of it is shown.
    """

    heading: PlaceWords
    service: Service
    begun: float
    is_json: bool = False
    nothing: str = "grace.no_answer"
    may_attach: bool = True
    wants_json: bool = False


@dataclass(slots=True)
class Progress:
    """The progress of a job.

    Attributes:
        grows: Whether each partial adds text (as Penny's do) or repeats all of it (as Grace's do).
        waiting: Why no worker is up.
        draft: The text so far.
        done: How many parts of a long text are finished.
        total: How many parts there are; 0 if the service does not report it.
    """

    grows: bool
    state: JobState = JobState.SUBMITTING
    waiting: Waiting | None = None
    draft: str = ""
    done: int = 0
    total: int = 0

    def take(self, update: Update) -> None:
        """Add an update."""
        self.state, self.waiting = update.state, update.waiting
        response = update.response
        if response is None or not response.is_partial:
            return
        said = response.text or response.transcript or ""
        whole = self.draft + said[:_DRAFT_CHARS] if self.grows else said or self.draft
        self.draft = whole[-2 * _DRAFT_CHARS :]  # only its end is shown
        self._take_count(response.output.data if response.output else None)

    def _take_count(self, data: Any) -> None:
        counts = data.get("progress") if isinstance(data, dict) else None
        if not isinstance(counts, dict):
            return
        done, total = counts.get("done"), counts.get("total")
        if isinstance(done, int) and isinstance(total, int) and 0 <= done <= total:
            self.done, self.total = done, total


@dataclass(frozen=True, slots=True)
class Shown:
    """A text and the files to attach."""

    text: str
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


def under_way(look: Look, progress: Progress, words: Words, now: float) -> str:
    """The message while the job runs: heading, state, elapsed time, and the text so far."""
    elapsed = duration(now - look.begun)
    lines = [look.heading, f"-# ⏳ {_state(progress, words)} · {elapsed}"]
    draft = progress.draft.strip()
    if draft:
        is_long = len(draft) > _DRAFT_CHARS
        shown = split(closed(draft), _DRAFT_CHARS)[-1] if is_long else closed(draft)
        lines.append(disarm(f"…{shown}" if is_long else shown))
    return "\n".join(lines)


def _state(progress: Progress, words: Words) -> str:
    state = progress.state
    if state is JobState.WAITING_FOR_WORKER and progress.waiting is Waiting.STARVED:
        return words("grace.state.starved")
    if state is JobState.RUNNING and progress.total > 1:
        return words("grace.state.pieces", done=progress.done, total=progress.total)
    key = f"grace.state.{state.value}"
    return words(key if words.has(key) else "grace.state.running")


def finished(
    look: Look, response: Response, words: Words, now: float, notes: Sequence[str] = ()
) -> Shown:
    """The result: a JSON value as lists, a long text as its start; what is cut is in a file, too.

    Args:
        look: How the message is shown.
        response: The service's answer.
        words: The person's language.
        now: The time, in seconds since the epoch.
        notes: Lines below a text.
    """
    footer = _footer(look, response, words, now)
    value = _json_value(look, response)
    if value is not None:
        body = readable(
            value,
            label=lambda key: _label(key, words),
            more=lambda number: _more(look, number, words),
            nothing=words("grace.nothing_found"),
        )
        shown = _joined(look, disarm(body.text), footer)
        if body.is_whole and not look.wants_json:
            return Shown(shown)
        whole = json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "replace")
        return Shown(shown, _files(look, "result.json", whole))
    texts = (response.text, response.transcript)
    text = next((one.strip() for one in texts if one and not is_blank(one)), "")
    footer = "\n".join([footer, *notes])
    return _text_result(look, text or words(look.nothing), footer, words)


def _text_result(look: Look, text: str, footer: str, words: Words) -> Shown:
    whole = _joined(look, disarm(text), footer)
    is_long = len(whole) > SHOWN_CHARS or len(split(whole)) > MAX_MESSAGES
    files = _files(look, "result.md", text.encode("utf-8", "replace"))
    if not is_long or not files:
        return Shown(whole)
    head = split(disarm(closed(text[: 4 * _HEAD_CHARS])), _HEAD_CHARS)[0]
    return Shown(_joined(look, f"{head}\n\n{words('grace.more_in_file')}", footer), files)


def failed(look: Look, explanation: str) -> str:
    """The heading, and why there is no result."""
    return f"{look.heading}\n{explanation}"


def _joined(look: Look, body: str, footer: str) -> str:
    return f"{look.heading}\n{body}\n-# {footer}"


def _footer(look: Look, response: Response, words: Words, now: float) -> str:
    elapsed = duration(now - look.begun)
    cost = response.usage.cost_usd if response.usage else None
    if not cost:
        return words("grace.took", elapsed=elapsed)
    shown = money(micro(cost), words.language)
    return words("grace.took_and_cost", elapsed=elapsed, cost=shown)


def _json_value(look: Look, response: Response) -> Any:
    """The result's JSON value; None if the service answered with text instead."""
    data = response.output.data if response.output else None
    if look.is_json and isinstance(data, str):
        try:
            data = json.loads(data)
        except ValueError:
            return None
    if not isinstance(data, dict | list):
        return None
    return data if look.is_json or not response.text else None


def _files(look: Look, name: str, content: bytes) -> tuple[tuple[str, bytes], ...]:
    fits = look.may_attach and len(content) <= _MAX_FILE_BYTES
    return ((name, content),) if fits else ()


def _label(key: str, words: Words) -> str:
    known = f"grace.key.{key}"
    return words(known) if words.has(known) else plain_label(key)


def _more(look: Look, number: int, words: Words) -> str:
    return words("grace.more_rows" if look.may_attach else "grace.more_left_out", number=number)
