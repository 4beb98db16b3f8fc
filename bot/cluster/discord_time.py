"""Discord's time, told by its replies: the clock of this machine may be wrong.

It is measured against the monotonic clock, which nobody sets. A reply brackets the difference:
Discord wrote it after the request was sent and before it arrived. Brackets of several replies
narrow each other; one that fits none (the machine slept, and its clock stood still) starts over.
"""

import logging
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import discord

from bot.clock import Clock

log = logging.getLogger(__name__)

TELLING_S: Final = 2.0
"""From this difference on, the operator is told that the clock is wrong."""
_DATE_STEP_S: Final = 1.0
"""The resolution of the header `Date`."""
_RESET_SLACK_S: Final = 0.01


class DiscordTime:
    """Estimates Discord's time from the headers of its replies.

    Args:
        clock: Its `now` measures; its `wall` is what may be wrong.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._least = self._most = 0.0  # Discord's time minus `clock.now()`
        self._is_known = False
        self._is_told = False

    def observe(self, headers: Mapping[str, str], *, sent_s: float, received_s: float) -> None:
        """Take in a reply.

        Args:
            headers: The reply's.
            sent_s: When the request was sent, by `clock.now()`.
            received_s: When the reply arrived.
        """
        bracket = _written_at(headers)
        if bracket is None or received_s < sent_s:
            return
        least, most = bracket[0] - received_s, bracket[1] - sent_s
        narrowed = max(least, self._least), min(most, self._most)
        is_first = not self._is_known or narrowed[0] > narrowed[1]
        self._least, self._most = (least, most) if is_first else narrowed
        self._is_known = True
        self._tell()

    def earliest(self) -> float | None:
        """The earliest that Discord's time can be, in epoch seconds; None before a reply."""
        return self._clock.now() + self._least if self._is_known else None

    def wall(self) -> float:
        """Discord's time in epoch seconds as well as it is known, or else this machine's."""
        if not self._is_known:
            return self._clock.wall()
        return self._clock.now() + (self._least + self._most) / 2

    def ahead_s(self) -> float:
        """How far this machine's clock is ahead of Discord's; negative: behind; 0: not certain."""
        if not self._is_known:
            return 0.0
        reading = self._clock.wall() - self._clock.now()
        if self._least <= reading <= self._most:
            return 0.0
        return reading - (self._least + self._most) / 2

    def watch(self, http: discord.http.HTTPClient) -> None:
        """Observe all replies to a client that has not logged in yet."""
        http.http_trace = self.trace()

    def trace(self) -> aiohttp.TraceConfig:
        """Observes all replies in the session that uses it."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._sent)
        trace.on_request_end.append(self._received)
        return trace

    async def _sent(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        _request: aiohttp.TraceRequestStartParams,
    ) -> None:
        context.sent_s = self._clock.now()

    async def _received(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        reply: aiohttp.TraceRequestEndParams,
    ) -> None:
        if reply.response.status != HTTPStatus.SWITCHING_PROTOCOLS:  # not from the API
            headers = reply.response.headers
            self.observe(headers, sent_s=context.sent_s, received_s=self._clock.now())

    def _tell(self) -> None:
        words = describe_skew(self.ahead_s())
        if words and not self._is_told:
            self._is_told = True
            log.warning("%s; skydeck allows for it, but set the clock (NTP)", words)


def describe_skew(ahead_s: float) -> str:
    """How wrong this machine's clock is, in words; empty if it hardly matters."""
    if abs(ahead_s) < TELLING_S:
        return ""
    direction = "ahead of" if ahead_s > 0 else "behind"
    return f"this machine's clock is {abs(ahead_s):.0f} s {direction} Discord's"


def _written_at(headers: Mapping[str, Any]) -> tuple[float, float] | None:
    """Between which times Discord wrote a reply with these headers, in epoch seconds.

    The headers state the end of a rate limit twice: as a time, and as the seconds until then.
    """
    try:
        date_s = parsedate_to_datetime(headers["Date"]).replace(tzinfo=UTC).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    try:
        exact_s = float(headers["X-RateLimit-Reset"]) - float(headers["X-RateLimit-Reset-After"])
    except (KeyError, ValueError):
        return date_s, date_s + _DATE_STEP_S
    if not date_s - _DATE_STEP_S <= exact_s <= date_s + 2 * _DATE_STEP_S:
        return date_s, date_s + _DATE_STEP_S
    return exact_s - _RESET_SLACK_S, exact_s + _RESET_SLACK_S
