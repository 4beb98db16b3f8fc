"""Signals to all processes of the bot, by PostgreSQL's LISTEN and NOTIFY.

A process that is not listening at that moment misses a signal, so nothing may depend on one alone.
On SQLite there is only one process, and no signal is sent.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, Never

from sqlalchemy import func, select

from bot.clock import Clock
from bot.errors import StoreFailed
from bot.store.database import Database, translated, uninterrupted

log = logging.getLogger(__name__)

_CHANNEL: Final = "skydeck"
_LISTEN_AGAIN_S: Final = 1.0

OnSignal = Callable[[str, int], object]
"""Called with a signal's name and the number that it is about."""


class PubSub:
    """Sends and receives signals."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._listening = asyncio.Event()

    @uninterrupted
    async def send(self, signal: str, number: int) -> None:
        """Send a signal to every process that listens, this one included.

        Raises:
            StoreFailed: It cannot be sent.
        """
        if not self._database.is_sqlite:
            async with self._database.writing() as connection:
                await connection.execute(select(func.pg_notify(_CHANNEL, f"{signal} {number}")))

    async def listen(self, on_signal: OnSignal) -> Never:
        """Receive signals until this is cancelled, and reconnect when the connection breaks."""
        while not self._database.is_sqlite:
            try:
                await self._listen(on_signal)
            except StoreFailed as e:
                log.warning("signals from other processes cannot be received: %s", e)
            self._listening.clear()
            await self._clock.sleep(_LISTEN_AGAIN_S)
        await asyncio.Event().wait()  # on SQLite there are no signals
        raise AssertionError("nobody sets it")

    async def _listen(self, on_signal: OnSignal) -> None:
        is_over = asyncio.Event()

        def receive(_connection: object, _process: int, _channel: str, text: Any) -> None:
            signal, _, number = str(text).partition(" ")
            if number.isdigit():
                on_signal(signal, int(number))

        with translated(self._database.address):
            async with self._database.engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                driver.add_termination_listener(lambda _: is_over.set())
                await driver.add_listener(_CHANNEL, receive)
                self._listening.set()
                try:
                    await is_over.wait()
                finally:
                    if not driver.is_closed():
                        await driver.remove_listener(_CHANNEL, receive)
                    await connection.invalidate()
