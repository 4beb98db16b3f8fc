"""Who uses the running service, and when it ends."""

import asyncio

import pytest

from bot.local_service.usage import Usage

pytestmark = pytest.mark.virtual_time


async def ends_after(usage: Usage) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await usage.until_over()
    return loop.time() - began


async def test_it_ends_when_nobody_has_begun_for_long_enough():
    assert await ends_after(Usage(300)) == pytest.approx(300, abs=0.1)


async def test_it_stays_while_it_is_used_and_its_time_begins_anew_afterwards():
    usage = Usage(300)

    async def talk() -> None:
        await asyncio.sleep(200)
        with usage.begun():
            await asyncio.sleep(10_000)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk())
        seconds = await ends_after(usage)
    assert seconds == pytest.approx(10_500, abs=0.1)
    assert usage.over.is_set()


async def test_two_users_count_as_two():
    usage = Usage(300)
    with usage.begun():
        with usage.begun():
            assert usage.users == 2
        assert usage.users == 1
    assert usage.users == 0


async def test_a_stop_ends_it_whoever_uses_it():
    usage = Usage(300)
    with usage.begun():
        asyncio.get_running_loop().call_later(5, usage.stop)
        assert await ends_after(usage) == pytest.approx(5, abs=0.1)
