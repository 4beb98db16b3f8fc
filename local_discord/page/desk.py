"""What all tabs of the page share: the local Discord, its people, uploads, and what was read."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from local_discord.errors import CannotDo
from local_discord.files import File
from local_discord.people import Person
from local_discord.values import Channel, Guild, Message, User

from .cast import Cast

if TYPE_CHECKING:
    from local_discord.local_discord import LocalDiscord

TABS_MAX: Final = 16
UPLOADS_MAX: Final = 40
"""Files that were uploaded and are in no message yet."""
UNREAD_MAX: Final = 99
FILES_MAX_BYTES: Final = 512 * 1024 * 1024
"""Of all files of all messages: they are held in memory."""


class Open(Protocol):
    """An open tab."""

    @property
    def user(self) -> User:
        """Who it is."""

    @property
    def here(self) -> Channel:
        """Where it looks."""

    def tell(self, event: str, **fields: object) -> None:
        """Tell the page of an event."""

    def tell_of_bot(self) -> None:
        """Tell whether the bot is online."""

    def cut(self) -> None:
        """Close the socket at once."""


@dataclass(slots=True, eq=False)
class Desk:
    """Shared by all tabs.

    Attributes:
        sim: The local Discord.
        cast: The people whom a tab can be.
        token: What the page's address must have.
        tabs: Those that are open.
        greeters: Called with a tab that has opened, looks elsewhere or has become somebody else.
        leavers: Called with a tab that has closed.
    """

    sim: LocalDiscord
    cast: Cast
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    tabs: set[Open] = field(default_factory=set)
    greeters: list[Callable[[Any], None]] = field(default_factory=list)
    leavers: list[Callable[[Any], None]] = field(default_factory=list)
    uploads: dict[str, File] = field(default_factory=dict)
    read: dict[tuple[int, int], int] = field(default_factory=dict)
    """By person and channel: the last message that was on their screen."""
    began: int = field(init=False)
    """What was there when the page began has been read."""

    def __post_init__(self) -> None:
        self.began = self.sim.backend.world.last_id

    def person(self, user: User, guild: Guild | None) -> Person:
        """Somebody, as they are in a guild or in their direct messages."""
        return Person(self.sim.backend, user, guild)

    def hold(self, file: File) -> str:
        """Keep an upload until a message takes it; its key.

        Raises:
            CannotDo: There is no room for it.
        """
        held = sum(len(one.data) for one in self.sim.backend.world.files.values())
        waiting = sum(len(one.data) for one in self.uploads.values())
        if held + waiting + len(file.data) > FILES_MAX_BYTES:
            raise CannotDo(
                "there are files of {limit} MB already: begin anew", limit=FILES_MAX_BYTES >> 20
            )
        while len(self.uploads) >= UPLOADS_MAX:
            self.uploads.pop(next(iter(self.uploads)))
        key = secrets.token_urlsafe(12)
        self.uploads[key] = file
        return key

    def take(self, keys: list[str]) -> list[File]:
        """The uploads of these keys, for one message.

        Raises:
            CannotDo: One is not there any more.
        """
        if missing := [key for key in keys if key not in self.uploads]:
            raise CannotDo("these files must be uploaded again: {count}", count=len(missing))
        return [self.uploads[key] for key in keys]

    def forget(self, keys: list[str]) -> None:
        """A message has taken them."""
        for key in keys:
            self.uploads.pop(key, None)

    def mark(self, user: User, channel: Channel) -> None:
        """Somebody has a channel on their screen."""
        self.read[user.id, channel.id] = next(reversed(channel.messages), 0)

    def unread(self, user: User, channel: Channel) -> list[Message]:
        """What came since somebody last had the channel on their screen, newest first."""
        since = self.read.get((user.id, channel.id), self.began)
        new: list[Message] = []
        for one in reversed(channel.messages.values()):
            if one.id <= since or len(new) >= UNREAD_MAX:
                break
            if not one.deleted and one.author is not user and one.visible_to in (None, user):
                new.append(one)
        return new
