"""Short words to all processes of the bot, by PostgreSQL's LISTEN and NOTIFY.

Who does not listen at that moment misses a word, as over a radio: nothing may depend on one alone.
On SQLite, which one process has, there is nobody to tell.
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
"""Takes a word and the number it is about."""


class PubSub:
    """The radio.

    Args:
        database: Where.
        clock: Time.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._on_air = asyncio.Event()

    @uninterrupted
    async def send(self, word: str, number: int) -> None:
        """Say a word; all that listen hear it, this process among them.

        Raises:
            StoreFailed: It cannot be said.
        """
        if not self._database.is_sqlite:
            async with self._database.writing() as connection:
                await connection.execute(select(func.pg_notify(_CHANNEL, f"{word} {number}")))

    async def on_air(self) -> None:
        """Wait until this process listens."""
        await self._on_air.wait()

    async def listen(self, on_signal: OnSignal) -> Never:
        """Hear what is said, until this is cancelled; a broken line is mended."""
        while not self._database.is_sqlite:
            try:
                await self._listen(on_signal)
            except StoreFailed as e:
                log.warning("other processes cannot be heard: %s", e)
            self._on_air.clear()
            await self._clock.sleep(_LISTEN_AGAIN_S)
        await asyncio.Event().wait()  # on SQLite there is nothing to hear
        raise AssertionError("nobody sets it")

    async def _listen(self, on_signal: OnSignal) -> None:
        is_over = asyncio.Event()

        def heard(_connection: object, _process: int, _channel: str, text: Any) -> None:
            word, _, number = str(text).partition(" ")
            if number.isdigit():
                on_signal(word, int(number))

        with translated(self._database.address):
            async with self._database.engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                driver.add_termination_listener(lambda _: is_over.set())
                await driver.add_listener(_CHANNEL, heard)
                self._on_air.set()
                try:
                    await is_over.wait()
                finally:
                    if not driver.is_closed():
                        await driver.remove_listener(_CHANNEL, heard)
                    await connection.invalidate()
