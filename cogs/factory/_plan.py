"""What a build is called and how it is shown; all that a later process has to know of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from pydantic import JsonValue

from bot.i18n import Words
from bot.jobs.view import Requester

KIND: Final = "factory"
"""Our jobs in the journal."""
TITLE_CHARS: Final = 80
"""Of a build and its thread. A thread's name may have 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one build is shown.

    Attributes:
        title: One line.
        limit: The most iterations.
        begun: Since when, in seconds of the epoch.
        user_id: For whom.
        locale: In which language.
        guild_id: In which server; None in a DM.
        opens_thread: Whether it is to get a thread of its own.
        lacks_thread: Whether it would have got one if the bot were allowed to open it.
    """

    title: str
    limit: int
    begun: float
    user_id: int
    locale: str
    guild_id: int | None = None
    opens_thread: bool = False
    lacks_thread: bool = False

    def to_place(self, channel_id: int, message_id: int) -> dict[str, JsonValue]:
        """For the journal."""
        return {
            "kind": KIND,
            "channel": str(channel_id),
            "message": str(message_id),
            "user": str(self.user_id),
            "locale": self.locale,
            "guild": None if self.guild_id is None else str(self.guild_id),
            "title": self.title,
            "limit": self.limit,
            "begun": self.begun,
            "opens_thread": self.opens_thread,
            "lacks_thread": self.lacks_thread,
        }

    @classmethod
    def of_place(cls, place: Mapping[str, JsonValue]) -> Self:
        """From the journal.

        Raises:
            KeyError, ValueError: Somebody else wrote it.
        """
        return cls(
            title=str(place["title"]),
            limit=int(str(place["limit"])),
            begun=float(str(place["begun"])),
            user_id=int(str(place["user"])),
            locale=str(place["locale"]),
            guild_id=None if place["guild"] is None else int(str(place["guild"])),
            opens_thread=place["opens_thread"] is True,
            lacks_thread=place["lacks_thread"] is True,
        )


def plan_for(requester: Requester, task: str, limit: int, *, begun: float, words: Words) -> Plan:
    """A build that stays where it was asked for."""
    return Plan(
        title=title_of(task) or words("factory.untitled"),
        limit=limit,
        begun=begun,
        user_id=requester.user_id,
        locale=requester.locale,
        guild_id=requester.guild_id,
    )


def title_of(task: str) -> str:
    """A task's first line, cut to the length of a title."""
    first = next((line for line in task.splitlines() if line.strip()), "")
    line = " ".join(first.split())
    return line if len(line) <= TITLE_CHARS else f"{line[: TITLE_CHARS - 1].rstrip()}…"
