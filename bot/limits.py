"""How often people may ask: a token bucket for each person and one for each server. Pure.

A bucket holds some asks and fills up steadily; each ask takes one out. A full bucket is as good as
none, so it is forgotten, and memory is bounded by those who asked within the last minutes.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from bot.clock import Clock

USER_PER_MINUTE: Final = 12.0
USER_BURST: Final = 6
GUILD_PER_MINUTE: Final = 120.0
GUILD_BURST: Final = 40

MAX_REFUSED: Final = 4_096
"""So many people's refusals are remembered; of more the one refused longest ago is forgotten."""
_ALMOST: Final = 1e-9
"""What rounding may lack: the wait we name must be long enough, to the last bit."""


@dataclass(slots=True)
class _Buckets:
    """Equal buckets by owner, of which only those that are not full are kept.

    They stand in the order of their last ask. The one that has rested longest is not always the
    fullest, but after `burst / per_s` seconds of rest any bucket is full.
    """

    per_s: float
    burst: float
    _left: OrderedDict[int, tuple[float, float]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._left)

    def wait(self, owner: int, now: float) -> float:
        """Seconds until one may be taken; 0 means now."""
        return max(0.0, (1.0 - _ALMOST - self._level(owner, now)) / self.per_s)

    def take(self, owner: int, now: float) -> None:
        """Take one out."""
        self._left[owner] = (max(0.0, self._level(owner, now) - 1.0), now)
        self._left.move_to_end(owner)
        self._forget(now)

    def _level(self, owner: int, now: float) -> float:
        level, at = self._left.get(owner, (self.burst, now))
        return min(self.burst, level + max(0.0, now - at) * self.per_s)

    def _forget(self, now: float) -> None:
        while self._left:
            _, at = self._left[next(iter(self._left))]
            if now - at < self.burst / self.per_s:
                return
            self._left.popitem(last=False)


class Refusals:
    """Whether a refusal is still to be said: once to a person, until what it says is over. Pure.

    Args:
        clock: Time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: OrderedDict[tuple[int, str], tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._until)

    def count(self, person: int, reason: str, *, for_s: float) -> int:
        """Count a refusal; which one it is of those that the first one speaks for, from 0.

        Args:
            person: Who is refused.
            reason: Why, as a code.
            for_s: For how long the first one speaks.
        """
        now, key = self._clock.now(), (person, reason)
        until, number = self._until.get(key, (0.0, 0))
        if now >= until:
            until, number = now + for_s, 0
        self._until[key] = (until, number + 1)
        self._until.move_to_end(key)
        while len(self._until) > MAX_REFUSED:
            self._until.popitem(last=False)
        return number


class Limiter:
    """Lets people ask, or says how long they have to wait.

    Args:
        clock: Time.
        user_per_minute: How often one person may ask in the long run.
        user_burst: How many of those at once.
        guild_per_minute: How often all the members of a server may ask together.
        guild_burst: How many of those at once.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        user_per_minute: float = USER_PER_MINUTE,
        user_burst: int = USER_BURST,
        guild_per_minute: float = GUILD_PER_MINUTE,
        guild_burst: int = GUILD_BURST,
    ) -> None:
        if min(user_per_minute, guild_per_minute) <= 0 or min(user_burst, guild_burst) < 1:
            raise ValueError("A limit must be over 0 a minute, and let one ask at once.")
        self._clock = clock
        self._users = _Buckets(user_per_minute / 60, user_burst)
        self._guilds = _Buckets(guild_per_minute / 60, guild_burst)

    def __len__(self) -> int:
        """How many people and servers are remembered."""
        return len(self._users) + len(self._guilds)

    def take(self, user_id: int, guild_id: int | None) -> float:
        """Count one ask, unless it comes too soon: then nothing is counted.

        Args:
            user_id: Who asks.
            guild_id: In which server; None in a DM, where only their own limit holds.

        Returns:
            0.0 when they may go on, else in how many seconds they may ask again.
        """
        now = self._clock.now()
        wait_s = self._users.wait(user_id, now)
        if guild_id is not None:
            wait_s = max(wait_s, self._guilds.wait(guild_id, now))
        if wait_s > 0:
            return wait_s
        self._users.take(user_id, now)
        if guild_id is not None:
            self._guilds.take(guild_id, now)
        return 0.0
