"""The interface between a job's runner and whatever shows the job.

The runner (`bot.jobs.runner`) does not know Discord: it has a `JobView`, which does.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.contract import Context, Message, Response, Source, System
from bot.contract.envelope import given
from bot.contract.persona import context_persona
from bot.errors import SkydeckError
from bot.i18n import Words
from bot.jobs.place import JobPlace
from bot.persona import NO_PERSONA, Persona
from bot.runpod.models import Update
from bot.store.repositories.recovery import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """The person who asked for a job.

    Attributes:
        user_name: Their name in that server.
        channel_id: The channel, thread or DM where they asked.
        guild_id: None in a DM, and where the bot is only a guest.
        locale: The language in which the bot's own texts are shown to them, as a Discord locale.
        language: The language that their server has set for everyone; None: their words tell.
        system: The assistant's identity there.
        persona: Who it is there, by people's choice.
        is_guest: Whether the bot is there only as this person's own app.
        host_id: The server where it is a guest; None: none, or in messages between people.
    """

    user_id: int
    user_name: str
    channel_id: int
    guild_id: int | None
    locale: str
    system: System
    language: str | None = None
    persona: Persona = NO_PERSONA
    is_guest: bool = False
    host_id: int | None = None

    @property
    def assistant(self) -> str:
        """What people call the assistant there."""
        return self.persona.name or self.system.assistant

    @property
    def source(self) -> Source:
        """The contract's `source`."""
        place = {"channel": str(self.channel_id), "user": str(self.user_id)}
        if self.guild_id is not None:
            place["guild"] = str(self.guild_id)
        return Source(system=self.system, **place)

    def context(self, history: Sequence[Message] = ()) -> Context:
        """The contract's `context` of what they ask.

        Args:
            history: The conversation before it.
        """
        return Context(
            history=list(history),
            **given(
                locale=self.locale, speaker=self.user_name, persona=context_persona(self.persona)
            ),
        )


class Undeliverable(Exception):
    """Nothing can show an answer: neither its place, nor one near it, nor a direct message."""


class JobView(Protocol):
    """Shows one job to its requester.

    The journal's `place` is enough to make it, so that the next process can make it again.
    """

    async def started(self, journal_id: int) -> JobPlace | None:
        """The journal has the job under this number, and it is sent next.

        Returns:
            Another place to record, when the job is shown elsewhere from now on. If the process
            dies before that is written, the next one calls this again with the old place.
        """

    def update(self, update: Update) -> None:
        """Apply a change of state or a partial answer; `refresh` follows soon."""

    async def refresh(self) -> None:
        """Show the present state: at most once a second, and every few seconds without a change."""

    async def done(self, response: Response) -> None:
        """Show the whole answer; returns when it can be seen."""

    async def failed(self, error: SkydeckError) -> None:
        """Say how it failed, or (JobCancelled) that it was stopped; returns when that is seen."""


@runtime_checkable
class WithdrawableView(Protocol):
    """A `JobView` of a job whose question, or the place where it was asked, can be deleted."""

    async def is_wanted(self, job: Job) -> bool:
        """Whether the question of a job that another process began is still there.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """

    async def withdrawn(self) -> None:
        """The question was deleted: take back what is shown, and say nothing.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """


@runtime_checkable
class StepView(Protocol):
    """A `JobView` that can say in words which step its job is at."""

    def step(self, words: Words) -> str:
        """The present step, as a sentence without its full stop; empty: there is none yet."""


class AdmissionGate(Protocol):
    """Makes jobs of one kind wait for their turn."""

    def __call__(
        self, journal_id: int, *, user_id: int, guild_id: int | None, is_sent: bool
    ) -> AbstractAsyncContextManager[None]:
        """Entering waits for the job's turn; leaving admits the next job.

        Args:
            journal_id: The job's number in the journal.
            user_id: The job's requester.
            guild_id: None in a DM.
            is_sent: Another process has sent it already: it takes a slot, and does not wait.
        """


class NoView:
    """The view of a job whose place cannot be read: its outcome is kept in the journal."""

    async def started(self, journal_id: int) -> JobPlace | None:
        """Show nothing."""

    def update(self, update: Update) -> None:
        """Show nothing."""

    async def refresh(self) -> None:
        """Show nothing."""

    async def done(self, response: Response) -> None:
        """Show nothing.

        Raises:
            Undeliverable: Always.
        """
        raise Undeliverable("no place")

    async def failed(self, error: SkydeckError) -> None:
        """The same."""
        raise Undeliverable("no place")
