"""What a job's runner and its place in Discord know of each other.

The runner (`bot.jobs.runner`) knows no Discord: it is given a `JobView`, which does.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from bot.contract import Response, Source, System
from bot.errors import SkydeckError
from bot.runpod.models import Update
from bot.store.repositories.recovery import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """The person on whose behalf a job runs, and where they are.

    Attributes:
        user_id: Who.
        user_name: Under which name they are seen there.
        channel_id: In which channel, thread or DM.
        guild_id: In which server; None in a DM.
        locale: Their language, as a Discord locale.
        system: As whom the assistant speaks to them.
    """

    user_id: int
    user_name: str
    channel_id: int
    guild_id: int | None
    locale: str
    system: System

    @property
    def source(self) -> Source:
        """The contract's `source`."""
        place = {"channel": str(self.channel_id), "user": str(self.user_id)}
        if self.guild_id is not None:
            place["guild"] = str(self.guild_id)
        return Source(system=self.system, **place)


class Undeliverable(Exception):
    """Nowhere is an answer taken: neither in its place, nor near it, nor by the person directly."""


Place = Mapping[str, JsonValue]
"""Where a job is shown, as the journal keeps it."""


class JobView(Protocol):
    """One job's face to its person.

    It is made from the journal's `place` alone, so that the next process can make it again.
    """

    async def started(self, journal_id: int) -> Place | None:
        """The job is in the journal under this number, and is about to be sent.

        Returns:
            Another place to be noted, when it is shown elsewhere from now on. It is called again
            with the old place when the process dies before that is noted.
        """
        ...

    def update(self, update: Update) -> None:
        """Take in a change of state or a partial answer; `refresh` follows soon."""
        ...

    async def refresh(self) -> None:
        """Show the present state: at most once a second, and every few seconds unasked."""
        ...

    async def done(self, response: Response) -> None:
        """Show the whole answer; returns when it can be seen."""
        ...

    async def failed(self, error: SkydeckError) -> None:
        """Say how it failed, or (JobCancelled) that it was stopped; returns when it can be seen."""
        ...


Revive = Callable[[Job], Awaitable[JobView | None]]
"""Makes the face of a job that another process had begun; None when its place is gone.

An OSError or TimeoutError means that it is to be tried again later."""


class AdmissionGate(Protocol):
    """Lets jobs of one kind be sent in turn."""

    def __call__(
        self, journal_id: int, *, user_id: int, guild_id: int | None, is_sent: bool
    ) -> AbstractAsyncContextManager[None]:
        """Entering waits for the job's turn; leaving lets the next one in.

        Args:
            journal_id: Which job.
            user_id: Whose.
            guild_id: In which server; None in a DM.
            is_sent: Another process has sent it already: it takes up room, and does not wait.
        """
        ...


class NoView:
    """The face of a job whose place cannot be made out any more: its end is to be kept."""

    async def started(self, journal_id: int) -> Place | None:
        """Nothing is shown."""

    def update(self, update: Update) -> None:
        """Nothing is shown."""

    async def refresh(self) -> None:
        """Nothing is shown."""

    async def done(self, response: Response) -> None:
        """Nothing can be shown.

        Raises:
            Undeliverable: Always.
        """
        raise Undeliverable("no place")

    async def failed(self, error: SkydeckError) -> None:
        """The same."""
        raise Undeliverable("no place")
