"""Runs something at a fixed moment: whatever shows a time or an age shows the same each time."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from unittest.mock import patch

from tests import virtual_time

T = TypeVar("T")
BEGAN_S: Final = datetime(2026, 11, 28, 17, 2, tzinfo=UTC).timestamp()
"""A Saturday, two minutes past five."""


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run in virtual time, which begins at `BEGAN_S`; needs no pytest."""

    def new_loop() -> virtual_time.VirtualTimeLoop:
        virtual_time._Time.loop = virtual_time.VirtualTimeLoop()
        virtual_time._Time.began_s = BEGAN_S
        return virtual_time._Time.loop

    with (
        patch("bot.clock.time", virtual_time._Time),
        patch("aiosqlite.core.SimpleQueue", virtual_time._Statements),
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        return runner.run(main())
