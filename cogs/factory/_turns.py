"""Waiting for one's turn to build."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cogs.factory._queue import FairQueue


@dataclass(slots=True)
class Turns:
    """The queues of all servers, as far as this process has sent or will send their builds.

    Its method `turn` is a `bot.conversation.Gate`.

    Attributes:
        room: How many builds of one server run at once.
    """

    room: int
    _queues: dict[int, FairQueue] = field(default_factory=dict)
    _homes: dict[int, int] = field(default_factory=dict)
    _calls: dict[int, asyncio.Event] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(
        self, journal_id: int, *, user_id: int, guild_id: int | None, is_sent: bool
    ) -> AsyncIterator[None]:
        """Wait for a job's turn, and keep its room until the block ends."""
        home = -user_id if guild_id is None else guild_id  # direct messages are a server each
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
            yield
        finally:
            del self._calls[journal_id], self._homes[journal_id]
            queue.leave(journal_id)
            self._call(queue)
            if queue.is_empty:
                self._queues.pop(home, None)

    def place(self, journal_id: int) -> int | None:
        """The place of a waiting build, from 1; None when it does not wait here."""
        home = self._homes.get(journal_id)
        return None if home is None else self._queues[home].place(journal_id)

    def _call(self, queue: FairQueue) -> None:
        for journal_id in queue.admit():
            self._calls[journal_id].set()
