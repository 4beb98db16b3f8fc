"""Carries out what many callers ask of the database at once, transaction by transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from bot.store.database import finish

T = TypeVar("T")
R = TypeVar("R")


class Batches(Generic[T, R]):
    """Collects what is asked for while a transaction runs, and does it in the next one.

    Args:
        carry_out: Carries several out in one transaction; what came of each, in their order. When
            it raises, it has done nothing.
        key: Two with the same key never are in one transaction.
        is_of_one: Whether an error can be the fault of one among several: then each is tried alone.
            When the database is away, all have to hear of it at once.
        most: How many one transaction carries out.
    """

    def __init__(
        self,
        carry_out: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        key: Callable[[T], Hashable],
        is_of_one: Callable[[Exception], bool],
        most: int,
    ) -> None:
        self._carry_out = carry_out
        self._key = key
        self._is_of_one = is_of_one
        self._most = most
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def add(self, one: T) -> R:
        """Have one carried out. A cancellation reaches the caller only after that."""
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, result))
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
        return await finish(result)

    async def _run(self) -> None:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        try:
            while batch := self._next():
                await self._try(batch)
        finally:
            self._running = None
            # Only a loop that is being closed cancels this task: nobody must wait for it then.
            for _, result in [*batch, *self._waiting]:
                result.cancel()
            self._waiting = []

    def _next(self) -> list[tuple[T, asyncio.Future[R]]]:
        batch: dict[Hashable, tuple[T, asyncio.Future[R]]] = {}
        later = []
        for waiting in self._waiting:
            key = self._key(waiting[0])
            if key in batch or len(batch) == self._most:
                later.append(waiting)
            else:
                batch[key] = waiting
        self._waiting = later
        return list(batch.values())

    async def _try(self, batch: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._carry_out([one for one, _ in batch])
        except Exception as e:  # noqa: BLE001  (whoever waits gets it)
            if len(batch) == 1 or not self._is_of_one(e):
                for _, result in batch:
                    result.set_exception(e)
            else:
                for waiting in batch:
                    await self._try([waiting])
        else:
            for (_, result), value in zip(batch, results, strict=True):
                result.set_result(value)
