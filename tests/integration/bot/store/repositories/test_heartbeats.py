from bot.store.repositories.heartbeats import EVERY_S, GONE_AFTER_S
from bot.store.store import Store


async def test_each_process_tells_one_thing_at_a_time(url, clock, store):
    assert await store.heartbeats.living() == []
    await store.heartbeats.publish({"at": 1})
    await store.heartbeats.publish({"at": 2})
    async with Store.open(url, clock) as other:
        await other.heartbeats.publish({"other": True})
        assert sorted(map(str, await store.heartbeats.living())) == ["{'at': 2}", "{'other': True}"]
        await other.heartbeats.leave()
    assert await store.heartbeats.living() == [{"at": 2}]


async def test_who_no_longer_tells_is_gone(clock, store):
    await store.heartbeats.publish({"at": 1})
    await clock.sleep(GONE_AFTER_S - EVERY_S)
    assert await store.heartbeats.living()
    await clock.sleep(2 * EVERY_S)
    assert not await store.heartbeats.living()
