"""Where a job is shown, and what its message says: the document that the journal keeps. Pure.

It is enough to show the job again, from another process.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping
from typing import Annotated, Final

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

from bot.store.repositories.recovery import Job

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


HOST: Final = "host"
"""The key of the server where the bot is only a guest."""


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


def home_of(job: Job) -> str:
    """The first part of a link to a job's message: its server, or where people write directly."""
    host = str(job.place.get(HOST) or "")
    return str(job.guild_id or (host if host.isascii() and host.isdigit() else "") or "@me")


def address_of(job: Job) -> JobPlace:
    """The channel and the message that show a job of any kind."""
    try:
        return JobPlace.model_validate(job.place)
    except ValidationError:
        return JobPlace(channel_id=job.channel_id)
