"""Discord did as it was asked, and its answer is an error of its own, or none that can be read."""

import pytest

from bot.contract import Service
from bot.store.repositories.recovery import JobStage
from tests.fakes.handlers import Scripted, echo
from tests.integration.cogs.shared.conftest import ended
from tests.integration.cogs.shared.test_retreat import ALWAYS, EDIT, POST, copies, leftovers

ANSWER = "POST /interactions"
PATCHES = ["{}", "[]", "null", "<html>", '{"id": "1", "chan', '"done"']


@pytest.fixture
def handlers(penny):
    return {
        "penny": Scripted(penny, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(echo, service=Service.FACTORY),
    }


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.grace", "cogs.factory", "cogs.jobs")


@pytest.mark.parametrize(("status", "body"), [(502, ""), (200, "{}"), (200, "<html>"), (200, "7")])
@pytest.mark.parametrize(
    ("command", "options", "answer"),
    [
        ("/ask", {"question": "well?"}, "The end of it all."),
        ("/say", {"text": "well?"}, "The end of it all."),
        ("/grace summarize", {"text": "well?"}, "well?"),
        ("/factory build", {"task": "well?"}, "A build for"),
    ],
)
async def test_the_first_answer_is_found(
    sim, deck, channel, ben, penny, command, options, answer, status, body
):
    """discord.py repeats what failed with 502, and is told that it is answered already: 40060."""
    sim.interactions.answer_seconds = 60
    penny.go_on.set()
    sim.fail(ANSWER, status, instead=body)
    await ben.slash(command, channel, wait=False, **options)
    await ben.sees(lambda m: answer in m.text, channel)
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    assert not leftovers(ben, [channel], sim.bot)
    assert not ben.reads(ben.dm)


@pytest.mark.parametrize("route", [EDIT, POST])
@pytest.mark.parametrize("body", PATCHES)
async def test_an_end_is_shown_once_and_whole(sim, deck, channel, ben, penny, route, body):
    await ben.says("@Alfred tell me", channel)
    await ben.sees(lambda m: "The end" in m.content and "Stop" in m.buttons, channel)
    sim.fail(route, 200, instead=body)
    penny.go_on.set()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    assert copies(ben, [channel, ben.dm], sim.bot) == (1, 1)
    assert not leftovers(ben, [channel, ben.dm], sim.bot)


async def test_an_end_that_can_never_be_known_to_be_seen_is_sent_another_way(
    sim, deck, channel, ben, penny
):
    await ben.says("@Alfred tell me", channel)
    await ben.sees(lambda m: "The end" in m.content and "Stop" in m.buttons, channel)
    sim.fail(EDIT, 200, instead="{}", times=ALWAYS)
    penny.go_on.set()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    assert copies(ben, [ben.dm], sim.bot) == (1, 1)
    assert not leftovers(ben, [channel, ben.dm], sim.bot)


@pytest.mark.parametrize(("limit", "name"), [(100_000, "files.zip"), (10, None)])
async def test_files_that_discord_finds_too_large_are_packed_or_left_out(
    sim, deck, guild, channel, ben, penny, limit, name
):
    penny.answer = "word " * 50_000
    guild.guild.upload_limit_bytes = limit
    await ben.says("@Alfred tell me", channel)
    penny.go_on.set()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    shown = [m for m in ben.reads(channel) if m.author == sim.bot]
    assert shown[0].text.startswith("word word")
    assert [f.filename for m in shown for f in m.attachments] == [name] * (name is not None)
    assert ("too large for Discord" in shown[-1].text) == (name is None)
