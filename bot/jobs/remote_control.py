"""Stops jobs that run in any process of the bot, by a signal to all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Never

from bot.clock import Clock
from bot.jobs.runner import JobRunner
from bot.store.pubsub import PubSub
from bot.store.repositories.journal import Journal
from bot.store.repositories.recovery import Job

STOP: Final = "stop"
FORGET: Final = "forget"
WITHDRAW: Final = "withdraw"

_STOPPED_WITHIN_S: Final = 5.0
_POLL_S: Final = 0.1


@dataclass(slots=True)
class RemoteJobControl:
    """Controls the jobs of all processes.

    Attributes:
        runner: Runs the jobs of this process.
        pubsub: Reaches the other processes.
        on_forget: Called with each person whose data is to be deleted, in every process.
        shares_work: Whether there are other processes.
    """

    runner: JobRunner
    journal: Journal
    pubsub: PubSub
    clock: Clock
    on_forget: Callable[[int], object]
    shares_work: bool

    async def listen(self) -> Never:
        """Obey the signals of other processes, until this is cancelled."""
        await self.pubsub.listen(self._obey)

    async def stop(self, job: Job) -> bool:
        """Stop a job, wherever it runs; False when it has ended.

        Raises:
            StoreFailed: The signal cannot be sent.
        """
        if self.runner.stop(job.journal_id):
            return True
        if job.ending is not None or not self.shares_work:
            return False
        await self.pubsub.send(STOP, job.journal_id)
        return True

    async def withdraw(self, job: Job) -> None:
        """Stop a job whose question was deleted, wherever it runs, and take back what is shown.

        Raises:
            StoreFailed: The signal cannot be sent.
        """
        is_here = self._withdraw_here(job.journal_id)
        if self.shares_work and not is_here and job.ending is None:
            await self.pubsub.send(WITHDRAW, job.journal_id)

    def _withdraw_here(self, journal_id: int) -> bool:
        return bool(self.runner.withdraw(lambda running: running.journal_id == journal_id))

    async def stop_all_of(self, user_id: int) -> int:
        """Stop a person's jobs everywhere, before their data is deleted. Returns how many ran here.

        Raises:
            StoreFailed: The signal cannot be sent.
        """
        self.on_forget(user_id)
        if self.shares_work:
            await self.pubsub.send(FORGET, user_id)
        stopped = await self.runner.stop_all_of(user_id)
        until = self.clock.now() + (_STOPPED_WITHIN_S if self.shares_work else 0.0)
        while self.clock.now() < until and await self._has_jobs(user_id):
            await self.clock.sleep(_POLL_S)
        return stopped

    async def _has_jobs(self, user_id: int) -> bool:
        return bool(await self.journal.listing(user_id=user_id, unfinished=True, limit=1))

    def _obey(self, signal: str, number: int) -> None:
        if signal == STOP:
            self.runner.stop(number)
        elif signal == WITHDRAW:
            self._withdraw_here(number)
        elif signal == FORGET:
            self.on_forget(number)
            self.runner.interrupt_all_of(number)
