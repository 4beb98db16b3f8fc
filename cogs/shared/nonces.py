"""Nonces: what keeps a post whose answer got lost from being made twice.

Source: Discord's reference, "Create Message": with `enforce_nonce` a second post of the same author
and nonce within the past few minutes makes no message, and the first one is returned. When that one
has been deleted, the answer is "Unknown Message" (10008), on purpose (discord-api-docs, pull
request 6647). So a nonce must not outlive the success of its post.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import discord

SEED_BYTES: Final = 6
_NONCE_BYTES: Final = 12
"""In hexadecimal 24 characters; Discord takes 25."""
_UNKNOWN_MESSAGE: Final = 10008
_SERVER_ERROR: Final = 500

_T = TypeVar("_T")


class Nonces:
    """The nonces of one job's posts, by the names of the posts.

    Args:
        seed: Drawn at random when the job began, and kept in the journal: each post's first nonce
            is made of it, so that the next process does not repeat a post of one that died.
            None: draw one.
    """

    def __init__(self, seed: str | None = None) -> None:
        self.seed = seed or secrets.token_hex(SEED_BYTES)
        self._kept: dict[str, str] = {}
        self._begun: set[str] = set()

    async def post(self, name: str, send: Callable[[str], Awaitable[_T]]) -> _T:
        """Make a post; when its answer gets lost, call this again with the same name.

        Args:
            name: Of at most 12 characters.
            send: Makes it, given the nonce.

        Raises:
            discord.HTTPException: Discord did not take it.
        """
        is_last = False
        while True:
            nonce = self._kept.setdefault(name, self._draw(name))
            try:
                sent = await send(nonce)
            except discord.HTTPException as e:
                if e.status < _SERVER_ERROR:
                    del self._kept[name]  # refused: there is no message under it
                if e.code != _UNKNOWN_MESSAGE or is_last:
                    raise
                is_last = True  # it had been posted and was then deleted: once more, as a new one
                continue
            del self._kept[name]
            return sent

    def _draw(self, name: str) -> str:
        if name in self._begun:
            return secrets.token_hex(_NONCE_BYTES)
        self._begun.add(name)
        return f"{self.seed}.{name}"


def draw_nonce() -> str:
    """One for a single post, however often that is tried."""
    return secrets.token_hex(_NONCE_BYTES)
