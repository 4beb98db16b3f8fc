"""Jobs that run in another process of the bot: stopped by a word to all of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Never

from bot.clock import Clock
from bot.jobs.runner import JobRunner
from bot.store.pubsub import PubSub
from bot.store.repositories.journal import Journal
from bot.store.repositories.recovery import Job

STOP: Final = "stop"
FORGET: Final = "forget"

_STOPPED_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.1


@dataclass(slots=True)
class RemoteJobControl:
    """All processes' jobs.

    Attributes:
        runner: This one's.
        journal: Where every job stands.
        pubsub: The other processes.
        clock: Time.
        on_forget: Called when a person is to be forgotten, whoever was told so.
        shares_work: Whether there are other processes.
    """

    runner: JobRunner
    journal: Journal
    pubsub: PubSub
    clock: Clock
    on_forget: Callable[[int], object]
    shares_work: bool
    _stopping: set[asyncio.Task[int]] = field(default_factory=set)

    async def listen(self) -> Never:
        """Do what others say, until this is cancelled."""
        await self.pubsub.listen(self._heard)

    async def stop(self, job: Job) -> bool:
        """Stop a job, wherever it runs; False when it has ended.

        Raises:
            StoreFailed: The others cannot be told.
        """
        if self.runner.stop(job.journal_id):
            return True
        if job.ending is not None or not self.shares_work:
            return False
        await self.pubsub.send(STOP, job.journal_id)
        return True

    async def stop_all_of(self, user_id: int) -> int:
        """A person is to be forgotten: stop their jobs everywhere; how many ran here.

        Raises:
            StoreFailed: The others cannot be told.
        """
        self.on_forget(user_id)
        if self.shares_work:
            await self.pubsub.send(FORGET, user_id)
        stopped = await self.runner.stop_all_of(user_id)
        until = self.clock.now() + (_STOPPED_WITHIN_S if self.shares_work else 0.0)
        while self.clock.now() < until and await self._has_jobs(user_id):
            await self.clock.sleep(_LOOK_EVERY_S)
        return stopped

    async def _has_jobs(self, user_id: int) -> bool:
        return bool(await self.journal.listing(user_id=user_id, unfinished=True, limit=1))

    def _heard(self, word: str, number: int) -> None:
        if word == STOP:
            self.runner.stop(number)
        elif word == FORGET:
            self.on_forget(number)
            task = asyncio.ensure_future(self.runner.stop_all_of(number))
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)
