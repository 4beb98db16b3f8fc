"""No post twice, and none that is taken for one that was deleted."""

from tests.fakes.handlers import completed, partial

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
