"""What is prepared, and in which order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.voice_agent.events import Prepare
from bot.voice_agent.preparation import Preparation


class Sent:
    """A service that takes in one thing after another, each when it is told to go on."""

    def __init__(self) -> None:
        self.users: list[int] = []
        self.go_on = asyncio.Semaphore(0)

    async def send(self, command: Prepare) -> None:
        self.users.append(command.user_id)
        await self.go_on.acquire()


@asynccontextmanager
async def busy(sent: Sent) -> AsyncIterator[Preparation]:
    """Take in something for user 1, and wait for all that is begun."""
    async with asyncio.TaskGroup() as group:
        preparation = Preparation(sent.send, group.create_task)
        preparation.want(Prepare(1, None))
        await asyncio.sleep(0)
        yield preparation


async def test_one_at_a_time_and_the_newest_of_those_that_wait() -> None:
    sent = Sent()
    async with busy(sent) as preparation:
        for user in (2, 3):
            preparation.want(Prepare(user, None))
            await asyncio.sleep(0)
        sent.go_on.release()
        sent.go_on.release()
    assert sent.users == [1, 3]


async def test_what_may_be_the_whole_turn_waits_for_nothing() -> None:
    sent = Sent()
    async with busy(sent) as preparation:
        preparation.want(Prepare(2, None, is_urgent=True))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert sent.users == [1, 2]
        preparation.want(Prepare(3, None))
        await asyncio.sleep(0)
        assert sent.users == [1, 2]  # the first has not taken the second with it
        sent.go_on.release()
        sent.go_on.release()
    assert sent.users == [1, 2, 3]


async def test_what_waits_is_dropped_when_the_request_itself_is_sent() -> None:
    sent = Sent()
    async with busy(sent) as preparation:
        preparation.want(Prepare(2, None))
        preparation.drop(1)  # somebody else's
        preparation.drop(2)
        sent.go_on.release()
    assert sent.users == [1]


async def test_nothing_is_prepared_for_whoever_is_forgotten() -> None:
    sent = Sent()
    async with busy(sent) as preparation:
        preparation.want(Prepare(2, None))
        preparation.forget(3)
        preparation.forget(1)  # the present one: the next takes its turn
        await asyncio.sleep(0)
        assert sent.users == [1, 2]
        preparation.want(Prepare(1, None))
        preparation.forget(1)  # the waiting one
        sent.go_on.release()
    assert sent.users == [1, 2]


async def test_the_end_of_the_conversation_waits_for_nothing() -> None:
    sent = Sent()
    async with busy(sent) as preparation:
        preparation.want(Prepare(2, None))
        preparation.close()
    assert sent.users == [1]


async def test_it_works_on_after_a_pause() -> None:
    sent = Sent()
    for _ in range(2):
        sent.go_on.release()
    async with busy(sent) as preparation:
        await asyncio.sleep(0)
        preparation.want(Prepare(1, None))
    assert sent.users == [1, 1]
