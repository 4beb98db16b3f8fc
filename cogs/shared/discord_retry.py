"""Retries calls to Discord when it fails, with nonces, so that a post is not made twice.

Source: Discord's reference, "Create Message": with `enforce_nonce`, a second post by the same
author with the same nonce within a few minutes makes no message, and returns the first one. If
that was deleted, the error is "Unknown Message" (10008), on purpose (discord-api-docs, pull
request 6647). So a nonce must not be used again after its post has succeeded.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import aiohttp
import discord

PATIENCE_S: Final = 60.0
"""How long Discord's own failures are retried before an answer has to be shown later."""
_FIRST_PAUSE_S: Final = 0.5
_MAX_PAUSE_S: Final = 8.0
_MAX_UNREADABLE: Final = 3
NOT_AS_DESCRIBED: Final = (LookupError, TypeError, ValueError, AttributeError)
"""The errors that discord.py raises for a truncated or unexpected response to a success."""

SEED_BYTES: Final = 6
_NONCE_BYTES: Final = 12
"""24 characters in hexadecimal; Discord accepts 25."""
_UNKNOWN_MESSAGE: Final = 10008
_SERVER_ERROR: Final = 500
_TOO_MANY_REQUESTS: Final = 429

_T = TypeVar("_T")


class Nonces:
    """The nonces of one job's posts, by the names of the posts.

    Args:
        seed: A random seed, which the journal keeps: each post's first nonce is derived from it, so
            that the next process does not repeat the posts of one that died. None: draw one.
    """

    def __init__(self, seed: str | None = None) -> None:
        self.seed = seed or secrets.token_hex(SEED_BYTES)
        self._kept: dict[str, str] = {}
        self._begun: set[str] = set()

    async def post(self, name: str, send: Callable[[str], Awaitable[_T]]) -> _T:
        """Make a post; after a lost response, call this again with the same name.

        Args:
            name: The post's name, of at most 12 characters.
            send: Makes the post with the given nonce.

        Raises:
            discord.HTTPException: Discord refused it.
        """
        is_last = False
        while True:
            nonce = self._kept.setdefault(name, self._draw(name))
            try:
                sent = await send(nonce)
            except discord.HTTPException as e:
                if e.status < _SERVER_ERROR:
                    del self._kept[name]  # refused: no message has this nonce
                if e.code != _UNKNOWN_MESSAGE or is_last:
                    raise
                is_last = True  # it was posted and then deleted: post it again, as a new one
                continue
            del self._kept[name]
            return sent

    def _draw(self, name: str) -> str:
        if name in self._begun:
            return secrets.token_hex(_NONCE_BYTES)
        self._begun.add(name)
        return f"{self.seed}.{name}"


def draw_nonce() -> str:
    """A nonce for a single post and all its attempts."""
    return secrets.token_hex(_NONCE_BYTES)


class Unreadable(OSError):
    """Discord reports success, but its response is unreadable."""


async def persist(call: Callable[[], Awaitable[_T]]) -> _T:
    """Call Discord until it answers; discord.py itself retries neither 503 nor a broken connection.

    A call that posts a message must use the same nonce each time (`Nonces`).

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
