"""Waiting Discord's own failures out, and telling them from its refusals."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import aiohttp
import discord

PATIENCE_S: Final = 60.0
"""How long Discord's own failures are waited out before an answer has to be shown later."""
_FIRST_PAUSE_S: Final = 0.5
_MAX_PAUSE_S: Final = 8.0
_SERVER_ERROR: Final = 500
_TOO_MANY_REQUESTS: Final = 429

_MAX_UNREADABLE: Final = 3
NOT_AS_DESCRIBED: Final = (LookupError, TypeError, ValueError, AttributeError)
"""What discord.py makes of a success whose body is cut short, or another one than described."""

_T = TypeVar("_T")


class Unreadable(OSError):
    """Discord says that it is done, and its answer cannot be read."""


async def persist(call: Callable[[], Awaitable[_T]]) -> _T:
    """Call Discord until it answers; discord.py itself repeats neither 503 nor a broken line.

    What posts a message has to post it under one nonce all the time (`cogs.shared.nonces`).

    Raises:
        discord.HTTPException: Discord refused: another try would not help.
        Unreadable: Its answers make no sense.
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
    """Whether the same may succeed later: discord.py gives up on limits in the end."""
    return error.status >= _SERVER_ERROR or error.status == _TOO_MANY_REQUESTS
