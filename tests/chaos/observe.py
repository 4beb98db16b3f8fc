"""What the verdict needs, gathered from outside: Discord, RunPod's log, the database."""

import asyncio
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from bot.clock import SystemClock
from bot.store.address import Address
from bot.store.repositories.recovery import JobStage
from local_discord import LocalDiscord, Message
from tests.chaos.people import Asked
from tests.chaos.runpod import RunPod, begins, ends
from tests.chaos.verdict import End, Question

SETTLED_WITHIN_S: Final = 90.0
"""A dead process's lease (10 s), a result shown again (15 s), Discord's patience (60 s)."""
_LOOK_EVERY_S: Final = 0.25
_SEEN_CHARS: Final = 80
_REFERENCE: Final = re.compile(r"\([a-z_]+ · [0-9A-F]{4}\)")
_UNKNOWN: Final = "The connection broke while I was sending this"
_TOO_LATE: Final = "(too_late · "
_STOPPED: Final = ("⏹", "Stopped.", "cancelled")

REFUSED_ANYHOW: Final = frozenset(
    {
        "not answered within 3 s",
        "A thread has already been created for this message",
        "Unknown Webhook",
        "Unknown Message",
        "Interaction has already been acknowledged.",
        "Unknown interaction",
    }
)
"""What Discord says of what a killed process had left half done, and the next one finds out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One job as the journal has it."""

    journal_id: int
    stage: str
    job_id: str | None
    contract_id: str | None
    title: str
    ending: str | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What the database holds."""

    jobs: Sequence[Row]
    contracts: Sequence[bytes]
    messages: Sequence[str]
    booked: frozenset[str]


class Books:
    """A bot's database, looked at from outside.

    Args:
        url: Its address.
    """

    _QUERIES: Final = (
        "SELECT journal_id, stage, job_id, contract_id, title, ending, finished_at_ms IS NULL "
        "FROM jobs ORDER BY journal_id",
        "SELECT contract FROM job_requests",
        "SELECT content FROM messages",
        "SELECT call_id FROM calls",
    )

    def __init__(self, url: str) -> None:
        self._url = url
        self._file = Address.parse(url).file

    async def read(self) -> Written:
        """All of it."""
        jobs, contracts, messages, calls = await self._all()
        return Written(
            [Row(*one[:-1], bool(one[-1])) for one in jobs],
            [bytes(contract) for (contract,) in contracts],
            [content for (content,) in messages],
            frozenset(call for (call,) in calls),
        )

    async def open_jobs(self) -> list[str]:
        """Those that the journal takes for running."""
        return [f"{row.journal_id} {row.title} ({row.stage})" for row in await self._jobs()]

    async def _jobs(self) -> list[Row]:
        return [row for row in (await self.read()).jobs if row.is_open]

    async def _all(self) -> list[list[tuple[Any, ...]]]:
        if self._file is not None:
            with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as connection:
                return [connection.execute(query).fetchall() for query in self._QUERIES]
        connection = await asyncpg.connect(self._url)
        try:
            return [[tuple(row) for row in await connection.fetch(q)] for q in self._QUERIES]
        finally:
            await connection.close()


def end_of(asked: Asked) -> tuple[End, int, str]:
    """What a person has in the end; in how many places the whole answer stands; what they see."""
    seen = asked.sees()
    texts = [_text(message) for message in seen]
    together = "\n".join(texts)
    finals = sum(ends(asked.token) in text for text in texts)
    shown = " | ".join(text.replace("\n", " ")[-_SEEN_CHARS:] for text in texts[-3:])
    if finals and begins(asked.token) in together:
        return End.RESULT, finals, shown
    if _UNKNOWN in together:
        return End.UNKNOWN, finals, shown
    if any(words in together for words in _STOPPED):
        return End.STOPPED, finals, shown
    if _TOO_LATE in together:
        return End.TOO_LATE, finals, shown
    if _REFERENCE.search(together):
        return End.REASON, finals, shown
    if seen:
        return End.OPEN, finals, shown
    if asked.message is None and _did_not_respond(asked):
        return End.DISCORD, finals, shown
    return End.NOTHING, finals, shown


def _did_not_respond(asked: Asked) -> bool:
    return asked.reply is None or asked.reply.interaction.answer is None


def _text(message: Message) -> str:
    files = [one.data.decode(errors="replace") for one in message.attachments if _is_text(one)]
    return "\n".join([message.text, *files])


def _is_text(attachment: Any) -> bool:
    return str(attachment.filename).endswith((".py", ".txt", ".md"))


def question(asked: Asked, runpod: RunPod, written: Written) -> Question:
    """One question and all that became of it."""
    end, finals, shown = end_of(asked)
    jobs = runpod.of(asked.token)
    rows = {row.job_id: row for row in written.jobs}
    if end is not End.RESULT and jobs and _is_kept(rows.get(jobs[-1].job_id)):
        end = End.KEPT
    in_contracts = any(asked.token.encode() in one for one in written.contracts)
    in_messages = any(asked.token in one for one in written.messages)
    return Question(
        token=asked.token,
        how=asked.how,
        end=end,
        allowed=asked.allowed,
        paid=len(jobs),
        completed=bool(jobs) and jobs[-1].status == "COMPLETED",
        noted=bool(jobs) and jobs[-1].job_id in rows,
        written=in_contracts or in_messages,
        finals=finals,
        pressed_stop=asked.pressed_stop,
        must_answer=asked.must_answer,
        seen=shown,
    )


def _is_kept(row: Row | None) -> bool:
    """Whether `/jobs` offers a result that could be shown nowhere."""
    return row is not None and row.stage == JobStage.UNDELIVERED


async def settle(asked: Sequence[Asked], runpod: RunPod, books: Books) -> None:
    """Wait until nothing is under way any more, or it is certain that it will stay so."""
    clock = SystemClock()
    until = clock.now() + SETTLED_WITHIN_S
    await runpod.idle()
    while clock.now() < until:
        hanging = [one for one in asked if end_of(one)[0] is End.OPEN]
        if not hanging and not await books.open_jobs():
            return
        await asyncio.sleep(_LOOK_EVERY_S)


def refusals(sim: LocalDiscord) -> list[str]:
    """What Discord refused of the bot, beyond what is a killed bot's way to leave things."""
    return sorted({str(p) for p in sim.problems if p.message not in REFUSED_ANYHOW})
