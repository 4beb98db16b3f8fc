"""Builds as a list."""

from collections.abc import Callable, Iterable
from typing import Final

from bot.i18n import Words
from bot.jobs.place import address_of, home_of
from bot.store.repositories.recovery import Ending, Job
from cogs.factory._embeds import plain

_LIST_CHARS: Final = 3_800
"""An embed holds 4096; the rest is for the line about hidden builds."""
_MARKS: Final = {
    Ending.COMPLETED: "✅",
    Ending.FAILED: "❌",
    Ending.CANCELLED: "⏹️",
    Ending.EXPIRED: "⌛",
    Ending.UNKNOWN: "❔",
}
_OPEN: Final = "⏳"

Place = Callable[[int], int | None]
"""A build's position in the bot's own queue; None if it does not wait there."""


def list_jobs(
    jobs: Iterable[Job], is_visible: Callable[[Job], bool], place: Place, words: Words
) -> str:
    """One line per build, newest first; empty if there is none to show."""
    lines: list[str] = []
    hidden = 0
    room = _LIST_CHARS
    for job in jobs:
        if not is_visible(job):
            hidden += 1
            continue
        line = _line(job, place, words)
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    if hidden:
        lines.append(f"-# {words('factory.jobs.hidden', number=hidden)}")
    return "\n".join(lines)


def label(job: Job, place: Place, words: Words, limit: int = 100) -> str:
    """A build in one line without Markdown, for a choice."""
    state = f" · {state_of(job, place, words)}"
    return f"{_title(job, words)[: limit - len(state)]}{state}"


def state_of(job: Job, place: Place, words: Words) -> str:
    """A build's state in a word or two."""
    if job.ending is not None:
        return words(f"factory.job.{job.ending.value}")
    return words(f"factory.job.{'running' if place(job.journal_id) is None else 'waiting'}")


def _line(job: Job, place: Place, words: Words) -> str:
    mark = _OPEN if job.ending is None else _MARKS[job.ending]
    since = f"<t:{job.created_at_ms // 1000}:R>"
    state = state_of(job, place, words)
    who = f"<@{job.user_id}>"
    title = plain(_title(job, words), 80)
    return f"{mark} **{title}** · {state} · {who} · {since} · [↗]({_link(job)})"


def _title(job: Job, words: Words) -> str:
    """What it is called: nothing is left of that where the place was deleted."""
    return job.title or words("jobs.untitled")


def _link(job: Job) -> str:
    place = address_of(job)
    link = f"https://discord.com/channels/{home_of(job)}/{place.channel_id}"
    return f"{link}/{place.message_id}" if place.message_id else link
