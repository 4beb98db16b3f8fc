"""The store: one database and its components, opened once at the top of the application."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from bot.clock import Clock
from bot.money import Limits
from bot.store.database import Database
from bot.store.maintenance.privacy import Privacy
from bot.store.opening import open_database
from bot.store.pubsub import PubSub
from bot.store.repositories.conversations import Conversations
from bot.store.repositories.guilds import Guilds
from bot.store.repositories.heartbeats import Heartbeats
from bot.store.repositories.job_leases import JOB_LEASE_MS
from bot.store.repositories.journal import Journal
from bot.store.repositories.key_value import KeyValue
from bot.store.repositories.ledger import Ledger
from bot.store.repositories.personas import Personas
from bot.store.repositories.shard_leases import ShardLeases
from bot.store.repositories.spending import Spending
from bot.store.repositories.voice import ChosenVoices, Consents, Minutes, VoiceRooms

_DAY_MS: Final = 86_400_000
NO_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows and backup files were deleted."""

    messages: int
    jobs: int
    backups: int
    minutes: int = 0
    calls: int = 0


class Store:
    """The database's repositories.

    Attributes:
        shard_leases: None on SQLite, which only one process uses.
    """

    def __init__(self, database: Database, clock: Clock, *, lease_ms: int, limits: Limits) -> None:
        self.guilds = Guilds(database, clock)
        self.personas = Personas(database, clock)
        self.conversations = Conversations(database)
        owner = uuid.uuid4().hex
        self.jobs = Journal(database, clock, owner=owner, lease_ms=lease_ms)
        self.privacy = Privacy(database, clock, self.guilds, self.personas)
        self.key_value = KeyValue(database)
        self.consents = Consents(database)
        self.chosen_voices = ChosenVoices(database)
        self.voice_rooms = VoiceRooms(database)
        self.minutes = Minutes(database)
        self.ledger = Ledger(database, clock, limits)
        self.spending = Spending(database)
        self.shard_leases = None if database.is_sqlite else ShardLeases(database, owner=owner)
        self.pubsub = PubSub(database, clock)
        self.heartbeats = Heartbeats(database, clock, owner=owner)
        self._database = database
        self._clock = clock

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        clock: Clock,
        *,
        lease_ms: int = JOB_LEASE_MS,
        limits: Limits = NO_LIMITS,
    ) -> AsyncIterator[Self]:
        """Open the database, as `open_database` does.

        Args:
            url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`.
            clock: Dates what is stored.
            lease_ms: See `JobLeases`.
            limits: The operator's budgets.

        Raises:
            BadSettings: The database cannot be opened.
        """
        async with open_database(url, clock) as database:
            yield cls(database, clock, lease_ms=lease_ms, limits=limits)

    async def prune(self, *, message_days: int, job_days: int, ledger_days: int) -> Pruned:
        """Delete everything older than its retention time; a job's age counts from its end.

        The copies that schema updates made hold messages, and are deleted with them.

        Raises:
            StoreFailed: The database cannot be written.
        """
        now_ms = int(self._clock.wall() * 1000)
        oldest_ms = now_ms - message_days * _DAY_MS
        return Pruned(
            messages=await self.conversations.prune(before_ms=oldest_ms),
            minutes=await self.minutes.prune(before_ms=oldest_ms),
            jobs=await self.jobs.prune(before_ms=now_ms - job_days * _DAY_MS),
            calls=await self.ledger.prune(before_ms=now_ms - ledger_days * _DAY_MS),
            backups=_prune_backups(self._database.address.file, oldest_ms),
        )


def _prune_backups(file: Path | None, before_ms: int) -> int:
    if file is None:
        return 0
    old = [
        copy
        for copy in file.parent.glob(f"{file.name}.*.bak*")  # also a .part of a killed process
        if copy.stat().st_mtime * 1000 < before_ms
    ]
    for copy in old:
        copy.unlink(missing_ok=True)
    return len(old)
