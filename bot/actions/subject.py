"""What an action works on, from what the words point at and what is around them. Pure.

resolve(points_at("translate the last ten minutes"), around)  ->  Subject(SAID, minutes=10)
resolve(points_at("summarise this"), Around())                ->  Unsure.WHAT
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.actions.references import Points, Reference

RECENT_S: Final = 900.0
"""The message above is "this" if it is not older, in seconds."""
MAX_MESSAGES: Final = 100
DEFAULT_MESSAGES: Final = 50
"""What "what we said" is in a channel."""
MAX_MINUTES: Final = 24 * 60


class Kind(StrEnum):
    """Where the text is.

    TEXT: in the person's own words. OWN: in the files, quotes and forwards of their own message.
    REPLIED: in the message that they reply to. ABOVE: in the message above theirs. ANSWER: in the
    assistant's last message. FILE_ABOVE: in the latest message with a file. SAID: in what was said
    here, the latest messages or minutes.
    """

    TEXT = "text"
    OWN = "own"
    REPLIED = "replied"
    ABOVE = "above"
    ANSWER = "answer"
    FILE_ABOVE = "file_above"
    SAID = "said"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action works on.

    Attributes:
        kind: Where the text is.
        text: The text itself.
        messages: How many of the latest messages.
        minutes: How many of the latest minutes, instead.
    """

    kind: Kind
    text: str = ""
    messages: int = 0
    minutes: int = 0


class Unsure(StrEnum):
    """Why it cannot be told; the key of a short question to the person."""

    WHAT = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is around a request.

    Attributes:
        has_own: Whether its message has files, or forwards something.
        is_reply: Whether it replies to another message.
        above_s: How many seconds ago the message above was sent; None: there is none.
        is_spoken: Whether it is said in a voice conversation, where nothing can be pointed at.
    """

    has_own: bool = False
    is_reply: bool = False
    above_s: float | None = None
    is_spoken: bool = False


def resolve(reference: Reference, around: Around) -> Subject | Unsure:
    """Tell what an action works on; `Unsure` if the person has to say."""
    if around.is_spoken:
        return _spoken(reference)
    points = reference.points
    if points is Points.TEXT:
        return Subject(Kind.TEXT, text=reference.text)
    if points in {Points.SAID, Points.MINUTES, Points.MESSAGES}:
        return _said(reference)
    if points in _ABOVE:
        is_own_file = points is Points.FILE and around.has_own
        pointed_at = Kind.OWN if is_own_file else Kind.REPLIED if around.is_reply else None
        return Subject(pointed_at or _ABOVE[points])
    if around.has_own or around.is_reply:
        return Subject(Kind.OWN if around.has_own else Kind.REPLIED)
    is_recent = around.above_s is not None and around.above_s <= RECENT_S
    return Subject(Kind.ABOVE) if points is Points.THIS and is_recent else Unsure.WHAT


_ABOVE: Final = {
    Points.FILE: Kind.FILE_ABOVE,
    Points.ABOVE: Kind.ABOVE,
    Points.ANSWER: Kind.ANSWER,
}
"""What is above, if the person replies to nothing."""


def _said(reference: Reference) -> Subject:
    if reference.points is Points.MINUTES and reference.number:
        return Subject(Kind.SAID, minutes=min(reference.number, MAX_MINUTES))
    return Subject(Kind.SAID, messages=min(reference.number or DEFAULT_MESSAGES, MAX_MESSAGES))


def _spoken(reference: Reference) -> Subject:
    """In a spoken conversation there are a text, the last answer, and all that was said."""
    match reference.points:
        case Points.TEXT:
            return Subject(Kind.TEXT, text=reference.text)
        case Points.ANSWER | Points.THIS | Points.NOTHING | Points.TOPIC:
            return Subject(Kind.ANSWER, messages=DEFAULT_MESSAGES)
    return _said(reference)
