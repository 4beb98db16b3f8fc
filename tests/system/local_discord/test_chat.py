"""Messages, as people and an unmodified discord.py see them."""

# mypy: ignore-errors

import asyncio
import io

import discord
import pytest

from local_discord import CannotDo, File, NotSeen, Permission
from local_discord.errors import ApiError


def answers(bot, make):
    """Let the bot act on every message of a person."""

    @bot.listen()
    async def on_message(message):
        if not message.author.bot:
            await make(message)


async def test_a_mention_reaches_the_bot_and_its_answer_the_person(sim, channel, ana, bot):
    async def greet(message):
        if bot.user in message.mentions:
            await message.reply(f"Hello {message.author.display_name}: {message.clean_content}")

    answers(bot, greet)
    async with sim.connect(bot):
        said = await ana.says("@Alfred hello", channel)
        reply = await ana.sees("Hello Ana: @Alfred hello")
        assert reply.replied_to is said
        assert reply.mentions == [ana.user]
        assert not sim.problems


async def test_an_answer_that_streams_by_edits_is_seen_in_every_state(sim, channel, ana, bot):
    async def stream(message):
        sent = await message.channel.send("one")
        await sent.edit(content="one two")
        await sent.edit(content="one two three")

    answers(bot, stream)
    async with sim.connect(bot):
        await ana.says("count", channel)
        seen = await ana.sees("three")
        assert [r.content for r in seen.revisions] == ["one", "one two", "one two three"]
        assert [c.method for c in sim.log.requests(route="/messages")] == ["POST", "PATCH", "PATCH"]


async def test_what_was_there_before_an_act_is_no_answer_to_it(sim, channel, ana, bot):
    async def echo(message):
        if message.content == "first":
            await message.channel.send("answer")

    answers(bot, echo)
    async with sim.connect(bot):
        await ana.says("first", channel)
        await ana.sees("answer")
        await ana.says("second")
        with pytest.raises(NotSeen, match="Ana did not see 'answer' in general"):
            await ana.sees("answer", within=0.05)
        assert await ana.sees("answer", ever=True)


async def test_files_go_up_and_down(sim, channel, ana, bot):
    async def turn_round(message):
        data = await message.attachments[0].read()
        file = discord.File(io.BytesIO(data[::-1]), "back.bin", description="reversed")
        embed = discord.Embed(title="Here").set_image(url="attachment://back.bin")
        await message.channel.send("done", file=file, embed=embed)

    answers(bot, turn_round)
    async with sim.connect(bot):
        await ana.says(in_=channel, files=[File("there.bin", b"\x00\x01\x02")])
        seen = await ana.sees("done")
        assert seen.file("back.bin").data == b"\x02\x01\x00"
        assert seen.file().description == "reversed"
        assert seen.embeds[0]["image"]["url"] == seen.file().url


async def test_a_file_may_lie_about_its_type(sim, channel, ana, bot):
    told = asyncio.Queue()
    answers(bot, lambda m: told.put((m.attachments[0].content_type, m.attachments[0].filename)))
    async with sim.connect(bot):
        await ana.says(in_=channel, files=[File("song.mp3", b"MZ", type="audio/mpeg")])
        assert await told.get() == ("audio/mpeg", "song.mp3")


async def test_a_voice_message_of_a_person_arrives_as_one(sim, channel, ana, bot):
    told = asyncio.Queue()
    answers(bot, lambda m: told.put((m.flags.voice, m.attachments[0].duration)))
    async with sim.connect(bot):
        await ana.says_aloud(b"OggS", channel, seconds=2.5)
        assert await told.get() == (True, 2.5)


def voice_message(**more):
    """A voice message's parameters, which discord.py has no words of its own for."""
    entry = {"id": "0", "filename": "voice-message.ogg", "duration_secs": 1.5, "waveform": "AAA="}
    payload = {"flags": 8192, "attachments": [entry | more]}
    file = discord.File(io.BytesIO(b"OggS"), "voice-message.ogg")
    part = {"name": "files[0]", "value": file.fp, "filename": file.filename}
    json = {"name": "payload_json", "value": discord.utils._to_json(payload)}
    return discord.http.MultipartParameters(None, [json, part], [file])


async def test_a_voice_message_of_the_bot_needs_its_waveform(sim, channel, ana, bot):
    async with sim.connect(bot):
        await bot.http.send_message(channel.id, params=voice_message())
        seen = await ana.sees(lambda m: bool(m.attachments), channel)
        assert (seen.file().duration_secs, seen.file().content_type) == (1.5, "audio/ogg")
        with pytest.raises(discord.HTTPException) as refused:
            await bot.http.send_message(channel.id, params=voice_message(waveform=""))
        assert refused.value.code == 50161


async def test_history_reactions_pins_typing_and_deletion(sim, guild, channel, ana, bot):
    guild.allow(channel, sim.bot, Permission.PIN_MESSAGES)
    async with sim.connect(bot):
        for number in range(5):
            await ana.says(f"line {number}", channel)
        there = bot.get_channel(channel.id)
        first = [m async for m in there.history(limit=2, oldest_first=True)]
        last = [m async for m in there.history(limit=2)]
        between = [m async for m in there.history(after=first[0], before=last[0])]
        assert [m.content for m in first] == ["line 0", "line 1"]
        assert [m.content for m in last] == ["line 4", "line 3"]
        assert [m.content for m in between] == ["line 1", "line 2", "line 3"]

        async with there.typing():
            await ana.sees_typing()
        said = await ana.says("react to this")
        message = await there.fetch_message(said.id)
        await message.add_reaction("👀")
        await ana.sees_reaction("👀", on=said)
        await message.remove_reaction("👀", bot.user)
        assert not said.reactions
        await message.pin()
        assert [m.id async for m in there.pins()] == [said.id]
        own = await there.send("gone soon")
        seen = await ana.sees("gone soon")
        await own.delete()
        await ana.sees_gone(seen)
        assert seen not in ana.reads()
        with pytest.raises(discord.NotFound) as refused:
            await there.fetch_message(own.id)
        assert refused.value.code == 10008


async def test_people_react_edit_and_delete_in_the_bots_sight(sim, channel, ana, bot):
    told = asyncio.Queue()

    @bot.event
    async def on_reaction_add(reaction, user):
        await told.put((str(reaction.emoji), user.display_name))

    @bot.event
    async def on_message_edit(before, after):
        await told.put((before.content, after.content))

    @bot.event
    async def on_message_delete(message):
        await told.put(message.content)

    async with sim.connect(bot):
        said = await ana.says("draft", channel)
        await ana.reacts("👍", on=said)
        await ana.edits(said, "final")
        await ana.deletes(said)
        assert [await told.get() for _ in range(3)] == [("👍", "Ana"), ("draft", "final"), "final"]


async def test_threads(sim, channel, ana, bot):
    async def start(message):
        if message.channel.id == channel.id:
            thread = await message.create_thread(name="Build 1")
            await thread.send("progress")
        else:
            await message.channel.send(f"in {message.channel.name}: {message.content}")
            await message.channel.edit(archived=True)

    answers(bot, start)
    async with sim.connect(bot):
        said = await ana.says("build it", channel)
        thread = await ana.sees_thread("Build")
        assert (said.thread, thread.id) == (thread, said.id)
        await ana.sees("progress", thread)
        await ana.says("and more", thread)
        await ana.sees("in Build 1: and more")
        await ana.says("again")  # an archived thread opens by itself
        await ana.sees("in Build 1: again")
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_channel(channel.id).get_partial_message(said.id).create_thread(name="2")
        assert refused.value.code == 160004


async def test_direct_messages(sim, channel, ana, bot):
    answers(bot, lambda m: m.author.send(f"you said {m.content}"))
    async with sim.connect(bot):
        await ana.says("hello", ana.dm)
        await ana.sees("you said hello")
        stranger = sim.user("Stranger")
        await stranger.says("me too")
        await stranger.sees("you said me too")
        ana.user.accepts_dms = False
        with pytest.raises(discord.Forbidden) as refused:
            await (await bot.fetch_user(ana.id)).send("hi")
        assert refused.value.code == 50007


async def test_the_bot_lacks_what_it_is_denied(sim, guild, channel, ana, bot):
    async with sim.connect(bot):
        there = bot.get_channel(channel.id)
        for denied, code in ((Permission.SEND_MESSAGES, 50013), (Permission.VIEW_CHANNEL, 50001)):
            guild.deny(channel, sim.bot, denied)
            with pytest.raises(discord.Forbidden) as refused:
                await there.send("anybody here?")
            assert refused.value.code == code
        assert [p.code for p in sim.problems] == [50013, 50001]


async def test_people_are_held_to_their_permissions_too(sim, guild, channel, ana):
    muted = guild.role("muted")
    guild.give(ana, muted)
    guild.deny(channel, muted, Permission.SEND_MESSAGES)
    with pytest.raises(CannotDo, match="Ana may not send messages in general"):
        await ana.says("let me speak", channel)
    with pytest.raises(CannotDo, match="2000 characters"):
        await guild.owner().says("x" * 2001, channel)


async def test_mentions_that_are_disarmed_ping_nobody(sim, guild, channel, ana, bot):
    guild.everyone.permissions |= Permission.MENTION_EVERYONE
    mods = guild.role("mods")
    text = f"@everyone {ana.mention} <@&{mods.id}>"
    async with sim.connect(bot):
        there = bot.get_channel(channel.id)
        await there.send(text)
        loud = await ana.sees("@everyone", channel)
        assert (loud.mention_everyone, loud.mentions, loud.mention_roles) == (
            True,
            [ana.user],
            [mods.id],
        )
        await there.send("2" + text, allowed_mentions=discord.AllowedMentions.none())
        quiet = await ana.sees("2@everyone", channel)
        assert (quiet.mention_everyone, quiet.mentions, quiet.mention_roles) == (False, [], [])


async def test_without_the_content_intent_only_some_words_are_read(sim, channel, ana):
    intents = discord.Intents.default()
    bot = discord.Client(intents=intents)
    told = asyncio.Queue()

    @bot.event
    async def on_message(message):
        await told.put(message.content)

    async with sim.connect(bot):
        await ana.says("not for you", channel)
        await ana.says("@Alfred for you")
        await ana.says("in private", ana.dm)
        heard = [await told.get() for _ in range(3)]
        assert heard == ["", f"{sim.bot.mention} for you", "in private"]
        there = bot.get_channel(channel.id)
        assert [m.content async for m in there.history()][-1] == ""


async def test_webhooks(sim, guild, channel, ana, bot):
    guild.everyone.permissions |= Permission.MANAGE_WEBHOOKS
    async with sim.connect(bot):
        hook = await bot.get_channel(channel.id).create_webhook(name="Relay")
        sent = await hook.send("as another", username="Jared", wait=True)
        seen = await ana.sees("as another", channel)
        assert seen.author_name == "Jared"
        await sent.edit(content="changed")
        await ana.sees("changed")
        await sent.delete()
        await ana.sees_gone(seen)
        await hook.delete()
        with pytest.raises(discord.NotFound) as refused:
            await hook.send("too late")
        assert refused.value.code == 10015


async def test_members_and_roles_come_and_go(sim, guild, channel, ana, bot):
    told = asyncio.Queue()

    @bot.event
    async def on_member_join(member):
        await told.put(("join", member.name))

    @bot.event
    async def on_member_remove(member):
        await told.put(("leave", member.name))

    async with sim.connect(bot):
        there = bot.get_guild(guild.id)
        assert {m.name for m in there.members} == {"Owner", "Alfred", "Ana"}
        bob = guild.member("Bob")
        assert await told.get() == ("join", "Bob")
        mods = guild.role("mods", Permission.MANAGE_MESSAGES)
        guild.give(bob, mods)
        member = await there.fetch_member(bob.id)
        assert [r.id for r in member.roles[1:]] == [mods.id]
        guild.leaves(bob)
        assert await told.get() == ("leave", "Bob")


async def test_the_bot_is_removed_and_invited_again(sim, guild, bot):
    told = asyncio.Queue()

    @bot.event
    async def on_guild_remove(there):
        await told.put(("out", there.name))

    @bot.event
    async def on_guild_join(there):
        await told.put(("in", there.name))

    async with sim.connect(bot):
        guild.removes_bot()
        assert await told.get() == ("out", "Test")
        guild.adds_bot()
        assert await told.get() == ("in", "Test")


# --- what messages are made of -------------------------------------------------------------------


async def test_a_forward_carries_a_copy_of_what_it_forwards(sim, channel, ana, bot):
    seen = []

    async def note(message):
        seen.append(message)

    answers(bot, note)
    async with sim.connect(bot):
        original = await ana.says("hello", channel, files=[File("a.txt", b"x")])
        forward = await ana.forwards(original, channel)
        await ana.edits(original, "goodbye")
        await ana.forwards(forward, channel)
        poll = await ana.asks("Pizza?", "Yes", "No", in_=channel)
        with pytest.raises(CannotDo, match="cannot be forwarded"):
            await ana.forwards(poll, channel)
        await ana.says("that was all", channel)
        while not seen or seen[-1].content != "that was all":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for copy in seen[1:3]:
        (snapshot,) = copy.message_snapshots
        assert (copy.content, snapshot.content) == ("", "hello")
        assert snapshot.attachments[0].filename == "a.txt"
        assert copy.flags.forwarded
        assert copy.reference.type is discord.MessageReferenceType.forward
    assert seen[1].reference.resolved is None


async def test_a_poll_is_voted_in_and_ends(sim, channel, ana, ben, bot):
    async with sim.connect(bot):
        poll = await ana.asks("Pizza?", "Yes", "No", in_=channel)
        await ben.votes(1, on=poll)
        await ben.votes(2, on=poll)  # the second choice replaces the first
        with pytest.raises(CannotDo):
            await ben.votes(3, on=poll)
        there = await bot.get_channel(channel.id).fetch_message(poll.id)
        assert [answer.vote_count for answer in there.poll.answers] == [0, 1]
        result = await ana.ends_poll(poll)
        with pytest.raises(CannotDo):
            await ben.votes(1, on=poll)
        told = await bot.get_channel(channel.id).fetch_message(result.id)
        assert told.type is discord.MessageType.poll_result
        assert told.embeds[0].type == "poll_result"
    assert "Pizza?" in sim.render(channel)
    assert not sim.problems


async def test_nobody_is_mentioned_in_code_and_a_bots_role_is_its_own(
    sim, guild, channel, ana, bot
):
    role = guild.managed_role()
    async with sim.connect(bot):
        assert bot.get_guild(guild.id).self_role.id == role.id
        quiet = await ana.says(f"`@Alfred` and ```\n@Alfred\n``` {role.mention}", channel)
        assert quiet.mentions == []
        assert (await ana.says("@Alfred `x`", channel)).mentions == [sim.bot]


async def test_another_bots_card_is_checked_and_its_files_are_media(sim, guild, channel, ana, bot):
    cards = guild.app("Cards")
    plan = {"type": 13, "file": {"url": "attachment://plan.txt"}}
    async with sim.connect(bot):
        with pytest.raises(ApiError):
            await cards.posts("words", channel, layout=True, components=[plan])
        with pytest.raises(CannotDo):
            await ana.posts(in_=channel, layout=True, components=[plan])
        posted = await cards.posts(
            in_=channel, layout=True, components=[plan], files=[File("plan.txt", b"x")]
        )
        there = await bot.get_channel(channel.id).fetch_message(posted.id)
        (file,) = there.components
        assert file.media.attachment_id == posted.file().id
        assert file.media.url == posted.file().url
