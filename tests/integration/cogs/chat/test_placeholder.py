"""A process that dies while it begins: nobody is left with a placeholder that stays for ever."""

import asyncio

import pytest

from bot.store.repositories.conversations import Conversations
from bot.store.repositories.recovery import Ending
from cogs.shared.answering import Placeholder
from local_discord import NotSeen
from tests.fakes.discord_bot import made

pytestmark = pytest.mark.real_time  # an interaction's token is good for 15 minutes only
LEASE_MS = 300


@pytest.fixture
def dying(monkeypatch):
    """Bots die when they are about to post their placeholder, or just have."""

    def die(*, is_shown):
        reached, show = asyncio.Event(), Placeholder.show

        async def hang(line):
            if is_shown:
                await show(line)
            reached.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(Placeholder, "show", hang)
        return reached

    return die


async def asks(person, channel, how):
    match how:
        case "mention":
            return await person.says("@Alfred hello there", channel)
        case "/ask":
            return await person.slash("/ask", channel, wait=False, question="hello there")
        case _:
            return await person.slash("/say", channel, wait=False, text="hello there")


@pytest.mark.parametrize(
    ("how", "is_shown"),
    [("mention", False), ("mention", True), ("/ask", True), ("/say", True)],
)
async def test_the_next_process_answers_in_the_same_line(
    sim, channel, ben, base_url, tmp_path, cogs, penny_script, dying, monkeypatch, how, is_shown
):
    reached = dying(is_shown=is_shown)
    async with made(base_url, tmp_path / "x.db", cogs=cogs, lease_ms=LEASE_MS) as bot:
        async with sim.connect(bot):
            await asks(ben, channel, how)
            await asyncio.wait_for(reached.wait(), 15)
        await sim.gateway.until_offline()
    monkeypatch.undo()
    left = [m for m in ben.reads(channel) if m.author.bot]
    assert len(left) == is_shown
    assert penny_script.asked == []
    async with (
        made(base_url, tmp_path / "x.db", cogs=cogs, lease_ms=LEASE_MS) as bot,
        sim.connect(bot),
    ):
        words = "hello there" if how == "/say" else "You said: hello there"
        answer = await ben.sees(words, channel, ever=True)
        [job] = await bot.store.jobs.listing()
    assert left in ([], [answer])
    assert len(penny_script.asked) == 1
    assert job.place["message"] == str(answer.id)


async def test_a_question_that_is_told_of_twice_is_asked_once(
    sim, channel, ben, base_url, tmp_path, cogs, penny_script
):
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        await ben.says("@Alfred hello there", channel)
        await ben.sees("You said: hello there")
        [told] = [
            e
            for e in sim.log.events("MESSAGE_CREATE")
            if e.data["content"].endswith("> hello there")
        ]
        bot._connection.parsers["MESSAGE_CREATE"](told.data)
        async with asyncio.timeout(15):
            while len(await bot.store.jobs.listing()) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            while (await bot.store.jobs.listing())[0].ending is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        again, _ = await bot.store.jobs.listing()
    assert (again.ending, again.detail) == (Ending.CANCELLED, "repeated")
    assert len(penny_script.asked) == 1
    assert len([m for m in ben.reads(channel) if m.author.bot]) == 1


async def test_what_is_remembered_is_in_the_journal_first(
    sim, channel, ben, base_url, tmp_path, cogs, penny_script, monkeypatch
):
    """A process that dies between the two leaves a job, which the next one does."""
    reached, dies = asyncio.Event(), asyncio.Event()

    async def hang(*_, **__):
        reached.set()
        await dies.wait()
        raise asyncio.CancelledError

    monkeypatch.setattr(Conversations, "add", hang)
    async with made(base_url, tmp_path / "x.db", cogs=cogs, lease_ms=LEASE_MS) as bot:
        async with sim.connect(bot):
            await ben.says("@Alfred hello there", channel)
            await asyncio.wait_for(reached.wait(), 15)
            dies.set()
        await sim.gateway.until_offline()
    monkeypatch.undo()
    next_one = made(base_url, tmp_path / "x.db", cogs=cogs, lease_ms=LEASE_MS)
    async with next_one as bot, sim.connect(bot):
        await ben.sees("You said: hello there", channel, within=20, ever=True)
    assert len(penny_script.asked) == 1


async def test_a_command_that_was_never_answered_is_not_sent(
    sim, channel, ben, base_url, tmp_path, cogs, penny_script, dying, monkeypatch
):
    """Discord itself has told its person that nobody responded."""
    reached = dying(is_shown=False)
    async with made(base_url, tmp_path / "x.db", cogs=cogs, lease_ms=LEASE_MS) as bot:
        async with sim.connect(bot):
            reply = await asks(ben, channel, "/ask")
            await asyncio.wait_for(reached.wait(), 15)
        await sim.gateway.until_offline()
    monkeypatch.undo()
    reply.lapse()
    with pytest.raises(NotSeen):
        await reply.answered()
    async with (
        made(base_url, tmp_path / "x.db", cogs=cogs, lease_ms=LEASE_MS) as bot,
        sim.connect(bot),
    ):
        async with asyncio.timeout(15):
            while (await bot.store.jobs.listing())[0].ending is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        [job] = await bot.store.jobs.listing()
    assert job.ending is Ending.UNKNOWN
    assert penny_script.asked == []
    assert not [m for m in ben.reads(channel) if m.author.bot]
