"""How often people may ask: a token bucket for each person and for each server. Pure.

A bucket refills steadily, and each request takes one token. A full bucket is the same as no bucket,
so it is dropped: memory is bounded by the people who asked within the last minutes.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from bot.clock import Clock

USER_PER_MINUTE: Final = 12
"""How many requests one person may make per minute, unless SKYDECK_USER_PER_MINUTE is set."""
USER_BURST: Final = 6
"""How many requests one person may make at once."""
GUILD_PER_MINUTE: Final = 60
"""The same for all members of a server together: SKYDECK_GUILD_PER_MINUTE."""
GUILD_BURST: Final = 40
ACTIONS_PER_MINUTE: Final = 4
"""How many actions one person may ask for in a sentence, per minute and at once, at every door."""
GUILD_ACTIONS_PER_MINUTE: Final = 30
"""The same for all members of a server together."""
MAX_REFUSED: Final = 4_096
"""How many refusals are remembered; beyond that the oldest is forgotten."""
_ALMOST: Final = 1e-9
"""Tolerance for rounding: after the wait that we name, the request must be allowed."""


_WALL_TOLERANCE: Final = 1e-6
"""The same for the time since the epoch, which a float gives less exactly."""
_ACTIONS_PER_S: Final = ACTIONS_PER_MINUTE / 60
_ACTION_BURST: Final = float(ACTIONS_PER_MINUTE)


@dataclass(slots=True)
class _Buckets:
    """Buckets of equal size by owner; full ones are dropped.

    They are in the order of their last request. The least recently used bucket is not always the
    fullest, but after `burst / per_s` seconds without a request any bucket is full.
    """

    per_s: float
    burst: float
    _left: OrderedDict[int, tuple[float, float]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._left)

    def wait(self, owner: int, now: float) -> float:
        """Seconds until a token is available; 0 means now."""
        missing = 1.0 - self._level(owner, now)
        return missing / self.per_s if missing > _ALMOST else 0.0

    def take(self, owner: int, now: float) -> None:
        """Take a token."""
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


@dataclass(frozen=True, slots=True)
class ActionBucket:
    """One person's actions, for a process that ends between them.

    Attributes:
        left: How many they may ask for at once.
        at_s: When that was so, in seconds; of a clock that all such processes share.
    """

    left: float
    at_s: float

    def take(self, now_s: float) -> tuple[float, "ActionBucket"]:
        """Count an action, unless it comes too soon.

        Returns:
            In how many seconds it is admitted, 0.0 for now; and the bucket after it.
        """
        passed_s = now_s - self.at_s
        if not 0 <= passed_s < _ACTION_BURST / _ACTIONS_PER_S:  # full, or the clock was set back
            return 0.0, ActionBucket(_ACTION_BURST - 1.0, now_s)
        left = min(_ACTION_BURST, max(0.0, self.left) + passed_s * _ACTIONS_PER_S)
        if (missing := 1.0 - left) > _WALL_TOLERANCE:
            return missing / _ACTIONS_PER_S, self
        return 0.0, ActionBucket(max(0.0, left - 1.0), now_s)


class Refusals:
    """Which refusals people have seen: each is shown once while it is in force."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: OrderedDict[tuple[int, str], tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        """How many refusals are remembered."""
        return len(self._until)

    def count(self, person: int, reason: str, *, for_s: float) -> int:
        """Count a refusal; returns how many came before it while the first was in force.

        Args:
            person: The user's id.
            reason: The error's code.
            for_s: How long a first refusal is in force.
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
    """Admits requests, or says how long to wait.

    Args:
        user_per_minute: One person's sustained rate.
        guild_per_minute: The sustained rate of all members of a server together.
        user_burst: How many requests one person may make at once.
        guild_burst: How many requests the members of a server may make at once.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        user_per_minute: float,
        guild_per_minute: float,
        user_burst: int = USER_BURST,
        guild_burst: int = GUILD_BURST,
    ) -> None:
        if min(user_per_minute, guild_per_minute) <= 0 or min(user_burst, guild_burst) < 1:
            raise ValueError("A limit must be over 0 per minute and allow a burst of at least 1.")
        self._clock = clock
        self._users = _Buckets(user_per_minute / 60, user_burst)
        self._guilds = _Buckets(guild_per_minute / 60, guild_burst)

    def __len__(self) -> int:
        """How many people and servers have a bucket."""
        return len(self._users) + len(self._guilds)

    def take(self, user_id: int, guild_id: int | None) -> float:
        """Count a request, unless it comes too soon.

        Args:
            user_id: The person who asks.
            guild_id: Their server; None in a DM, where only the person's own limit applies.

        Returns:
            0.0 if the request is admitted, else in how many seconds the person may ask again.
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


def action_limiter(clock: Clock) -> Limiter:
    """Admits actions that are asked for in a sentence."""
    return Limiter(
        clock,
        user_per_minute=ACTIONS_PER_MINUTE,
        guild_per_minute=GUILD_ACTIONS_PER_MINUTE,
        user_burst=ACTIONS_PER_MINUTE,
        guild_burst=GUILD_ACTIONS_PER_MINUTE,
    )
