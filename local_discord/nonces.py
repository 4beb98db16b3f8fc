"""Nonces: a post that repeats one of the past few minutes makes no second message."""

from __future__ import annotations

from bot.clock import Clock

from . import errors
from .values import Message, User

NONCE_SECONDS = 5 * 60.0
"""The reference says "the past few minutes", and no more."""

Nonce = int | str


class Nonces:
    """The nonces of one local Discord, by author: the reference names no channel."""

    def __init__(self, clock: Clock) -> None:
        self.seconds = NONCE_SECONDS
        self._clock = clock
        self._kept: dict[tuple[int, str], tuple[float, Message]] = {}

    def keep(self, one: Message) -> None:
        """Remember under which nonce a message was created."""
        if one.nonce is not None:
            self._kept[one.author.id, str(one.nonce)] = self._clock.now(), one

    def earlier(self, author: User, nonce: Nonce | None) -> Message | None:
        """The message that an enforced nonce has made already; it is returned and none is made.

        Raises:
            ApiError: 404, 10008, when that message has been deleted: Discord does not make it again
                (discord-api-docs, pull request 6647).
        """
        made_at, one = self._kept.get((author.id, str(nonce)), (0.0, None))
        if nonce is None or one is None or self._clock.now() - made_at >= self.seconds:
            return None
        if one.deleted:
            raise errors.unknown("message")
        return one
