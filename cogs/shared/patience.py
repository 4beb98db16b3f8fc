"""Retries Discord's own failures, and tells them from refusals."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import aiohttp
import discord

PATIENCE_S: Final = 60.0
"""How long Discord's own failures are retried before an answer has to be shown later."""
_FIRST_PAUSE_S: Final = 0.5
_MAX_PAUSE_S: Final = 8.0
_SERVER_ERROR: Final = 500
_TOO_MANY_REQUESTS: Final = 429

_MAX_UNREADABLE: Final = 3
NOT_AS_DESCRIBED: Final = (LookupError, TypeError, ValueError, AttributeError)
"""The errors that discord.py raises for a truncated or unexpected response to a success."""

_T = TypeVar("_T")


class Unreadable(OSError):
    """Discord reports success, but its response is unreadable."""


async def persist(call: Callable[[], Awaitable[_T]]) -> _T:
    """Call Discord until it answers; discord.py itself retries neither 503 nor a broken connection.

    A call that posts a message must use the same nonce each time (`cogs.shared.retry`).

    Raises:
        discord.HTTPException: Discord refused, so that a retry would not help.
        Unreadable: Its responses are unreadable.
        OSError, TimeoutError: It did not recover within `PATIENCE_S`.
    """
    unreadable = 0
    pause_s = _FIRST_PAUSE_S
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await call()
            except discord.HTTPException as e:
                if e.status < _SERVER_ERROR:
                    raise
            except (aiohttp.ClientError, ConnectionError):
                pass
            except NOT_AS_DESCRIBED as e:
                unreadable += 1
                if unreadable == _MAX_UNREADABLE:
                    raise Unreadable("Discord's answer cannot be read") from e
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _MAX_PAUSE_S)


def is_passing(error: discord.HTTPException) -> bool:
    """Whether a retry may succeed later; discord.py gives up on rate limits in the end."""
    return error.status >= _SERVER_ERROR or error.status == _TOO_MANY_REQUESTS
