"""What the panel for the curious shows: turns, jobs, the ledger, requests and events, the log.

It asks nothing of the bot: the local Discord has logged the requests and events, the bot's own log
has the spoken turns, and its database is read beside it. No token leaves here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from local_discord.errors import CannotDo
from local_discord.log import Call, Dispatched
from local_discord.values import Json

from .books import Books, BooksClosed
from .bot_log import BotLog
from .redacted import path_without_secrets, without_secrets
from .turns import written_turn

if TYPE_CHECKING:
    from local_discord.local_discord import LocalDiscord

    from .tab import Tab

ENTRIES_MAX: Final = 60
PROBLEMS_MAX: Final = 20
SEARCHED_MAX: Final = 400
"""How many of the latest entries are searched for the last turn."""
SHOWN_MAX_CHARS: Final = 16 * 1024
"""Of one body or answer."""
WORDS_MAX_CHARS: Final = 500

NUMBER: Final = re.compile(r"[0-9]{1,18}")

T = TypeVar("T")


class Panel:
    """The act `panel`: without fields all lists, newest first; `entry` or `job`: one in full.

    Args:
        sim: The local Discord.
        bot: The bot's log; without lines there are no spoken turns.
        database: The bot's SQLite database; None: there are no jobs and no ledger.
    """

    def __init__(self, sim: LocalDiscord, bot: BotLog, database: Path | None) -> None:
        self._sim = sim
        self._world = sim.backend.world
        self._bot = bot
        self._books = Books(database) if database is not None else None

    async def act(self, tab: Tab, fields: Json) -> Json:
        """Answer a page.

        Raises:
            CannotDo: What it asks for is not kept any more.
        """
        del tab  # everybody at this page sees the same: it is the operator's
        if fields.get("entry") is not None:
            return self._entry(_id(fields["entry"]))
        if fields.get("job") is not None:
            return await self._job(_id(fields["job"]))
        jobs, calls = await self._read(Books.jobs), await self._read(Books.calls)
        return {
            "turns": self._turns(calls or []),
            "jobs": None if jobs is None else [self._named(job) for job in jobs],
            "ledger": None if calls is None else [self._named(call) for call in calls],
            "requests": [self._brief(one) for one in self._latest(ENTRIES_MAX)],
            "problems": self._problems(),
            "log": list(self._bot.lines)[::-1],
        }

    # --- turns -----------------------------------------------------------------------------------

    def _turns(self, calls: list[Json]) -> list[Json]:
        """The last written turn, and the last spoken ones, newest first."""
        clock = self._world.clock
        written = written_turn(
            self._latest(SEARCHED_MAX)[::-1],
            calls,
            bot_id=self._world.bot.id,
            wall_minus_clock=clock.wall() - clock.now(),
        )
        turns = list(self._bot.turns)
        if written is not None:
            turns.append(written | {"time": _stamp(written["at"])})
        return sorted(turns, key=lambda turn: str(turn["time"]), reverse=True)

    # --- requests and events ---------------------------------------------------------------------

    def _latest(self, count: int) -> list[Call | Dispatched]:
        """The latest entries of the log, newest first."""
        log = self._sim.log
        entries: list[Call | Dispatched] = [
            *islice(reversed(log.calls), count),
            *islice(reversed(log.dispatches), count),
        ]
        return sorted(entries, key=lambda one: one.number, reverse=True)[:count]

    def _brief(self, one: Call | Dispatched) -> Json:
        told: Json = {"number": str(one.number), "time": self._time(one.at)}
        if isinstance(one, Dispatched):
            return told | {"kind": "event", "name": one.name}
        lasts = None if one.ended_at is None else round((one.ended_at - one.at) * 1000, 1)
        path = path_without_secrets(one.path, one.route)[:WORDS_MAX_CHARS]
        return told | {
            "kind": "request",
            "name": f"{one.method} {path}",
            "status": one.status,
            "lasts_ms": lasts,
        }

    def _problems(self) -> list[str]:
        """What Discord would have refused, newest first."""
        latest = self._sim.problems[: -PROBLEMS_MAX - 1 : -1]
        return [self._shown_line(str(one)) for one in latest]

    def _entry(self, number: int) -> Json:
        """One request with its body and answer, or one event with its data."""
        log = self._sim.log
        entries: list[Call | Dispatched] = [*log.calls, *log.dispatches]
        one = next((one for one in entries if one.number == number), None)
        if one is None:
            raise CannotDo("it is not kept any more")
        if isinstance(one, Dispatched):
            return {"parts": {"data": self._shown(one.data)}}
        parts = {"query": one.query, "body": one.body, "files": one.files, "answer": one.answer}
        return {"parts": {name: self._shown(part) for name, part in parts.items() if part}}

    def _shown(self, value: Any) -> str:
        words = json.dumps(without_secrets(value, self._secrets()), indent=1, ensure_ascii=False)
        cut = len(words) - SHOWN_MAX_CHARS
        return f"{words[:SHOWN_MAX_CHARS]}\n… {cut} more characters" if cut > 0 else words

    def _shown_line(self, words: str) -> str:
        return str(without_secrets(words, self._secrets()))[:WORDS_MAX_CHARS]

    def _secrets(self) -> tuple[str, ...]:
        return (self._sim.token,)

    # --- jobs and the ledger ---------------------------------------------------------------------

    async def _job(self, number: int) -> Json:
        """A job's contract, as long as the bot keeps it."""
        contract = await self._read(lambda books: books.contract(number))
        if contract is None:
            raise CannotDo("the bot keeps no contract of this job")
        try:
            return {"parts": {"contract": self._shown(json.loads(contract))}}
        except ValueError:  # it was cut
            return {"parts": {"contract": without_secrets(contract, self._secrets())}}

    async def _read(self, read: Callable[[Books], T]) -> T | None:
        """Something of the bot's database; None: there is none, or it cannot be read now."""
        if self._books is None:
            return None
        try:
            return await asyncio.to_thread(read, self._books)
        except BooksClosed:
            return None

    def _named(self, row: Json) -> Json:
        """A row for the page: a name for the person, and times as text."""
        user = self._world.users.get(row.get("user") or 0)
        told: Json = {"user": user.name if user else ""}
        for key, one in row.items():
            if key.endswith("at_ms"):
                told[key.removesuffix("_ms")] = None if one is None else _stamp(one / 1000)
            elif key not in ("channel", "user"):
                told[key] = one
        return told

    def _time(self, at: float) -> str:
        clock = self._world.clock
        return _stamp(at + clock.wall() - clock.now())


def _stamp(wall: float) -> str:
    at = datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def _id(value: object) -> int:
    if not isinstance(value, str) or not NUMBER.fullmatch(value):
        raise CannotDo("there is no such entry")
    return int(value)
