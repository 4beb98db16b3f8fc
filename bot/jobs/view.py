"""The interface between a job's runner and whatever shows the job, and the place where that is.

The runner (`bot.jobs.runner`) does not know Discord: it has a `JobView`, which does.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Final, Protocol, runtime_checkable

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    ValidationError,
)
from pydantic.fields import FieldInfo

from bot.contract import Response, Source, System
from bot.errors import SkydeckError
from bot.runpod.models import Update
from bot.store.repositories.recovery import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """The person who asked for a job.

    Attributes:
        user_name: Their name in that server.
        channel_id: The channel, thread or DM where they asked.
        guild_id: None in a DM.
        locale: The language in which the bot's own texts are shown to them, as a Discord locale.
        language: The language that their server has set for everyone; None: their words tell.
        system: The assistant's identity there.
    """

    user_id: int
    user_name: str
    channel_id: int
    guild_id: int | None
    locale: str
    system: System
    language: str | None = None

    @property
    def source(self) -> Source:
        """The contract's `source`."""
        place = {"channel": str(self.channel_id), "user": str(self.user_id)}
        if self.guild_id is not None:
            place["guild"] = str(self.guild_id)
        return Source(system=self.system, **place)


Snowflake = Annotated[int, PlainSerializer(str, return_type=str)]
"""Discord's id. It is a string in JSON, as in Discord's own: JavaScript's numbers are too small."""


MAX_WORDS_BYTES: Final = 2_000
"""The most of a place's words, as JSON; the journal takes a place of 4 KiB."""


def _that_fit(words: str) -> str:
    """Words, cut where a place has no room for more: the names of ten files can be long."""
    if len(json.dumps(words)) <= MAX_WORDS_BYTES:
        return words
    room = MAX_WORDS_BYTES - len(json.dumps("…"))
    lengths = range(MAX_WORDS_BYTES)
    fit = bisect_right(lengths, room, key=lambda number: len(json.dumps(words[:number]))) - 1
    return f"{words[:fit]}…"


PlaceWords = Annotated[str, AfterValidator(_that_fit)]
"""What a message says about its job."""

ASKED_BY_MESSAGE: Final = "message_asked"
"""The key that says that a job answers a message, not a command."""


QUESTION: Final = "question"
"""The key of the message, or of the command's interaction, that a job answers."""


def stored_as(key: str) -> FieldInfo:
    """The key of a field in the journal. It must not change: older documents have it."""
    field: FieldInfo = Field(validation_alias=key, serialization_alias=key)
    return field


class PlacePart(BaseModel):
    """Some fields of a place. A field that older documents lack needs a default."""

    model_config = ConfigDict(
        frozen=True,
        validate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,  # errors are logged, and people's words are not
    )


class JobPlace(PlacePart):
    """A job's place; each kind of job has a model of its own (`JobRunner.register`).

    Attributes:
        message_id: 0 while there is no message.
    """

    kind: str = ""
    channel_id: Annotated[Snowflake, stored_as("channel")]
    message_id: Annotated[Snowflake, stored_as("message")] = 0

    def to_json(self) -> dict[str, JsonValue]:
        """The document that the journal keeps."""
        return self.model_dump(mode="json", by_alias=True)


def answers_message(place: Mapping[str, JsonValue]) -> bool:
    """Whether a job at this place answers a message, not a command."""
    return place.get(ASKED_BY_MESSAGE) is True


def question_at(place: Mapping[str, JsonValue]) -> int | None:
    """The question that a job at this place answers; None: it answers none."""
    number = str(place.get(QUESTION, ""))
    return int(number) if number.isascii() and number.isdigit() else None


def address_of(job: Job) -> JobPlace:
    """The channel and the message that show a job of any kind."""
    try:
        return JobPlace.model_validate(job.place)
    except ValidationError:
        return JobPlace(channel_id=job.channel_id)


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
        ...

    def update(self, update: Update) -> None:
        """Apply a change of state or a partial answer; `refresh` follows soon."""
        ...

    async def refresh(self) -> None:
        """Show the present state: at most once a second, and every few seconds without a change."""
        ...

    async def done(self, response: Response) -> None:
        """Show the whole answer; returns when it can be seen."""
        ...

    async def failed(self, error: SkydeckError) -> None:
        """Say how it failed, or (JobCancelled) that it was stopped; returns when that is seen."""
        ...


@runtime_checkable
class WithdrawableView(Protocol):
    """A `JobView` of a job whose question, or the place where it was asked, can be deleted."""

    async def is_wanted(self, job: Job) -> bool:
        """Whether the question of a job that another process began is still there.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """
        ...

    async def withdrawn(self) -> None:
        """The question was deleted: take back what is shown, and say nothing.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """
        ...


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
        ...


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
