"""Tasks that nobody waits for."""

import asyncio
import logging

from bot.background import Background
from bot.errors import StoreFailed


async def test_a_task_that_fails_is_logged_and_ends_no_other(caplog):
    background, done = Background("a chore"), asyncio.Event()

    async def fails() -> None:
        raise ZeroDivisionError("by nought")

    async def works() -> None:
        await asyncio.sleep(0)
        done.set()

    background.start(fails())
    background.start(works())
    with caplog.at_level(logging.ERROR):
        await background.join()

    assert done.is_set()
    assert "a chore failed" in caplog.text
    assert "by nought" in caplog.text


async def test_a_known_error_is_a_line_without_a_traceback(caplog):
    background = Background("a chore")

    async def fails() -> None:
        raise StoreFailed("The disk is full.")

    background.start(fails())
    await background.join()

    [record] = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert "The disk is full." in record.message


async def test_close_cancels_and_waits():
    background, ended = Background("a chore"), asyncio.Event()

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = background.start(never())
    await asyncio.sleep(0)
    await background.close()

    assert ended.is_set()
    assert task.cancelled()


async def test_a_task_is_let_go_of_when_it_ends():
    background = Background("a chore")
    task = background.start(asyncio.sleep(0))
    await background.join()
    await asyncio.sleep(0)

    assert task.done()
    assert not background._tasks
