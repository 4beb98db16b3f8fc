"""Lets the service take in what is known of a turn that is not over, one thing at a time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bot.voice_agent.events import Prepare


class Preparation:
    """Carries out `Prepare`, one after another; of those that have to wait, the newest counts.

    Args:
        send: Sends one to the service; must not raise.
    """

    def __init__(
        self,
        send: Callable[[Prepare], Coroutine[Any, Any, None]],
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._send = send
        self._start = start
        self._task: asyncio.Task[None] | None = None
        self._present: Prepare | None = None
        self._next: Prepare | None = None

    def want(self, command: Prepare) -> None:
        """Carry it out once the present one is done; at once, in its place, if it is urgent."""
        if command.is_urgent:
            self._cancel()
        self._next = command
        self._begin()

    def drop(self, user_id: int) -> None:
        """Forget what waits for a person: their request itself is sent."""
        if self._next is not None and self._next.user_id == user_id:
            self._next = None

    def forget(self, user_id: int) -> None:
        """Forget what waits for a person, and stop what is being prepared for them."""
        self.drop(user_id)
        if self._present is not None and self._present.user_id == user_id:
            self._cancel()
            self._begin()

    def close(self) -> None:
        """Stop: the conversation is over."""
        self._next = None
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._present = None

    def _begin(self) -> None:
        if self._task is None and self._next is not None:
            self._task = self._start(self._work())

    async def _work(self) -> None:
        try:
            while self._next is not None:
                self._present, self._next = self._next, None
                await self._send(self._present)
        finally:
            if self._task is asyncio.current_task():
                self._task = self._present = None
