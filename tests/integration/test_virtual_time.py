"""The loop of virtual time itself: hours pass at once, and never while anything is at work."""

import asyncio
import threading

import pytest

from bot.clock import SystemClock
from bot.store.store import Store

pytestmark = pytest.mark.virtual_time
DAY_S = 86_400


async def test_a_day_passes_and_everybody_wakes_in_order():
    clock, woken = SystemClock(), []
    began_s, wall_s = clock.now(), clock.wall()

    async def wakes(after_s: float) -> None:
        await clock.sleep(after_s)
        woken.append(after_s)

    await asyncio.gather(wakes(DAY_S), wakes(60), wakes(3_600))
    assert woken == [60, 3_600, DAY_S]
    assert clock.now() - began_s == pytest.approx(DAY_S)
    assert clock.wall() - wall_s == pytest.approx(DAY_S)


async def test_no_limit_is_reached_while_a_thread_works():
    began, go_on = threading.Event(), threading.Event()

    def works() -> str:
        began.set()
        assert go_on.wait(60)
        return "done"

    job = asyncio.get_running_loop().run_in_executor(None, works)
    while not began.is_set():  # noqa: ASYNC110 - a thread's
        await asyncio.sleep(0)
    threading.Timer(0.05, go_on.set).start()
    assert await asyncio.wait_for(job, 0.001) == "done"


async def test_no_limit_is_reached_while_sqlite_works(tmp_path):
    async with asyncio.timeout(0.001), Store.open(f"sqlite:///{tmp_path}/x.db", SystemClock()) as s:
        await s.key_value.set("word", "value")
        assert await s.key_value.get("word") == "value"


async def test_what_a_socket_has_comes_before_the_next_timer():
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for _ in range(100):
            async with asyncio.timeout(0.001):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"hello\n")
                assert await reader.readline() == b"hello\n"
            writer.close()
            await writer.wait_closed()


async def test_a_limit_is_reached_where_nothing_happens():
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), DAY_S)
