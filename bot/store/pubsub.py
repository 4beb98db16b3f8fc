"""Signals to all processes of the bot, by PostgreSQL's LISTEN and NOTIFY.

A process that is not listening at that moment misses a signal, so nothing may depend on one alone.
On SQLite there is only one process, and no signal is sent.

A pooler in transaction mode accepts LISTEN, and then passes no signal on. So behind a pooler a
listener sends itself a signal first.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Any, Final, Never

from sqlalchemy import func, select

from bot.clock import Clock
from bot.errors import BadSettings, StoreFailed
from bot.store.database import Database, translated, uninterrupted

log = logging.getLogger(__name__)

_CHANNEL: Final = "skydeck"
_LISTEN_AGAIN_S: Final = 1.0
_DEAF_FOR_S: Final = 60.0
"""The pause after a pooler has swallowed a signal."""
_ECHO: Final = "echo"
_ECHO_WITHIN_S: Final = 5.0

SESSION_MODE: Final = (
    "Several processes need PostgreSQL's own address or a pooler in session mode in "
    "SKYDECK_DATABASE_URL: with Supabase port 5432 instead of 6543, with Neon the host without "
    "'-pooler'. One process (SKYDECK_SHARDS empty) needs neither."
)

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
            pause_s = _LISTEN_AGAIN_S
            try:
                await self._listen(on_signal)
            except BadSettings as e:  # one process needs no signals; `check` refuses several
                log.info("signals from other processes do not arrive: %s", e)
                pause_s = _DEAF_FOR_S
            except StoreFailed as e:
                log.warning("signals from other processes cannot be received: %s", e)
            self._listening.clear()
            await self._clock.sleep(pause_s)
        await asyncio.Event().wait()  # on SQLite there are no signals
        raise AssertionError("nobody sets it")

    async def check(self) -> None:
        """Find out whether a signal arrives.

        Raises:
            BadSettings: A pooler in transaction mode swallows it.
            StoreFailed: The database cannot be used.
        """
        if self._database.is_pooled:
            await self._listen(lambda _signal, _number: None, only_check=True)

    async def _listen(self, on_signal: OnSignal, *, only_check: bool = False) -> None:
        is_over, is_heard = asyncio.Event(), asyncio.Event()
        own = secrets.randbelow(2**31)

        def receive(_connection: object, _process: int, _channel: str, text: Any) -> None:
            signal, _, number = str(text).partition(" ")
            if signal == _ECHO:
                if number == str(own):
                    is_heard.set()
            elif number.isdigit():
                on_signal(signal, int(number))

        with translated(self._database.address):
            self._database.check_open()
            async with self._database.engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                driver.add_termination_listener(lambda _: is_over.set())
                await driver.add_listener(_CHANNEL, receive)
                try:
                    if self._database.is_pooled:
                        await self._wait_for_echo(own, is_heard)
                    if only_check:
                        return
                    self._listening.set()
                    await is_over.wait()
                finally:
                    if not driver.is_closed():
                        await driver.remove_listener(_CHANNEL, receive)
                    await connection.invalidate()

    async def _wait_for_echo(self, number: int, is_heard: asyncio.Event) -> None:
        await self.send(_ECHO, number)
        try:
            async with asyncio.timeout(_ECHO_WITHIN_S):
                await is_heard.wait()
        except TimeoutError:
            raise BadSettings(
                f"The pooler before the database ({self._database.address.label}) passes no "
                "signals on, because it is in transaction mode.",
                hint=SESSION_MODE,
            ) from None
