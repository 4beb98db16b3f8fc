"""Conversation on the local Discord: being called, remembering, growing, stopping, failing."""

import asyncio
import itertools
import sys

import pytest

from bot.contract import Service
from cogs.shared import discord_retry
from local_discord import File
from local_discord.values import Permission
from tests.fakes.discord_bot import made
from tests.virtual_time import settle
from tests.waiting import until

REPLY_4O_K = "".join(f"Line {n} of a long reply, with words enough.\n" for n in range(900))


async def test_a_mention_is_answered_as_a_reply(sim, deck, channel, ben, penny_script):
    said = await ben.says("@Alfred hello there", channel)
    seen = await ben.sees("You said: hello there")
    assert seen.reference is not None
    assert int(seen.reference["message_id"]) == said.id
    assert list(seen.buttons) == ["Regenerate"]
    request = penny_script.asked[0]
    assert request.params == {"speak": False}
    assert request.source.user == str(ben.user.id)
    assert request.context.speaker == "Ben"
    assert not sim.problems


async def test_what_is_for_others_is_left_alone(sim, deck, channel, ben, ana, penny_script):
    await ben.says("hello everybody", channel)
    await ben.says("@Ana hello", channel)
    await ben.says("@Alfred now you", channel)
    await ben.sees("You said: now you")
    assert len(penny_script.asked) == 1


async def test_a_reply_goes_on_with_the_chain(sim, deck, channel, ben, ana, penny_script):
    await ben.says("@Alfred my cat is called Miso", channel)
    first = await ben.sees("You said: my cat is called Miso")
    await ana.says("and mine Tofu", channel, reply_to=first)
    second = await ana.sees("You said: and mine Tofu")
    await ben.says("which cats?", channel, reply_to=second)
    await ben.sees("You said: which cats?")
    told = [(m.role, m.name, m.content) for m in penny_script.asked[2].context.history]
    assert told == [
        ("user", "Ben", "my cat is called Miso"),
        ("assistant", None, "You said: my cat is called Miso"),
        ("user", "Ana", "and mine Tofu"),
        ("assistant", None, "You said: and mine Tofu"),
    ]
    assert not sim.problems


async def test_the_chain_is_known_after_a_restart(
    sim, channel, ben, base_url, tmp_path, cogs, penny_script
):
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        await ben.says("@Alfred my cat is called Miso", channel)
        seen = await ben.sees("You said: my cat")
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        await ben.says("what is its name?", channel, reply_to=seen)
        await ben.sees("You said: what is its name?")
    told = [m.content for m in penny_script.asked[1].context.history]
    assert told == ["my cat is called Miso", "You said: my cat is called Miso"]


async def test_direct_messages_need_no_mention(sim, deck, penny_script):
    ben = sim.user("Dee")
    await ben.says("hello")
    await ben.sees("You said: hello")
    await ben.says("and again")
    await ben.sees("You said: and again")
    assert penny_script.asked[1].context.history[0].content == "hello"
    assert not sim.problems


async def test_a_thread_of_its_own(sim, deck, channel, ben, ana, penny_script):
    await ben.slash("/chat", channel, question="shall we begin?")
    thread = await ben.sees_thread()
    await ben.sees("You said: shall we begin?", thread)
    await ana.says("no mention here", thread)
    await ana.sees("You said: no mention here", thread)
    assert [m.content for m in penny_script.asked[1].context.history] == [
        "shall we begin?",
        "You said: shall we begin?",
    ]
    assert not sim.problems


async def test_an_answer_grows_and_can_be_stopped(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred count slowly", channel)
    seen = await ben.sees("One, two, ▌")
    await ben.clicks("Stop", on=seen)
    await ben.sees("Stopped", channel, ever=True)
    assert seen.content.startswith("One, two,")
    assert list(seen.buttons) == ["Regenerate"]
    await settle()
    stored = await deck.store.conversations.get(seen.id)
    assert stored is not None
    assert stored.content == "One, two,"
    assert not sim.problems


async def test_edits_are_at_most_one_a_second(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred count slowly", channel)
    seen = await ben.sees("One, two, ▌")
    await asyncio.sleep(2.2)  # the clock is virtual: two edits are due
    penny_script.go_on.set()
    await ben.sees("One, two, three.", ever=True)
    times = [r.at for r in seen.revisions]
    gaps = [after - before for before, after in itertools.pairwise(times[1:-1])]  # not the end
    assert all(gap >= 0.95 for gap in gaps)


async def test_only_who_asked_may_stop(sim, deck, channel, ben, ana, penny_script):
    await ben.says("@Alfred count slowly", channel)
    seen = await ben.sees("One, two, ▌")
    reply = await ana.clicks("Stop", on=seen)
    assert reply.ephemeral
    penny_script.go_on.set()
    await ben.sees("One, two, three.", ever=True)
    assert not sim.problems


async def test_regenerate_replaces_the_answer(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred tell me", channel)
    seen = await ben.sees("You said: tell me")
    penny_script.answers["tell me"] = "Something else."
    await ben.clicks("Regenerate", on=seen)
    await ben.sees("Something else.")
    assert "You said" not in seen.content
    stored = await deck.store.conversations.get(seen.id)
    assert stored is not None
    assert stored.content == "Something else."
    assert not sim.problems


async def test_a_reply_of_forty_thousand_characters(sim, deck, channel, ben, penny_script):
    penny_script.answers["all of it"] = f"```py\n{REPLY_4O_K}```\nThat was it."
    await ben.says("@Alfred all of it", channel)
    await ben.sees("That was it.", within=60)
    messages = [m for m in ben.reads(channel) if m.author == sim.bot]
    assert all(len(m.content) <= 2000 and m.content.count("```") % 2 == 0 for m in messages)
    text = "".join(m.content for m in messages)
    assert all(f"Line {n} of" in text for n in range(900))
    assert list(messages[-1].buttons) == ["Regenerate"]
    assert not sim.problems


async def test_everyone_is_not_pinged(sim, deck, channel, ben, penny_script):
    penny_script.answers["shout"] = "@everyone @here ```py\nprint('<@1>')\n**bold"
    await ben.says("@Alfred shout", channel)
    seen = await ben.sees("**bold")
    assert not seen.mentions
    assert not seen.mention_everyone
    assert not sim.problems


async def test_a_voice_message_is_heard_and_answered_aloud(
    sim, deck, channel, ben, penny_script, tone
):
    penny_script.audio = tone
    said = await ben.says("@Alfred", channel)
    await ben.sees("Hello, I'm Alfred")
    spoken = await ben.says_aloud(tone, channel, seconds=2.0)
    assert spoken.id != said.id
    await settle()
    assert not penny_script.asked  # it was for nobody in particular


async def test_a_voice_message_in_private(sim, deck, penny_script, tone):
    ben = sim.user("Dee")
    penny_script.audio = tone
    await ben.says_aloud(tone, None, seconds=2.0)
    seen = await ben.sees("Nine o'clock.")
    assert seen.content.startswith("> what time is it\nNine o'clock.")
    voice = await ben.sees(lambda m: bool(m.attachments) and m.author == sim.bot, ever=True)
    assert voice.flags & 8192
    assert voice.file().duration_secs == pytest.approx(2.0, abs=0.1)
    assert penny_script.asked[0].params == {"speak": True}
    stored = await deck.store.conversations.get(seen.id)
    assert stored is not None
    heard = await deck.store.conversations.get(stored.parent_id)
    assert heard is not None
    assert heard.content == "what time is it"
    assert not sim.problems


async def test_files_are_read_by_what_they_are(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred sum up", channel, files=[File("a.txt", "Ñandú runs.".encode())])
    await ben.sees("Ñandú runs.")
    assert "[a.txt]\nÑandú runs." in penny_script.asked[0].input.data
    await ben.says("@Alfred read", channel, files=[File("b.txt", bytes(range(256)))])
    await ben.sees("I can't read b.txt as text")
    await ben.says("@Alfred hear", channel, files=[File("c.wav", b"this is not a recording")])
    await ben.sees("I can't play c.wav")
    await ben.says("@Alfred look", channel, files=[File("cat.png", b"\x89PNG")])
    await ben.sees("I can't view: cat.png")
    assert len(penny_script.asked) == 2
    assert not sim.problems


async def test_a_file_without_words_goes_to_the_servers_module(
    sim, deck, guild, channel, ben, penny_script
):
    file = File("a.txt", b"A long report.")
    await ben.says("@Alfred", channel, files=[file])
    await ben.sees("You said: [a.txt]")
    await deck.store.guilds.patch(guild.id, default_modules={Service.GRACE: "SUMMARIZER"})
    await ben.says("@Alfred", channel, files=[file])
    await ben.sees(lambda m: m.content == "[a.txt]\nA long report.")
    assert len(penny_script.asked) == 1
    assert not sim.problems


async def test_a_failure_is_told_in_the_same_message(sim, deck, channel, ben, ana, penny_script):
    await ben.says("@Alfred fail", channel)
    seen = await ben.sees("The model is out of order.")
    assert "job_failed" in seen.content
    assert list(seen.buttons) == ["Regenerate"]
    assert not sim.problems


async def test_the_line_drops_while_an_answer_grows(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred count slowly", channel)
    seen = await ben.sees("One, two, ▌")
    sim.gateway.drop()
    sim.fail("PATCH /channels", 503, times=3)
    sim.rate_limit("PATCH /channels", retry_after=0.2, times=2)
    penny_script.go_on.set()
    await ben.sees("One, two, three.", ever=True)
    assert seen.content == "One, two, three."


async def test_a_deleted_working_line_is_replaced(sim, deck, guild, channel, ben, penny_script):
    guild.allow(channel, ben.user, Permission.MANAGE_MESSAGES)
    await ben.says("@Alfred count slowly", channel)
    seen = await ben.sees("One, two, ▌")
    await ben.deletes(seen)
    penny_script.go_on.set()
    await ben.sees("One, two, three.")


async def test_not_in_every_channel(sim, deck, guild, channel, ben, penny_script):
    other = guild.channel("bots")
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({other.id}))
    await ben.says("@Alfred hello", channel)
    seen = await ben.sees("answer in")
    assert f"<#{other.id}>" in seen.content
    assert not penny_script.asked


async def test_too_often(sim, deck, channel, ben, penny_script):
    for number in range(7):
        await ben.says(f"@Alfred {number}", channel)
    await ben.sees("too_soon", ever=True)

    def six_were_answered(_message):
        return sum("You said" in m.content for m in ben.reads(channel)) == 6

    await ben.sees(six_were_answered, ever=True)
    assert len(penny_script.asked) == 6


async def test_commands(sim, deck, channel, ben, ana, penny_script, tone):
    await ben.slash("/ask", channel, question="what now?")
    seen = await ben.sees("You said: what now?")
    await ben.says("and then?", channel, reply_to=seen)
    await ben.sees("You said: and then?")
    assert len(penny_script.asked[1].context.history) == 2
    penny_script.audio = tone
    await ana.slash("/say", channel, text="buenos días")
    await ana.sees(lambda m: bool(m.flags & 8192))
    assert penny_script.asked[2].target.module == "SPEAK"
    await ana.slash("/transcribe", channel, file=File("a.ogg", tone, "audio/ogg"))
    await ana.sees("what time is it")
    assert penny_script.asked[3].target.module == "TRANSCRIBE"
    empty = await ana.slash("/ask", channel)
    assert "Escribe una pregunta" in empty.text
    assert empty.ephemeral
    assert not sim.problems


async def test_edits_and_deletions_are_remembered(sim, deck, channel, ben, penny_script):
    said = await ben.says("@Alfred my cat is Miso", channel)
    seen = await ben.sees("You said: my cat is Miso")
    await ben.edits(said, "@Alfred my cat is Tofu")
    await settle()
    stored = await deck.store.conversations.get(said.id)
    assert stored is not None
    assert "Tofu" in stored.content
    assert "Alfred" not in stored.content
    await ben.deletes(said)
    await settle()
    assert await deck.store.conversations.get(said.id) is None
    assert seen.content


@pytest.mark.parametrize("name", ["notes (final).txt", "_draft.txt", "día 1.txt", "설명.txt"])
async def test_a_file_has_the_name_that_its_owner_gave_it(
    sim, deck, channel, ben, penny_script, name
):
    await ben.says("@Alfred read this", channel, files=[File(name, b"The bridge is shut.")])
    await ben.sees("The bridge is shut.", channel)
    assert f"[{name}]" in penny_script.asked[0].input.data
    assert not sim.problems


async def test_who_is_waiting_is_told_of_a_shutdown(
    sim, channel, ben, base_url, tmp_path, cogs, penny_script
):
    async with made(base_url, tmp_path / "x.db", cogs=cogs, outlive=False) as bot:
        async with sim.connect(bot):
            await ben.says("@Alfred count slowly", channel)
            seen = await ben.sees("One, two, ▌")
        assert seen.content.startswith("One, two,\nI'm restarting.")
        jobs = await bot.store.jobs.listing()
        assert [job.ending for job in jobs] == ["cancelled"]
    assert not sim.problems


async def test_an_answer_is_finished_by_the_next_process(
    sim, channel, ben, base_url, tmp_path, cogs, penny_script
):
    async with made(base_url, tmp_path / "x.db", cogs=cogs, lease_ms=300) as bot:
        async with sim.connect(bot):
            await ben.says("@Alfred count slowly", channel)
            seen = await ben.sees("One, two, ▌")
        await sim.gateway.until_offline()
    penny_script.go_on.set()
    async with made(base_url, tmp_path / "x.db", cogs=cogs, lease_ms=300) as bot, sim.connect(bot):
        await ben.sees("One, two, three.", ever=True)
        assert seen.content == "One, two, three."
    assert len(penny_script.asked) == 1


async def test_forty_mentions_at_once_are_refused_once(sim, deck, channel, ben, ana, penny_script):
    """The first refusal says until when; those after it are a sign, and then nothing."""
    for number in range(40):
        await ben.says(f"@Alfred {number}", channel)
    await ben.sees("That was a lot at once", channel, ever=True)
    await until(lambda: len(penny_script.asked) == 6)
    await ana.says("@Alfred hello", channel)  # told after all of them
    await ana.sees("You said: hello")
    mine = [m for m in channel.messages.values() if m.author is sim.bot]
    refusals = [m for m in mine if "That was a lot at once" in m.text]
    waits = [m for m in channel.messages.values() if "⏳" in m.reactions]
    assert len(refusals) == 1
    assert "seconds" in refusals[0].text or " s" in refusals[0].text
    assert len(waits) == 3
    assert not sim.problems


async def test_where_nobody_is_answered_that_is_said_once(
    sim, deck, guild, channel, ben, penny_script
):
    other = guild.channel("other")
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({other.id}))
    for number in range(10):
        await ben.says(f"@Alfred {number}", channel)
    await ben.sees("On this server I only answer in", channel, ever=True)
    await ben.says("@Alfred hello", other)
    await ben.sees("You said: hello", other)
    mine = [m for m in channel.messages.values() if m.author is sim.bot]
    assert len(mine) == 1
    assert not sim.problems


@pytest.mark.parametrize("door", ["a mention", "/ask", "/transcribe"])
async def test_a_file_that_discord_withholds_is_named_as_the_reason(
    sim, deck, channel, ben, penny_script, monkeypatch, door
):
    monkeypatch.setattr(discord_retry, "PATIENCE_S", 3.0)  # less than the test's own
    sim.withhold_files()
    match door:
        case "a mention":
            await ben.says("@Alfred sum up", channel, files=[File("a.txt", b"Otters swim.")])
        case "/ask":
            await ben.slash("/ask", file=File("a.txt", b"Otters swim."))
        case "/transcribe":
            await ben.slash("/transcribe", file=File("a.wav", b"RIFF"))
    await ben.sees("isn't giving me that file")
    assert not penny_script.asked
    assert not sim.problems


async def test_a_bug_is_no_reason_for_silence(sim, deck, channel, ben, monkeypatch):
    async def broken(*_):
        raise LookupError("a bug")

    monkeypatch.setattr(sys.modules["cogs.chat._cog"], "read_question", broken)
    await ben.says("good morning, everybody", channel)
    await settle()
    assert len(channel.messages) == 1
    await ben.says("@Alfred good morning", channel)
    await ben.sees("Something went wrong on my side")
