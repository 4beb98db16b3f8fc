"""Virtual time: when nothing is ready, the loop's clock jumps to the next timer.

    @pytest.mark.virtual_time
    async def test_a_service_that_is_cold_for_forty_seconds(...):
        await asyncio.sleep(40)     # some milliseconds

The loop's clock stands still while anything runs, however slow the machine is. So slowness never
triggers a timeout of ten seconds; only ten seconds in which nothing else could happen do. Time does
not jump while a socket is readable, a job runs in an executor, or SQLite works (in aiosqlite's
thread): the loop waits for those in real time. `SystemClock` reads the loop's clock.

Whole folders use virtual time (`FOLDERS`); `@pytest.mark.real_time` exempts a test.

The loop knows no other threads. Whatever waits for one (voice packets, microphones, discord.py's
heartbeat, other processes, PostgreSQL) needs the real clock.
"""

import asyncio
import functools
import inspect
import selectors
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.paths import TESTS

FOLDERS = tuple(
    TESTS / one
    for one in (
        *(f"integration/cogs/{one}" for one in ("chat", "costs", "errors", "factory", "grace")),
        *(f"integration/cogs/{one}" for one in ("ops", "shared", "status")),
        *(f"integration/bot/{one}" for one in ("jobs", "service_calls", "observability")),
        "integration/bot/workers",
        *(f"integration/cogs/test_{one}.py" for one in ("leaks", "rights", "sparse")),
        "system/local_discord",
    )
)
EXCEPT = tuple(TESTS / "system" / "local_discord" / one for one in ("voice", "page"))
SETTLE_S = 0.001
"""Loopback delivers at once unless the kernel is busy."""
SENDING_S = 0.2
"""A full socket continues when the kernel reports room, which takes 40 ms or more."""
BEGINNING_S = 1_000.0


class _Selector(selectors.DefaultSelector):
    """Lets the loop jump in time instead of waiting."""

    jump: Callable[[float], bool] = staticmethod(lambda _: False)

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        is_sending = any(key.events & selectors.EVENT_WRITE for key in self.get_map().values())
        ready = super().select(SENDING_S if is_sending else SETTLE_S)
        if ready:
            return ready
        if timeout is not None and self.jump(timeout):
            return []
        return super().select(None)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when nothing else can happen."""

    def __init__(self) -> None:
        self._at_s = BEGINNING_S
        self._in_threads = 0
        selector = _Selector()
        super().__init__(selector)
        selector.jump = self._jump

    def time(self) -> float:
        """The virtual time, in seconds from an arbitrary start."""
        return self._at_s

    def await_thread(self, future: asyncio.Future[Any]) -> None:
        """Stop time until a thread completes `future`."""
        self._in_threads += 1
        future.add_done_callback(self._thread_done)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        """Run `func` in the executor; time stands still meanwhile."""
        future = super().run_in_executor(executor, func, *args)
        self.await_thread(future)
        return future

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self._in_threads -= 1

    def _jump(self, seconds: float) -> bool:
        if self._in_threads:
            return False
        self._at_s += seconds
        return True


class _Statements(SimpleQueue):
    """The queue to aiosqlite's thread; its items are a future and a function."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, _ = item
        if future is not None and isinstance(loop := future.get_loop(), VirtualTimeLoop):
            loop.await_thread(future)
        super().put_nowait(item)


class _Time:
    """Replaces the module `time` in `bot.clock`, also for fixtures outside the loop."""

    loop: VirtualTimeLoop
    began_s: float

    @classmethod
    def monotonic(cls) -> float:
        return cls.loop.time()

    @classmethod
    def time(cls) -> float:
        return cls.began_s + cls.loop.time() - BEGINNING_S


async def settle(for_s: float = 5.0) -> None:
    """Wait until everything that can happen within `for_s` seconds has happened.

    Whatever has not arrived by then never does. Only in virtual time does a sleep prove that.
    """
    assert isinstance(asyncio.get_running_loop(), VirtualTimeLoop), "a sleep proves nothing here"
    await asyncio.sleep(for_s)


def _new_loop() -> VirtualTimeLoop:
    _Time.loop, _Time.began_s = VirtualTimeLoop(), time.time()
    return _Time.loop


def is_virtual(item: pytest.Item) -> bool:
    """Whether a test runs in virtual time."""
    if item.get_closest_marker("real_time"):
        return False
    if item.get_closest_marker("virtual_time"):
        return True
    return _is_in_virtual_folder(item.path)


@functools.cache
def _is_in_virtual_folder(path: Path) -> bool:
    is_within = path.is_relative_to
    return any(map(is_within, FOLDERS)) and not any(map(is_within, EXCEPT))


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], Any]]:
    """Choose the event loop of a test."""
    if is_virtual(item):
        return {"virtual": _new_loop}
    return {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def _virtual_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    # The async fixtures of a test that is not async run on a loop of their own, in real time.
    if is_virtual(request.node) and inspect.iscoroutinefunction(request.node.obj):
        monkeypatch.setattr("bot.clock.time", _Time)
        monkeypatch.setattr("aiosqlite.core.SimpleQueue", _Statements)
