"""An answer in the journal: its message, and the conversation that it belongs to."""

from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import JsonValue

from bot.jobs.place import (
    ASKED_BY_MESSAGE,
    QUESTION,
    PlacePart,
    PlaceWords,
    Snowflake,
    question_at,
    stored_as,
)
from cogs.shared.job_message import JobMessage


class Thread(PlacePart):
    """Where an answer belongs in memory.

    Attributes:
        question_id: The message (or interaction) that is answered; 0: nothing is remembered.
        conversation_id: The thread, the DM, or the first message of the reply chain.
        is_spoken: Whether the answer is spoken, too.
        note: A line under the answer.
        file: The name of a file for an answer longer than a message; empty: it is split.
        module: Grace's module that answers; empty: Penny answers.
        is_message: Whether the question is a message, not a command.
        offers: Whether actions were offered with the question.
    """

    question_id: Annotated[Snowflake, stored_as(QUESTION)] = 0
    conversation_id: Annotated[Snowflake, stored_as("conversation")] = 0
    is_spoken: Annotated[bool, stored_as("spoken")] = False
    note: PlaceWords = ""
    file: str = ""
    module: str = ""
    is_message: Annotated[bool, stored_as(ASKED_BY_MESSAGE)] = False
    offers: bool = False


class ChatMessage(Thread, JobMessage):
    """The place of an answer."""

    kind: str = "chat"


def answers(question_id: int) -> Callable[[Mapping[str, JsonValue]], bool]:
    """Whether a job at a place answers this question."""
    return lambda place: question_at(place) == question_id
