import asyncio

import pytest

from bot.store.batches import Batches
from bot.store.statement import listed, padded


def batches(carry_out, *, most=3):
    return Batches(
        carry_out, key=lambda one: one, is_of_one=lambda e: isinstance(e, ValueError), most=most
    )


async def test_who_comes_meanwhile_shares_the_next():
    done, gate = [], asyncio.Event()

    async def carry_out(some):
        done.append(list(some))
        await gate.wait()
        return [one * 10 for one in some]

    store = batches(carry_out)
    asked = [asyncio.ensure_future(store.add(one)) for one in (1, 2, 2, 3, 4, 5)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*asked) == [10, 20, 20, 30, 40, 50]
    assert done == [[1, 2, 3], [2, 4, 5]], "at most three, and never two of one key"


async def test_one_that_is_wrong_spoils_nothing_for_the_others():
    async def carry_out(some):
        if 2 in some:
            raise ValueError
        return list(some)

    store = batches(carry_out)
    outcomes = await asyncio.gather(*map(store.add, (1, 2, 3)), return_exceptions=True)
    assert [type(one) for one in outcomes] == [int, ValueError, int]


async def test_a_database_that_is_away_is_asked_once():
    asked = []

    async def carry_out(some):
        asked.append(some)
        raise OSError("away")

    store = batches(carry_out)
    outcomes = await asyncio.gather(*map(store.add, (1, 2, 3)), return_exceptions=True)
    assert [type(one) for one in outcomes] == [OSError] * 3
    assert len(asked) == 1
    with pytest.raises(OSError, match="away"):
        await store.add(4)


async def test_nobody_waits_for_a_batch_when_the_loop_is_closed():
    """Closing a loop cancels all tasks at once, whoever waits for whom."""
    begun = asyncio.Event()

    async def carry_out(some):
        begun.set()
        await asyncio.Event().wait()

    store = batches(carry_out)
    asked = [asyncio.ensure_future(store.add(1)) for _ in range(2)]
    await begun.wait()
    for task in [*asked, store._running]:
        task.cancel()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in outcomes] == [asyncio.CancelledError] * 2
    assert store._running is None


def test_lists_of_all_lengths_need_few_statements():
    assert [len(padded([{"n": 1}] * size)) for size in range(1, 9)] == [1, 2, 4, 4, 8, 8, 8, 8]
    assert padded([{"n": 1}, {"n": 2}, {"n": 3}]) == {"n0": 1, "n1": 2, "n2": 3, "n3": 3}
    assert listed("{}", ":n{}", 2) is listed("{}", ":n{}", 2)
