"""The text of an answer's message, while it is written and at its end. Pure."""

import json
from dataclasses import dataclass
from typing import Final

from bot.contract import Response
from bot.contract.recordings import Heard, heard_in
from bot.figures import duration
from bot.i18n import Words
from bot.runpod.models import JobState, Update
from bot.sanitize import is_blank
from cogs.shared.harmless import unmask
from cogs.shared.splitting import as_plain_text, closed, disarm

_QUOTED_CHARS: Final = 1_500
_BEGINNING_CHARS: Final = 600
_COMPARED_CHARS: Final = 20_000
_GROWING_CHARS: Final = 16_000
"""How much of a growing answer is shown."""
MAX_DRAFT_CHARS: Final = 200_000
"""How much of a growing answer is kept; the final response is complete by itself."""
_STATES: Final = {
    JobState.SUBMITTING: "chat.state.thinking",
    JobState.QUEUED: "chat.state.queued",
    JobState.WAITING_FOR_WORKER: "chat.state.waiting",
    JobState.RUNNING: "chat.state.thinking",
}


@dataclass(slots=True)
class Draft:
    """An answer so far.

    Attributes:
        transcript: The transcript of a spoken question.
        text: The answer's text so far.
        recordings: What was heard in each, if the question was several.
    """

    state: JobState = JobState.SUBMITTING
    transcript: str | None = None
    text: str = ""
    recordings: tuple[Heard, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether a recording contained no speech."""
        return self.transcript is not None and not (self.transcript + self.text).strip()

    def take(self, update: Update) -> None:
        """Add an update."""
        self.state = update.state
        response = update.response
        if response is None or not response.is_partial:
            return
        self.transcript = self.transcript or response.transcript
        self.recordings = heard_in(response) or self.recordings
        self.text += response.text[: max(MAX_DRAFT_CHARS - len(self.text), 0)]

    def complete(self, response: Response) -> None:
        """Take the final, complete response. Run it in a thread: a large JSON value is slow."""
        if response.transcript is not None:
            self.transcript = response.transcript
        self.recordings = heard_in(response) or self.recordings
        spoken = response.audio.text if response.audio is not None else None
        self.text = (
            _visible(response.text) or _json(response) or _visible(self.text) or _visible(spoken)
        )


def _visible(text: str | None) -> str:
    return "" if text is None or is_blank(text) else text


def _json(response: Response) -> str:
    """A JSON value as Markdown, from one of Grace's modules that answer without text."""
    data = response.output.data if response.output is not None else None
    if not isinstance(data, dict | list):
        return ""
    return f"```json\n{json.dumps(data, ensure_ascii=False, indent=2)}\n```"  # slow: see `complete`


def under_way(draft: Draft, words: Words, elapsed_s: float) -> str:
    """The text so far; while there is none, the job's state and the time waited."""
    lines = _quote(draft)
    if draft.text.strip():
        lines.append(f"{unmask(closed(draft.text[:_GROWING_CHARS].strip()))} ▌")
    else:
        state = words(_STATES.get(draft.state, "chat.state.thinking"))
        waited = f" · {duration(elapsed_s)}" if elapsed_s >= 1 else ""
        lines.append(f"-# ⏳ {state}{waited}")
    return "\n".join(lines)


def at_the_end(draft: Draft, words: Words, *, notes: tuple[str, ...] = ()) -> str:
    """The complete answer.

    Args:
        draft: The finished draft.
        words: The person's language.
        notes: Lines below it, such as why it failed or which files were not read.
    """
    lines = _quote(draft)
    if draft.is_silent:
        lines.append(words("chat.nothing_heard"))
    elif draft.text.strip():
        lines.append(unmask(draft.text.strip()))
    elif not any(notes):
        lines.append(words("chat.no_answer"))
    return "\n".join([*lines, *filter(None, notes)])


def beginning(text: str) -> str:
    """The first lines of an answer whose full text is attached as a file."""
    shown = text[:_BEGINNING_CHARS].rsplit(maxsplit=1)[0]
    return f"{closed(shown)} …"


def _quote(draft: Draft) -> list[str]:
    heard = " ".join((draft.transcript or "")[:_COMPARED_CHARS].split())
    if not heard or heard == " ".join(draft.text[:_COMPARED_CHARS].split()):
        return []  # a transcription's text is the transcript itself
    if not draft.recordings:
        return [f"> {disarm(_excerpt(heard, _QUOTED_CHARS))}"]
    room = _QUOTED_CHARS // len(draft.recordings)
    return [
        f"> 🎙 {as_plain_text(one.name)}: {disarm(_excerpt(' '.join(one.transcript.split()), room))}"
        for one in draft.recordings
        if one.transcript
    ]


def _excerpt(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
