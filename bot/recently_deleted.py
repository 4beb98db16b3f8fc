"""What was deleted in Discord lately, so that an event that is overtaken by it is dropped. Pure.

A deletion can be handled before the message that it deletes: the message's own handling may wait
for a file or the database meanwhile.
"""

from collections.abc import Iterable
from typing import Final

_KEPT: Final = 10_000
"""More than can be deleted while one message is being handled."""


class RecentIds:
    """The newest ids that were added; the oldest are dropped."""

    def __init__(self, most: int = _KEPT) -> None:
        self._most = most
        self._ids: dict[int, None] = {}

    def __contains__(self, one: object) -> bool:
        return one in self._ids

    def add(self, ids: Iterable[int]) -> None:
        """Add ids."""
        for one in ids:
            self._ids.pop(one, None)
            self._ids[one] = None
        while len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]

    def discard(self, one: int) -> None:
        """Take an id out again, such as that of a server that the bot has rejoined."""
        self._ids.pop(one, None)


class RecentlyDeleted:
    """The messages, channels and servers that are gone, as far as this process was told.

    They are kept apart, because a thread has the id of the message that it was started on.

    Attributes:
        messages: Deleted messages.
        channels: Deleted channels and threads.
        guilds: Servers that have removed the bot.
    """

    def __init__(self) -> None:
        self.messages = RecentIds()
        self.channels = RecentIds()
        self.guilds = RecentIds()

    def holds(
        self, *, message_id: int = 0, channel_id: int = 0, guild_id: int | None = None
    ) -> bool:
        """Whether any of these is gone."""
        return message_id in self.messages or channel_id in self.channels or guild_id in self.guilds
