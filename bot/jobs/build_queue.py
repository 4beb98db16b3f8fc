"""The queues in which builds wait for their turn."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from bot.jobs.fair_queue import FairQueue

LOOK_EVERY_S: Final = 1.0
"""How often to check whether builds in other processes have ended."""

Elsewhere = Callable[[int, int | None, Collection[int]], Awaitable[int]]
"""Counts the builds that other processes run for a server, or (server None) in a user's direct
messages; the collection holds the jobs of this process."""


@dataclass(slots=True)
class BuildQueue:
    """One queue per server, for the builds of this process.

    `turn` is a `bot.jobs.view.AdmissionGate`. All builds of a server belong to one process, except
    for those that another process had started before the server's shard moved.

    Attributes:
        room: How many builds of one server run at once.
        elsewhere: Counts the builds of other processes; None if there are no other processes.
    """

    room: int
    elsewhere: Elsewhere | None = None
    _begun: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _locks: defaultdict[int, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    _queues: dict[int, FairQueue] = field(default_factory=dict)
    _homes: dict[int, int] = field(default_factory=dict)
    _calls: dict[int, asyncio.Event] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(
        self, journal_id: int, *, user_id: int, guild_id: int | None, is_sent: bool
    ) -> AsyncIterator[None]:
        """Wait for a job's turn, and hold its slot until the block ends."""
        home = -user_id if guild_id is None else guild_id  # a user's DMs count as a server
        queue = self._queues.setdefault(home, FairQueue(self.room))
        self._homes[journal_id] = home
        called = self._calls[journal_id] = asyncio.Event()
        try:
            if is_sent:
                queue.occupy(journal_id)
            else:
                queue.join(journal_id, user_id)
                self._call(queue)
                await called.wait()
                await self._until_room(home, user_id, guild_id)
            self._begun[home].add(journal_id)
            yield
        finally:
            self._begun[home].discard(journal_id)
            del self._calls[journal_id], self._homes[journal_id]
            queue.leave(journal_id)
            self._call(queue)
            if queue.is_empty:
                for known in (self._queues, self._begun, self._locks):
                    known.pop(home, None)

    async def _until_room(self, home: int, user_id: int, guild_id: int | None) -> None:
        """Wait until builds in other processes leave a slot free."""
        if self.elsewhere is None:
            return
        async with self._locks[home]:
            while True:
                others = await self.elsewhere(user_id, guild_id, self._homes.keys())
                if others + len(self._begun[home]) < self.room:
                    return
                await asyncio.sleep(LOOK_EVERY_S)

    def place(self, journal_id: int) -> int | None:
        """The queue position of a build, from 1; None if it does not wait in this process."""
        home = self._homes.get(journal_id)
        return None if home is None else self._queues[home].place(journal_id)

    def _call(self, queue: FairQueue) -> None:
        for journal_id in queue.admit():
            self._calls[journal_id].set()
