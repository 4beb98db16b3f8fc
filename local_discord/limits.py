"""Rate limits: token windows per route and major parameter, a global one, and the headers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.clock import Clock

from . import errors
from .rules import MOST
from .values import Message

MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


WIDE = Limit(1_000, 1.0)

REAL: Mapping[str, Limit] = {
    "POST /channels/{channel_id}/messages": Limit(5, 5.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": Limit(5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": Limit(5, 1.0),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me": Limit(1, 0.25),
    "POST /channels/{channel_id}/typing": Limit(5, 5.0),
    "POST /webhooks/{webhook_id}/{webhook_token}": Limit(5, 2.0),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": Limit(5, 2.0),
    "POST /channels/{channel_id}/messages/{message_id}/threads": Limit(50, 300.0),
    "PATCH /channels/{channel_id}": Limit(5, 15.0),
    "POST /users/@me/channels": Limit(10, 10.0),
}
"""Limits as bots have met them; Discord publishes none and sends them in headers."""

GLOBAL = Limit(50, 1.0)
"""Requests of one bot over all routes; interaction answers and webhooks do not count."""


@dataclass(slots=True)
class Bucket:
    """A window of one limit for one major parameter."""

    id: str
    limit: Limit
    used: int = 0
    resets_at: float = 0.0

    def take(self, now: float) -> float:
        """Use one request; 0, or the seconds to wait when none is left."""
        if now >= self.resets_at:
            self.used, self.resets_at = 0, now + self.limit.seconds
        if self.used >= self.limit.requests:
            return self.resets_at - now
        self.used += 1
        return 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and the headers that say so."""

    headers: dict[str, str]
    retry_after: float = 0.0
    scope: str = "user"


OLD_SECONDS = 3600.0
OLD_EDITS = Limit(MOST["edits of messages older than an hour"], 20.0)
"""Edits of messages older than an hour, by channel. Discord publishes no rate; bots report this."""


@dataclass(slots=True)
class OldEdits:
    """The limit on editing old messages, which no header announces."""

    clock: Clock
    limit: Limit = OLD_EDITS
    _buckets: dict[int, Bucket] = field(default_factory=dict)

    def take(self, one: Message) -> None:
        """Count one edit of a message.

        Raises:
            ApiError: 429, 30046, with the seconds to wait.
        """
        if self.clock.wall() - one.created_at < OLD_SECONDS:
            return
        bucket = self._buckets.setdefault(one.channel.id, Bucket("old", self.limit))
        if wait := bucket.take(self.clock.now()):
            raise errors.too_many_old_edits(wait)


@dataclass(slots=True)
class Limits:
    """The limits of one local Discord: by default so wide that only who wants them meets them.

    Attributes:
        routes: Limits by "METHOD /route"; `REAL` has Discord's.
        default: For every other route.
        everything: The global limit, or None.
    """

    clock: Clock
    routes: dict[str, Limit] = field(default_factory=dict)
    default: Limit = WIDE
    everything: Limit | None = None
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    _global: Bucket | None = None

    def real(self) -> None:
        """Limit as Discord does."""
        self.routes, self.everything = dict(REAL), GLOBAL

    def take(self, route: str, params: Mapping[str, str]) -> Verdict:
        """Count one request of a route."""
        now = self.clock.now()
        bucket = self._bucket(route, params)
        if self._is_global(route) and (wait := self._take_global(now)):
            return Verdict(self._headers(bucket, now, "global"), wait, "global")
        wait = bucket.take(now)
        return Verdict(self._headers(bucket, now, "user"), wait)

    def _bucket(self, route: str, params: Mapping[str, str]) -> Bucket:
        major = "+".join(params[name] for name in MAJOR if name in params)
        key = (route, major)
        if key not in self._buckets:
            # Discord's bucket names tell routes apart, not channels; clients add those themselves.
            name = hashlib.sha256(route.encode()).hexdigest()[:32]
            self._buckets[key] = Bucket(name, self.routes.get(route, self.default))
        return self._buckets[key]

    def set(self, route: str, limit: Limit) -> None:
        """Change a route's limit now."""
        self.routes[route] = limit
        self._buckets = {key: b for key, b in self._buckets.items() if key[0] != route}

    def _is_global(self, route: str) -> bool:
        return (
            "/webhooks/{webhook_id}/{webhook_token}" not in route and "/interactions" not in route
        )

    def _take_global(self, now: float) -> float:
        if self.everything is None:
            return 0.0
        if self._global is None or self._global.limit != self.everything:
            self._global = Bucket("global", self.everything)
        return self._global.take(now)

    def _headers(self, bucket: Bucket, now: float, scope: str) -> dict[str, str]:
        after = max(0.0, bucket.resets_at - now)
        headers = {
            "X-RateLimit-Limit": str(bucket.limit.requests),
            "X-RateLimit-Remaining": str(bucket.limit.requests - bucket.used),
            "X-RateLimit-Reset": f"{self.clock.wall() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": bucket.id,
        }
        return headers | ({"X-RateLimit-Global": "true"} if scope == "global" else {})
