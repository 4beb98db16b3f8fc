"""Questions that are deleted: at once, while they are answered, afterwards, and between processes.

Nothing is shown, kept or paid for a question that is gone, and nobody gets a message about it.
"""

import asyncio
import logging
from types import SimpleNamespace

import pytest

from cogs.chat._deletions import Deletions
from local_discord import File
from tests.fakes.discord_bot import made
from tests.virtual_time import settle
from tests.waiting import until


async def by_its_author(guild, channel, ben, message):
    await ben.deletes(message)


async def by_a_moderator(guild, channel, ben, message):
    await guild.owner().deletes(message)


async def with_others(guild, channel, ben, message):
    await guild.owner().purges(message, await ben.says("me too", channel))


async def with_its_channel(guild, channel, ben, message):
    guild.removes(channel)


async def with_the_server(guild, channel, ben, message):
    guild.removes_bot()


GONE = {10003, 10008, 50035}
"""Unknown channel and message; a reply to an unknown message is an invalid form."""
WAYS = [by_its_author, by_a_moderator, with_others, with_its_channel, with_the_server]


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.jobs", "cogs.ops")


@pytest.fixture(autouse=True)
def no_error(caplog, sim):
    """A deletion is no error of anybody's."""
    yield
    assert [r.message for r in caplog.records if r.levelno >= logging.ERROR] == []
    refused = [p for p in sim.problems if p.code not in GONE]
    assert refused == []


@pytest.fixture(params=["channel", "thread", "dm"])
async def place(request, channel, ben):
    """Where the bot is asked."""
    match request.param:
        case "thread":
            return await ben.starts_thread("mine", in_=channel)
        case "dm":
            return ben.dm
    return channel


@pytest.fixture
def remembering(deck, monkeypatch):
    """Until this is set, no question is remembered: its deletion overtakes it."""
    gate, add = asyncio.Event(), deck.store.conversations.add

    async def held(message, **options):
        await gate.wait()
        return await add(message, **options)

    monkeypatch.setattr(deck.store.conversations, "add", held)
    return gate


def own(sim, *channels):
    return [
        m for c in channels for m in c.messages.values() if m.author == sim.bot and not m.deleted
    ]


async def assert_nothing_is_kept(bot, message):
    assert await bot.store.conversations.get(message.id) is None
    for job in await bot.store.jobs.listing():
        assert "secret" not in job.title
        assert await bot.store.jobs.request(job.journal_id) is None
        assert job.ending == "cancelled"
        assert await bot.store.jobs.results.get(job.journal_id) is None
    exported = str(await bot.store.privacy.export(message.author.id))
    assert "secret" not in exported


@pytest.mark.parametrize("goes", WAYS)
async def test_a_deletion_that_overtakes_its_question(
    sim, deck, guild, channel, ben, penny_script, remembering, goes
):
    message = await ben.says("@Alfred my secret", channel)
    await settle()
    await goes(guild, channel, ben, message)
    await settle()
    remembering.set()
    await settle()
    assert not penny_script.asked
    assert not own(sim, channel, ben.dm)
    await assert_nothing_is_kept(deck, message)


@pytest.mark.parametrize("kind", ["words", "a file", "a file that is only quoted"])
async def test_words_that_a_question_points_at_go_with_their_message(
    sim, deck, channel, ana, ben, penny_script, kind
):
    files = [] if kind == "words" else [File("plan.txt", b"a secret plan")]
    hers = await ana.says("" if files else "a secret question", channel, files=files)
    text = "@Alfred is it good?" if "quoted" in kind else "@Alfred"
    message = await ben.says(text, channel, reply_to=hers)
    await ben.sees("You said:")
    assert "secret" in (await deck.store.conversations.get(message.id)).content
    await ana.deletes(hers)

    async def is_forgotten():
        return await deck.store.conversations.get(message.id) is None

    await until(is_forgotten)
    await settle()
    for job in await deck.store.jobs.listing():
        assert "secret" not in job.title
        assert await deck.store.jobs.request(job.journal_id) is None


@pytest.fixture
async def chain(channel, ana, ben, guild):
    """Zoe's file, Ana's words about it, and Ben's question, which holds both."""
    zoe = guild.member("Zoe")
    file = await zoe.says("", channel, files=[File("plan.txt", b"a secret plan")])
    hers = await ana.says("a secret question", channel, reply_to=file)
    message = await ben.says("@Alfred", channel, reply_to=hers)
    await ben.sees("You said:")
    return SimpleNamespace(zoe=zoe, file=file, hers=hers, message=message)


@pytest.mark.parametrize(
    "goes", ["the file", "the words", "the file's person", "the words' person"]
)
async def test_a_question_goes_with_any_of_the_messages_whose_words_it_holds(
    sim, deck, channel, ana, penny_script, chain, goes
):
    content = (await deck.store.conversations.get(chain.message.id)).content
    assert "a secret question" in content
    assert "a secret plan" in content
    match goes:
        case "the file":
            await chain.zoe.deletes(chain.file)
        case "the words":
            await ana.deletes(chain.hers)
        case "the file's person":
            reply = await chain.zoe.slash("/privacy forget")
            await chain.zoe.clicks("Delete everything", on=reply)
        case _:
            reply = await ana.slash("/privacidad olvidar")
            await ana.clicks("Borrarlo todo", on=reply)

    async def is_forgotten():
        return await deck.store.conversations.get(chain.message.id) is None

    await until(is_forgotten)
    await settle()
    for job in await deck.store.jobs.listing():
        assert "secret" not in job.title
        assert await deck.store.jobs.request(job.journal_id) is None


@pytest.mark.parametrize("is_slow", [False, True])
async def test_words_that_a_question_points_at_go_with_the_data_of_who_wrote_them(
    sim, deck, channel, ana, ben, penny_script, is_slow
):
    mine = await ben.says("@Alfred mine", channel)
    await ben.sees("You said: mine")
    hers = await ana.says("a secret slowly" if is_slow else "a secret question", channel)
    message = await ben.says("@Alfred", channel, reply_to=hers)
    shown = await ben.sees("One, two, ▌" if is_slow else "You said: a secret")
    reply = await ana.slash("/privacidad olvidar")
    await ana.clicks("Borrarlo todo", on=reply)
    await ana.sees("He borrado")
    assert await deck.store.conversations.get(message.id) is None
    assert await deck.store.conversations.get(mine.id) is not None
    assert shown.deleted is is_slow
    for job in await deck.store.jobs.listing():
        assert "secret" not in job.title
        assert "secret" not in str(await deck.store.jobs.request(job.journal_id))


async def test_what_is_replied_to_in_own_words_takes_nothing_along(
    sim, deck, channel, ana, ben, penny_script
):
    hers = await ana.says("The bakery opens at six.", channel)
    message = await ben.says("@Alfred is it far?", channel, reply_to=hers)
    await ben.sees("You said: is it far?")
    [job] = await deck.store.jobs.listing()
    assert b"bakery" in await deck.store.jobs.request(job.journal_id)
    await ana.deletes(hers)
    await settle()
    assert (await deck.store.conversations.get(message.id)).content == "is it far?"
    assert await deck.store.jobs.request(job.journal_id) is None, "it was sent with her words"


@pytest.mark.parametrize("goes", ["question", "person"])
async def test_later_jobs_of_the_conversation_forget_it_too(
    sim, deck, channel, ana, ben, penny_script, goes
):
    hers = await ana.says("@Alfred a secret", channel)
    answer = await ana.sees("You said: a secret")
    mine = await ben.says("and then?", channel, reply_to=answer)
    await ben.sees("You said: and then?")
    assert "a secret" in str(penny_script.asked[-1].context)
    await ben.says("@Alfred something else", channel)
    await ben.sees("You said: something else")
    if goes == "question":
        await ana.deletes(hers)
    else:
        reply = await ana.slash("/privacidad olvidar")
        await ana.clicks("Borrarlo todo", on=reply)
        await ana.sees("He borrado")
    await settle()
    assert (await deck.store.conversations.get(mine.id)).content == "and then?"
    found = [(job.title, job.ending) for job in await deck.store.jobs.listing(user_id=ben.id)]
    assert found == [("something else", "completed"), ("and then?", "completed")]
    kept = [
        await deck.store.jobs.request(job.journal_id) for job in await deck.store.jobs.listing()
    ]
    assert "a secret" not in str(kept)
    assert "something else" in str(kept)


async def test_what_is_pointed_at_may_be_deleted_first(
    sim, deck, channel, ana, ben, penny_script, remembering
):
    hers = await ana.says("my secret", channel)
    message = await ben.says("@Alfred", channel, reply_to=hers)
    await settle()
    await ana.deletes(hers)
    await settle()
    remembering.set()
    await settle()
    assert not penny_script.asked
    await assert_nothing_is_kept(deck, message)


async def test_a_deletion_that_overtakes_it_anywhere(
    sim, deck, guild, channel, ben, penny_script, remembering, place
):
    message = await ben.says("@Alfred my secret", place)
    await settle()
    await ben.deletes(message)
    await settle()
    remembering.set()
    await settle()
    assert not penny_script.asked
    assert not own(sim, place, channel, ben.dm)
    await assert_nothing_is_kept(deck, message)


async def test_a_thread_that_goes_before_its_question_is_remembered(
    sim, deck, guild, channel, ben, penny_script, remembering
):
    thread = await ben.starts_thread("mine", in_=channel)
    message = await ben.says("@Alfred my secret", thread)
    await settle()
    guild.removes(thread)
    await settle()
    remembering.set()
    await settle()
    assert not penny_script.asked
    assert not own(sim, thread, channel, ben.dm)
    await assert_nothing_is_kept(deck, message)


async def test_a_deletion_that_nobody_was_told_of(
    sim, deck, channel, ben, penny_script, remembering
):
    """Discord refuses the reply before its event arrives."""
    message = await ben.says("@Alfred my secret", channel)
    await settle()
    message.deleted = True
    remembering.set()
    await settle()
    assert not penny_script.asked
    assert not own(sim, channel, ben.dm)
    await assert_nothing_is_kept(deck, message)


@pytest.mark.parametrize("text", ["@Alfred", "@Alfred fail"])
async def test_a_greeting_or_a_reason_that_nobody_can_read_any_more(
    sim, deck, channel, ben, penny_script, text, monkeypatch
):
    from cogs.chat import _cog

    read, asked = _cog.read_question, []

    async def too_late(*args, **more):
        asked[0].deleted = True
        return await read(*args, **more)

    monkeypatch.setattr(_cog, "read_question", too_late)
    sim.fail("POST /channels/{channel_id}/typing", 0, delay=0.5)
    asked.append(await ben.says(text, channel))
    await settle()
    assert not own(sim, channel, ben.dm)


async def test_a_refusal_for_a_message_that_is_gone(sim, deck, guild, channel, ben):
    other = guild.channel("bots")
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({other.id}))
    message = await ben.says("@Alfred hello", channel)
    message.deleted = True
    await settle()
    assert not own(sim, channel, ben.dm)


@pytest.mark.parametrize("goes", WAYS)
async def test_while_it_is_answered(sim, deck, guild, channel, ben, penny_script, goes):
    message = await ben.says("@Alfred my secret slowly", channel)
    begun = await ben.sees("One, two, ▌", channel)
    await goes(guild, channel, ben, message)
    await settle()
    assert not own(sim, ben.dm)
    if goes not in (with_its_channel, with_the_server):
        assert begun.deleted
    if goes is not with_the_server:
        await assert_nothing_is_kept(deck, message)
        [spent] = (await deck.store.privacy.export(ben.id))["calls"]
        assert spent["state"] != "reserved"  # what was used is in the ledger
    assert not deck.runner._running


async def test_while_it_is_answered_anywhere(sim, deck, channel, ben, penny_script, place):
    message = await ben.says("@Alfred my secret slowly", place)
    begun = await ben.sees("One, two, ▌", place)
    await ben.deletes(message)
    await settle()
    assert begun.deleted
    assert not own(sim, place, channel, ben.dm)
    await assert_nothing_is_kept(deck, message)


async def test_a_thread_that_goes_while_its_question_is_answered(
    sim, deck, guild, channel, ben, penny_script
):
    thread = await ben.starts_thread("mine", in_=channel)
    message = await ben.says("@Alfred my secret slowly", thread)
    await ben.sees("One, two, ▌", thread)
    guild.removes(thread)
    await settle()
    assert not own(sim, channel, ben.dm)
    await assert_nothing_is_kept(deck, message)


async def test_a_long_answer_is_taken_back_whole(
    sim, deck, channel, ben, penny_script, handlers, monkeypatch
):
    from tests.fakes.handlers import partial

    async def grow(_request):
        yield partial("a" * 1900 + " " + "b" * 1900)
        await penny_script.go_on.wait()

    monkeypatch.setattr(handlers["penny"], "_script", grow)
    message = await ben.says("@Alfred my secret", channel)
    await ben.sees("bbb", channel)
    await until(lambda: len(own(sim, channel)) == 2)
    await ben.deletes(message)
    await until(lambda: not own(sim, channel))
    await settle()
    await assert_nothing_is_kept(deck, message)


async def test_while_the_first_message_is_being_posted(sim, deck, channel, ben, penny_script):
    sim.fail("POST /channels/{channel_id}/messages", 0, delay=2.0)
    message = await ben.says("@Alfred my secret slowly", channel)
    await until(lambda: _is_remembered(deck, message))
    await ben.deletes(message)
    await settle()
    await until(lambda: not deck.runner._running)
    assert not own(sim, channel, ben.dm)
    await assert_nothing_is_kept(deck, message)


async def test_after_it_was_answered_the_answer_stays(sim, deck, channel, ben, penny_script):
    penny_script.answers["my secret"] = "I see."
    message = await ben.says("@Alfred my secret", channel)
    seen = await ben.sees("I see.", channel)
    await until(lambda: _is_closed(deck))
    await ben.deletes(message)
    await settle()
    assert not seen.deleted
    assert (await deck.store.conversations.get(seen.id)).content == "I see."
    [job] = await deck.store.jobs.listing()
    assert job.ending == "completed"
    assert "secret" not in str(await deck.store.privacy.export(ben.id))
    assert await deck.store.jobs.request(job.journal_id) is None


async def test_a_channel_with_answers_is_forgotten(sim, deck, guild, channel, ben, penny_script):
    message = await ben.says("@Alfred my secret", channel)
    seen = await ben.sees("You said: my secret", channel)
    await until(lambda: _is_closed(deck))
    guild.removes(channel)
    await settle()
    assert await deck.store.conversations.get(message.id) is None
    assert await deck.store.conversations.get(seen.id) is None
    assert "secret" not in str(await deck.store.privacy.export(ben.id))


async def test_an_answer_that_is_being_regenerated_stays(sim, deck, channel, ben, penny_script):
    penny_script.go_on.set()
    message = await ben.says("@Alfred count slowly", channel)
    seen = await ben.sees("One, two, three.", channel)
    await until(lambda: _is_closed(deck))
    penny_script.go_on.clear()
    await ben.clicks("Regenerate", on=seen)
    await ben.sees("One, two, ▌", channel)
    await ben.deletes(message)
    await until(lambda: seen.content == "One, two, three.")
    await settle()
    assert not seen.deleted
    assert not seen.buttons
    assert not own(sim, ben.dm)


async def test_a_command_in_a_channel_that_goes(sim, deck, guild, channel, ben, penny_script):
    await ben.slash("/ask", channel, question="my secret slowly")
    await ben.sees("One, two, ▌", channel)
    guild.removes(channel)
    await settle()
    assert not own(sim, ben.dm)
    assert "secret" not in str(await deck.store.privacy.export(ben.id))
    assert not deck.runner._running


@pytest.mark.parametrize("is_sent", [False, True])
@pytest.mark.parametrize("goes", [by_its_author, with_its_channel])
async def test_between_two_processes(
    sim, guild, channel, ben, base_url, tmp_path, cogs, penny_script, goes, is_sent
):
    where = {"lease_ms": 300, "cogs": cogs}
    async with made(base_url, tmp_path / "x.db", **where) as bot, sim.connect(bot):
        message = await ben.says("@Alfred my secret slowly", channel)
        begun = await ben.sees("One, two, ▌" if is_sent else "…", channel)
    await goes(guild, channel, ben, message)
    async with made(base_url, tmp_path / "x.db", **where) as bot, sim.connect(bot):
        await until(lambda: _is_closed(bot))
        await settle()
        assert begun.deleted or goes is with_its_channel
        assert not own(sim, ben.dm)
        await assert_nothing_is_kept(bot, message)


async def test_an_answer_that_waits_for_discord_is_not_shown_later(
    sim, deck, channel, ben, penny_script
):
    message = await ben.says("@Alfred my secret slowly", channel)
    await ben.sees("One, two, ▌", channel)
    sim.fail("PATCH /channels", 503, times=1000)
    penny_script.go_on.set()
    await until(lambda: deck.runner._running and _first(deck)._is_ending)
    await ben.deletes(message)
    await settle()
    sim.heal()
    await until(lambda: _is_closed(deck))
    await settle()
    assert not own(sim, ben.dm)


async def test_a_deletion_that_another_process_is_told_of(
    sim, deck, channel, ben, base_url, tmp_path, cogs, penny_script, monkeypatch
):
    """After a handover, events come to the process that has the shard now."""
    message = await ben.says("@Alfred my secret slowly", channel)
    begun = await ben.sees("One, two, ▌", channel)
    async with made(base_url, tmp_path / "skydeck.db", cogs=cogs) as other:

        async def send(signal, number):
            deck.remote_jobs._obey(signal, number)

        other.remote_jobs.shares_work = True
        monkeypatch.setattr(other.store.pubsub, "send", send)
        await Deletions(other).on_raw_message_delete(SimpleNamespace(message_id=message.id))
        await until(lambda: begun.deleted)
        await until(lambda: not deck.runner._running)
    await assert_nothing_is_kept(deck, message)
    assert not own(sim, channel, ben.dm)


async def test_others_go_on(sim, deck, guild, channel, ben, ana, penny_script):
    first = await ben.says("@Alfred my secret slowly", channel)
    await ben.sees("One, two, ▌", channel)
    await ana.says("@Alfred another slowly", channel)
    await until(lambda: len(own(sim, channel)) == 2)
    await ben.deletes(first)
    await until(lambda: len(own(sim, channel)) == 1)
    penny_script.go_on.set()
    await ana.sees("One, two, three.", channel)


async def test_a_server_that_invites_the_bot_again_is_answered(
    sim, deck, guild, channel, ben, penny_script
):
    guild.removes_bot()
    await settle()
    guild.adds_bot()
    await settle()
    await ben.says("@Alfred hello", channel)
    await ben.sees("You said: hello", channel)


async def test_the_starter_of_a_deleted_thread_is_answered(
    sim, deck, guild, channel, ben, penny_script
):
    """A thread has the id of the message that it was started on; that message stays."""
    message = await ben.says("@Alfred count slowly", channel)
    await ben.sees("One, two, ▌", channel)
    guild.removes(await ben.starts_thread("aside", on=message))
    await settle()
    penny_script.go_on.set()
    await ben.sees("One, two, three.", channel)


async def _is_remembered(bot, message):
    return await bot.store.conversations.get(message.id)


async def _is_closed(bot):
    jobs = await bot.store.jobs.listing()
    return jobs and all(job.finished_at_ms for job in jobs)


def _first(bot):
    return next(iter(bot.runner._running.values()))
