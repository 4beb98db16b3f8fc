"""No post twice, and none that is taken for one that was deleted."""

import asyncio

import pytest

from tests.fakes.handlers import completed, partial
from tests.waiting import until

LONG = "First. " + "a" * 2300 + " " + "b" * 2300 + " Last."
POST = "POST /channels/{channel_id}/messages"


def own(person, channel, bot):
    return [m for m in person.reads(channel) if m.author == bot]


async def test_regenerate_keeps_an_answer_of_several_messages(
    sim, deck, channel, ben, penny_script
):
    penny_script.answers["tell me"] = LONG
    await ben.says("@Alfred tell me", channel)
    last = await ben.sees("Last.", channel)
    again = "Anew. " + "c" * 2300 + " " + "d" * 2300 + " The end."
    penny_script.answers["tell me"] = again
    await ben.clicks("Regenerate", on=last)
    await ben.sees("The end.", channel)
    texts = [m.content for m in own(ben, channel, sim.bot)]
    assert "".join(texts).replace(" ", "") == again.replace(" ", "")
    assert "Regenerate" in own(ben, channel, sim.bot)[-1].buttons
    assert not sim.problems


@pytest.fixture
def parts_are_remembered(deck, monkeypatch):
    """Until this is set, an answer's further messages are shown but not remembered."""
    gate, replace = asyncio.Event(), deck.store.conversations.replace

    async def held(message_id, content, *, parts, edited_at_ms):
        if parts and not gate.is_set():
            await gate.wait()
        return await replace(message_id, content, parts=parts, edited_at_ms=edited_at_ms)

    monkeypatch.setattr(deck.store.conversations, "replace", held)
    return gate


async def test_regenerate_waits_for_the_answer_to_be_remembered(
    sim, deck, channel, ben, penny_script, parts_are_remembered
):
    penny_script.answers["tell me"] = LONG
    await ben.says("@Alfred tell me", channel)
    last = await ben.sees("Last.", channel)
    again = penny_script.answers["tell me"] = "Anew. " + "c" * 2300 + " " + "d" * 2300 + " The end."
    await ben.clicks("Regenerate", on=last)
    assert len(penny_script.asked) == 1
    parts_are_remembered.set()
    await ben.sees("The end.", channel)
    shown = own(ben, channel, sim.bot)
    assert "".join(m.content for m in shown).replace(" ", "") == again.replace(" ", "")
    remembered = await until(lambda: _remembered_as(deck, shown, again))
    assert remembered.parts == tuple(m.id for m in shown[1:])
    assert not sim.problems


async def test_regenerate_finds_an_answer_whose_parts_nobody_has_remembered(
    sim, deck, channel, ben, penny_script, parts_are_remembered
):
    penny_script.answers["tell me"] = LONG
    await ben.says("@Alfred tell me", channel)
    last = await ben.sees("Last.", channel)
    penny_script.answers["tell me"] = "Short. The end."
    await ben.clicks("Regenerate", on=last)
    await ben.sees("The end.", channel)
    await until(lambda: len(own(ben, channel, sim.bot)) == 1)
    parts_are_remembered.set()
    assert own(ben, channel, sim.bot)[0].content == "Short. The end."
    assert not sim.problems


async def test_regenerate_finds_the_parts_in_a_private_conversation(
    sim, deck, penny_script, parts_are_remembered
):
    dee = sim.user("Dee")
    penny_script.answers["tell me"] = LONG
    await dee.says("tell me")
    last = await dee.sees("Last.")
    again = penny_script.answers["tell me"] = "Anew. " + "c" * 2300 + " " + "d" * 2300 + " The end."
    await dee.clicks("Regenerate", on=last)
    await dee.sees("The end.")
    texts = [m.content for m in own(dee, dee.dm, sim.bot)]
    assert "".join(texts).replace(" ", "") == again.replace(" ", "")
    parts_are_remembered.set()
    assert not sim.problems


async def test_a_command_whose_parts_are_not_remembered_is_regenerated_whole(
    sim, deck, channel, ben, penny_script, parts_are_remembered
):
    penny_script.answers["tell me"] = LONG
    await ben.slash("/ask", channel, question="tell me", wait=False)
    last = await ben.sees("Last.", channel)
    penny_script.answers["tell me"] = "Short. The end."
    await ben.clicks("Regenerate", on=last)
    await ben.sees("The end.", channel)
    await until(lambda: len(own(ben, channel, sim.bot)) == 1)
    parts_are_remembered.set()
    assert not sim.problems


async def test_a_reply_to_a_part_that_is_not_remembered_continues_the_conversation(
    sim, deck, channel, ben, penny_script, parts_are_remembered
):
    penny_script.answers["tell me"] = LONG
    await ben.says("@Alfred tell me", channel)
    last = await ben.sees("Last.", channel)
    await ben.says("and then?", channel, reply_to=last)
    await ben.sees("You said: and then?", channel)
    told = [m.content for m in penny_script.asked[1].context.history]
    assert told == ["tell me", LONG]
    parts_are_remembered.set()
    assert not sim.problems


async def _remembered_as(deck, shown, text):
    found = await deck.store.conversations.get(shown[0].id)
    return found if found is not None and found.content == text and found.parts else None


async def test_a_part_that_a_moderator_deletes_comes_back(
    sim, deck, guild, channel, ben, penny_script, handlers, monkeypatch
):
    async def grow(_request):
        yield partial(LONG[:2500])
        await penny_script.go_on.wait()
        yield completed(LONG)

    monkeypatch.setattr(handlers["penny"], "_script", grow)
    await ben.says("@Alfred tell me slowly", channel)
    part = await ben.sees(lambda m: m.content.endswith("▌") and "First." not in m.content, channel)
    await guild.owner().deletes(part)
    penny_script.go_on.set()
    await ben.sees("Last.", channel)
    texts = [m.content for m in own(ben, channel, sim.bot)]
    assert "".join(texts).replace(" ", "") == LONG.replace(" ", "")


async def test_a_working_line_whose_answer_is_lost_is_not_posted_twice(
    sim, deck, channel, ben, penny_script
):
    sim.fail(POST, lost=True)
    await ben.says("@Alfred hello", channel)
    await ben.sees("You said: hello", channel)
    assert len(own(ben, channel, sim.bot)) == 1
    assert len(penny_script.asked) == 1


async def test_a_refusal_whose_answer_is_lost_is_not_posted_twice(sim, deck, channel, ben):
    sim.fail(POST, lost=True)
    await ben.says("@Alfred fail", channel)
    await ben.sees("failed", channel)
    assert len(own(ben, channel, sim.bot)) == 1


async def test_a_command_whose_answer_is_lost_goes_on_in_it(sim, deck, channel, ben, penny_script):
    sim.fail("POST /interactions", lost=True)
    await ben.slash("/ask", channel, question="hello", wait=False)
    await ben.sees("You said: hello", channel)
    assert len(own(ben, channel, sim.bot)) == 1
    assert len(penny_script.asked) == 1


async def test_too_late_for_discord_is_said_in_those_words(sim, deck, channel, ben, penny_script):
    sim.fail("POST /interactions", 404, code=10062, times=2)
    await ben.slash("/ask", channel, question="hello", wait=False)
    told = await ben.sees("too slow", ben.dm)
    assert "deleted" not in told.content
    assert not penny_script.asked
