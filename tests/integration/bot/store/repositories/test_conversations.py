from dataclasses import replace

from bot.store.records import Role
from bot.store.store import Store

PLENTY = 1_000_000


def ids(found):
    return [m.message_id for m in found]


async def test_a_message_comes_back_as_it_went_in_also_after_reopening(url, clock, message):
    said = message(
        2**62, parent_id=2**61, guild_id=3, content="¿Qué tal? 🦦", parts=(2**62 + 1, 2**62 + 2)
    )
    async with Store.open(url, clock) as store:
        assert await store.conversations.add(said)
    async with Store.open(url, clock) as store:
        assert await store.conversations.get(2**62) == said
        assert await store.conversations.get(2**62 + 2) == said
        assert await store.conversations.get(1) is None


async def test_the_gateway_may_say_a_thing_twice(store, message):
    assert await store.conversations.add(message(1))
    assert not await store.conversations.add(message(1, content="again"))
    assert (await store.conversations.get(1)).content == "words of 1"


async def test_a_chain_is_walked_upwards_and_told_from_the_oldest(store, message):
    await store.conversations.add(message(1))
    for i in range(2, 6):
        await store.conversations.add(message(i, parent_id=i - 1))
    await store.conversations.add(message(6, parent_id=2))
    assert ids(await store.conversations.chain(5, budget_chars=PLENTY)) == [1, 2, 3, 4, 5]
    assert ids(await store.conversations.chain(6, budget_chars=PLENTY)) == [1, 2, 6]
    assert await store.conversations.chain(77, budget_chars=PLENTY) == ()


async def test_a_chain_goes_through_any_part_of_a_long_reply(store, message):
    await store.conversations.add(message(1))
    await store.conversations.add(
        message(2, parent_id=1, role=Role.ASSISTANT, author_id=99, parts=(3, 4))
    )
    await store.conversations.add(message(5, parent_id=4))
    assert ids(await store.conversations.chain(5, budget_chars=PLENTY)) == [1, 2, 5]
    assert ids(await store.conversations.chain(3, budget_chars=PLENTY)) == [1, 2]


async def test_a_reply_may_be_remembered_after_what_answers_it(store, message):
    await store.conversations.add(message(5, parent_id=4))
    await store.conversations.add(message(2, parts=(3, 4)))
    assert ids(await store.conversations.chain(5, budget_chars=PLENTY)) == [2, 5]


async def test_rows_that_go_round_in_a_circle_do_not(store, message):
    await store.conversations.add(message(1, parent_id=3))
    await store.conversations.add(message(2, parent_id=1))
    await store.conversations.add(message(3, parent_id=2))
    await store.conversations.add(message(4, parent_id=4))
    assert ids(await store.conversations.chain(3, budget_chars=PLENTY)) == [1, 2, 3]
    assert ids(await store.conversations.chain(4, budget_chars=PLENTY)) == [4]


async def test_the_newest_that_fit_are_told(store, message):
    for i in range(1, 6):
        await store.conversations.add(message(i, parent_id=i - 1, content="x" * 10 * i))
    for look in (
        lambda b: store.conversations.chain(5, budget_chars=b),
        lambda b: store.conversations.thread(1, budget_chars=b),
    ):
        assert ids(await look(150)) == [1, 2, 3, 4, 5]
        assert ids(await look(149)) == [2, 3, 4, 5]
        assert ids(await look(90)) == [4, 5]
        assert ids(await look(89)) == [5]
        assert [m.content for m in await look(20)] == ["x" * 20]


async def test_a_thread_holds_only_its_own_and_can_be_read_up_to_a_message(store, message):
    for i in range(1, 10):
        await store.conversations.add(message(i, conversation_id=i % 2))
    found = await store.conversations.thread(1, budget_chars=PLENTY)
    assert ids(found) == [1, 3, 5, 7, 9]
    found = await store.conversations.thread(1, budget_chars=PLENTY, before=7)
    assert ids(found) == [1, 3, 5]


async def test_one_look_back_is_bounded(store, message):
    for i in range(1, 211):
        await store.conversations.add(message(i, parent_id=i - 1, content="x"))
    assert ids(await store.conversations.chain(210, budget_chars=PLENTY)) == list(range(11, 211))
    assert ids(await store.conversations.thread(1, budget_chars=PLENTY)) == list(range(11, 211))


async def test_an_edit_changes_the_words(store, message):
    await store.conversations.add(message(1, parts=(2,)))
    assert await store.conversations.edit(1, "better", edited_at_ms=5)
    expected = message(1, content="better", edited_at_ms=5, parts=(2,))
    assert await store.conversations.get(1) == expected
    assert not await store.conversations.edit(9, "x", edited_at_ms=5)


async def test_a_regenerated_reply_takes_the_place_of_the_old_one(store, message):
    old = message(1, role=Role.ASSISTANT, parts=(2, 3))
    await store.conversations.add(old)
    await store.conversations.add(message(4, parent_id=1))
    assert await store.conversations.replace(3, "new", parts=(2, 5), edited_at_ms=9)
    new = replace(old, content="new", parts=(2, 5), edited_at_ms=9)
    assert (await store.conversations.chain(4, budget_chars=PLENTY))[0] == new
    assert await store.conversations.get(3) is None
    assert not await store.conversations.replace(3, "x", parts=(), edited_at_ms=9)


async def test_a_reply_is_deleted_with_any_part_of_it(store, message):
    for i in (1, 10, 20):
        await store.conversations.add(message(i, parts=(i + 1, i + 2)))
    assert await store.conversations.delete([12, 20, 10, 77]) == 2
    assert await store.conversations.get(11) is None
    assert await store.conversations.get(2) is not None
    assert await store.conversations.delete([]) == 0


async def test_a_conversation_is_deleted_whole(store, message):
    for i in range(1, 6):
        await store.conversations.add(message(i, conversation_id=i % 2))
    assert await store.conversations.delete_conversation(1) == 3
    assert await store.conversations.thread(1, budget_chars=PLENTY) == ()
    assert len(await store.conversations.thread(0, budget_chars=PLENTY)) == 2


async def test_content_of_any_kind_and_size_is_stored_within_bounds(store, message):
    for i, char in enumerate(["x", "🦦", "\x00", "\ud800"]):
        said = message(i, content="start" + char * 300_000, author_name="n" + char * 500)
        assert await store.conversations.add(said)
        assert await store.conversations.edit(i, said.content, edited_at_ms=1)
        found = await store.conversations.get(i)
        assert found.content.startswith("start")
        assert len(found.content) <= 200_000
        assert len(found.author_name) <= 100


async def test_what_is_too_old_goes_in_steps(store, message, monkeypatch):
    monkeypatch.setattr("bot.store.database.PRUNE_BATCH", 3)
    for i in range(1, 12):
        await store.conversations.add(message(i, created_at_ms=i))
    assert await store.conversations.prune(before_ms=9) == 8
    assert ids(await store.conversations.thread(1, budget_chars=PLENTY)) == [9, 10, 11]


async def test_the_talks_that_messages_are_in_and_whose_they_are(store, message):
    said = store.conversations
    await said.add(message(1, person_id=7))
    await said.add(message(2, person_id=8, parts=(3,)))
    await said.add(message(4, conversation_id=4, person_id=8, parent_id=99))
    assert await said.talks_with({3}) == {1: {7, 8}}
    assert await said.talks_with({4, 9}) == {4: {8}}
    assert await said.talks_with({99}) == {4: {8}}, "it is quoted there"
    assert await said.talks_of(8) == {1: {7, 8}, 4: {8}}
    assert await said.talks_of(9) == await said.talks_with(()) == {}
