"""Waiting for things to happen, without sleeping."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import TypeVar

from .errors import NotSeen

PATIENCE = 60.0
"""Seconds: a limit so that nothing hangs; what comes is never waited for so long."""

T = TypeVar("T")


class Waiters:
    """Futures that are looked at again whenever their subject changes.

    A subject is a channel, an interaction, the gateway. A change wakes only who waits for that
    subject, so five hundred people who wait at once cost what five hundred people cost.
    """

    def __init__(self) -> None:
        self._checks: defaultdict[Hashable, list[Callable[[object], None]]] = defaultdict(list)

    def touch(self, subject: Hashable, about: object = None) -> None:
        """Tell who waits for `subject` that it changed, and which part of it, when known."""
        for check in list(self._checks.get(subject, ())):
            check(about)

    async def until(
        self,
        subject: Hashable,
        find: Callable[[], T | None],
        *,
        within: float,
        missing: Callable[[], str],
        notice: Callable[[object], T | None] | None = None,
    ) -> T:
        """What `find` gives first that is not None, now or at a later change.

        Args:
            subject: Whose changes to follow.
            find: Looks at the present state.
            within: Seconds to wait.
            missing: Says what was waited for, and what there was instead.
            notice: Looks only at the part that changed; without it, `find` looks at all again.

        Raises:
            NotSeen: Nothing came in time.
        """
        if (found := find()) is not None:
            return found
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def check(about: object) -> None:
            if future.done():
                return
            now = find() if notice is None or about is None else notice(about)
            if now is not None:
                future.set_result(now)

        self._checks[subject].append(check)
        try:
            async with asyncio.timeout(within):
                return await future
        except TimeoutError:
            raise NotSeen(missing()) from None
        finally:
            self._checks[subject].remove(check)
            if not self._checks[subject]:
                del self._checks[subject]
