"""The bot where Discord leaves out of its payloads whatever its reference lets it leave out."""

import pytest

from bot.contract import Service
from local_discord import File, LocalDiscord
from tests.fakes.handlers import Scripted, echo, spell
from tests.integration.cogs.factory.scripts import Factory
from tests.integration.cogs.grace.sight import settled


@pytest.fixture
async def sim():
    async with LocalDiscord(sparse=True) as simulator:
        yield simulator


@pytest.fixture
def handlers():
    return {
        "penny": Scripted(spell, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(Factory(), service=Service.FACTORY),
    }


async def test_a_reply_is_recognised_by_its_reference_alone(sim, deck, channel, ben):
    await ben.says("@Alfred hello there", channel)
    first = await ben.sees("hello there")
    await ben.says("and more", channel, reply_to=first)
    second = await ben.sees("and more")
    assert second.author is sim.bot
    await ben.clicks("Regenerate", on=second)
    await ben.says("hello", ben.dm)
    await ben.sees("hello", ben.dm)
    assert not sim.problems


async def test_a_quoted_message_that_was_not_sent_along_is_fetched(sim, deck, channel, ana, ben):
    quoted = await ana.says("the meeting is at noon", channel)
    await ben.says("@Alfred when is it?", channel, reply_to=quoted)
    await ben.sees("when is it?")
    fetched = sim.log.requests("GET", "/messages/{message_id}")
    assert [call.path.rsplit("/", 1)[1] for call in fetched] == [str(quoted.id)]


@pytest.mark.parametrize("name", ["a.ogg", "A.WAV"])
async def test_a_recording_is_known_by_its_name_where_no_type_is_told(deck, channel, ben, name):
    await ben.says("@Alfred listen", channel, files=[File(name, b"no sound")])
    await ben.sees("it isn't a recording I can decode")


async def test_messages_without_components_and_files_without_a_type_are_read(
    sim, deck, channel, ana, ben
):
    said = await ana.says("Words of Ana.", channel)
    await ben.menu("Summarize", on=said)
    assert "Words of Ana." in (await settled(ben, "**Summary**")).text
    await ben.slash("/grace summarize", channel, last=2)
    assert "Words of Ana." in (await settled(ben, "**Summary**")).text
    await ben.slash("/grace summarize", channel, file=File("a.txt", b"Words of a file."))
    assert "Words of a file." in (await settled(ben, "**Summary**")).text
    assert not sim.problems


async def test_a_build_and_the_settings(sim, deck, guild, channel, ben):
    await ben.slash("/factory build", channel, task="a fizz function")
    thread = await ben.sees_thread("a fizz function")
    shown = await ben.sees("ran and passed", thread, ever=True)
    assert shown.file("fizz.py")
    owner = guild.owner()
    owner.user.locale = "en-US"
    settings = await owner.slash("/settings show", channel)
    await owner.selects("Jared (CORP)", on=settings, menu="Who I speak as")
    assert "Jared (CORP)" in settings.text
    assert not sim.problems
