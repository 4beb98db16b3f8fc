"""What was read of a server, kept for a moment: each message asks for it."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from bot.clock import Clock

T = TypeVar("T")
_CACHED_GUILDS: Final = 1024
_CACHE_S: Final = 30.0
"""It may be this old: another process may have changed it meanwhile."""


class GuildCache(Generic[T]):
    """Values by server. A value that was read before a write is not kept after it."""

    def __init__(self, clock: Clock, read: Callable[[int], Awaitable[T]]) -> None:
        self._clock = clock
        self._read = read
        self._kept: OrderedDict[int, tuple[float, T]] = OrderedDict()
        self._writes = 0

    async def get(self, guild_id: int) -> T:
        """A server's value; an error of `read` is raised."""
        now = self._clock.now()
        kept = self._kept.get(guild_id)
        if kept is not None and now < kept[0] + _CACHE_S:
            self._kept.move_to_end(guild_id)
            return kept[1]
        writes = self._writes
        value = await self._read(guild_id)
        if writes == self._writes:  # else a write happened meanwhile, and this may be older
            self._kept[guild_id] = (now, value)
            self._kept.move_to_end(guild_id)
            if len(self._kept) > _CACHED_GUILDS:
                self._kept.popitem(last=False)
        return value

    def forget(self, guild_id: int) -> None:
        """A server's value was written, or may have been."""
        self._writes += 1
        self._kept.pop(guild_id, None)
