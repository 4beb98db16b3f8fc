"""A person's jobs in words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.errors import OverBudget
from bot.i18n import Words
from bot.jobs.place import address_of, home_of
from bot.store.repositories.recovery import Ending, Job, JobStage
from bot.wording import service_in_words
from cogs.shared.splitting import as_plain_text

LIST_CHARS: Final = 3_800
"""An embed holds 4096; the rest is for the line about jobs that are not listed."""
_TITLE_CHARS: Final = 80
_MARKS: Final = {
    Ending.COMPLETED: "✅",
    Ending.FAILED: "❌",
    Ending.CANCELLED: "⏹️",
    Ending.EXPIRED: "⌛",
    Ending.UNKNOWN: "❔",
}


@dataclass(frozen=True, slots=True)
class Overview:
    """A person's jobs.

    Attributes:
        missed: Finished but never shown to them, newest first.
        missed_total: How many missed ones there are in all.
        unfinished: Running and waiting, newest first.
        done: Those that ended in the last 24 hours and were shown, newest first.
    """

    missed: Sequence[Job]
    missed_total: int
    unfinished: Sequence[Job]
    done: Sequence[Job] = ()


def overview_page(overview: Overview, words: Words) -> str:
    """The whole list; empty if there are no jobs."""
    lines = list(_lines(overview, words))
    shown: list[str] = []
    room = LIST_CHARS
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    left_out = sum(map(_is_job, lines)) - sum(map(_is_job, shown))
    left_out += overview.missed_total - len(overview.missed)
    if left_out > 0:
        shown.append(f"-# {words.count('jobs.more', left_out)}")
    return "\n".join(shown)


def label(job: Job, words: Words) -> str:
    """A job as a choice in a menu."""
    mark = "⏳" if job.ending is None else _MARKS[job.ending]
    title = " ".join(job.title.split()) or words("jobs.untitled")
    return f"{mark} {title}"[:100]


def about(job: Job, words: Words) -> str:
    """The description below it."""
    if job.ending is None:
        return words("jobs.waiting" if job.stage is JobStage.WAITING else "jobs.running")
    return words(f"jobs.ending.{(job.ending or Ending.UNKNOWN).value}")[:100]


def _lines(overview: Overview, words: Words) -> Iterator[str]:
    if overview.missed:
        yield f"**{words('jobs.missed_heading')}**"
        yield from (_line(job, words) for job in overview.missed)
    running = [job for job in overview.unfinished if job.stage is not JobStage.WAITING]
    waiting = [job for job in overview.unfinished if job.stage is JobStage.WAITING]
    yield from _section(words("jobs.running"), running, words)
    yield from _section(words("jobs.waiting"), waiting, words)
    yield from _section(words("jobs.done"), overview.done, words)


def _section(heading: str, jobs: Iterable[Job], words: Words) -> Iterator[str]:
    lines = [_line(job, words) for job in jobs]
    if lines:
        yield f"**{heading}**"
        yield from lines


def _line(job: Job, words: Words) -> str:
    mark = "⏳" if job.ending is None else _MARKS[job.ending]
    title = " ".join(job.title.split())[:_TITLE_CHARS] or words("jobs.untitled")
    name = as_plain_text(title)
    service = service_in_words(job.service, words)
    return f"{mark} {name} · {service} · <t:{job.created_at_ms // 1000}:R> · {_where(job, words)}"


def _where(job: Job, words: Words) -> str:
    place = address_of(job)
    has_message = job.stage is not JobStage.UNDELIVERED and job.detail != OverBudget.code
    if not has_message or not place.message_id:
        return f"<#{place.channel_id}>"
    address = f"https://discord.com/channels/{home_of(job)}/{place.channel_id}/{place.message_id}"
    return f"[{words('jobs.go')}]({address})"


def _is_job(line: str) -> bool:
    return not line.startswith("**")
