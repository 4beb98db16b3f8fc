"""The four ways to say what to work on."""

import pytest

from bot.errors import BadInput
from bot.i18n import words_for
from cogs.grace._inputs import Linked, read_link
from local_discord import File, Permission
from tests.fakes.handlers import echo, hang
from tests.integration.cogs.grace.sight import settled

ENGLISH = words_for("en")
ONE_ONLY = "Give me one thing to work on"
NOT_FOUND = "I can't find that message, or you can't read it."


def link(message):
    return (
        f"https://discord.com/channels/{message.channel.guild.id}/{message.channel.id}/{message.id}"
    )


async def test_a_text_file(sim, deck, ben, grace):
    await ben.slash("/grace summarize", file=File("notes.md", "# Plan\nWächst".encode()))
    message = await settled(ben, "Wächst")
    assert message.text.startswith("**Summary** · notes.md")
    assert grace.last.input.data == "# Plan\nWächst"
    assert not sim.problems


@pytest.mark.parametrize(
    "file",
    [
        File("notes.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))),
        File("empty.txt", b" \n"),
    ],
)
async def test_a_file_that_is_no_text_is_told_to_its_person_only(sim, deck, ben, ana, grace, file):
    reply = await ben.slash("/grace summarize", file=file)
    told = await ben.sees("bad_input")
    assert told.is_ephemeral
    assert reply.ephemeral  # nobody else saw that anything was asked
    assert not grace.asked
    assert not sim.problems


async def test_nothing_given_asks_for_the_text(sim, deck, ana, grace):
    reply = await ana.slash("/grace traducir", a="francés")
    assert reply.modal.title == "Traducción"
    await ana.submits(reply, {"¿En qué trabajo?": "Hola a todos"})
    await settled(ana, "**Traducción** · «Hola a todos»\nHola a todos")
    assert grace.last.params == {"to": "French"}
    assert not sim.problems


async def test_two_things_given_are_one_too_many(sim, deck, ben, grace):
    reply = await ben.slash("/grace summarize", text="a", last=3)
    assert reply.ephemeral
    assert ONE_ONLY in reply.text
    assert not grace.asked
    assert not sim.problems


async def test_a_link_to_a_message_elsewhere_on_the_server(sim, deck, guild, ana, ben, grace):
    other = guild.channel("other")
    said = await ana.says("The **bakery** opens at six, @Ben", other)
    await ben.slash("/grace summarize", in_=guild_channel(guild, "general"), message=link(said))
    message = await settled(ben, "Ana's message")
    assert "opens at six" in message.text
    assert grace.last.input.data == "The **bakery** opens at six, @Ben"
    assert not sim.problems


def guild_channel(guild, name):
    return next(c for c in guild.guild.channels.values() if c.name == name)


async def test_an_id_and_the_message_has_a_file(sim, deck, ana, ben, grace):
    said = await ana.says("Look:", files=[File("a.txt", b"what is in it")])
    await ben.slash("/grace summarize", message=str(said.id))
    await settled(ben, "what is in it")
    assert grace.last.input.data == "Look:\n\nwhat is in it"
    assert not sim.problems


async def test_an_embed_is_read_too(sim, deck, ben, grace):
    await ben.slash("/grace summarize", text="The first answer")
    first = await ben.sees("The first answer")
    first.embeds.append({"type": "rich", "title": "Head", "description": "Body"})
    await ben.slash("/grace explain", message=str(first.id))
    await settled(ben, "Body")
    assert "Head\nBody" in grace.last.input.data


async def test_a_channel_that_the_person_cannot_read_stays_closed(
    sim, deck, guild, ana, ben, grace
):
    secret = guild.channel("secret")
    said = await ana.says("the password is swordfish", secret)
    guild.deny(secret, ben, Permission.VIEW_CHANNEL)
    reply = await ben.slash("/grace summarize", guild_channel(guild, "general"), message=link(said))
    told = await ben.sees(NOT_FOUND)
    assert told.is_ephemeral
    assert reply.ephemeral  # nobody else saw that anything was asked
    assert not grace.asked
    assert not sim.problems


async def test_history_that_the_person_cannot_read_stays_closed(
    sim, deck, guild, channel, ana, ben, grace
):
    said = await ana.says("before you came", channel)
    guild.deny(channel, ben, Permission.READ_MESSAGE_HISTORY)
    await ben.slash("/grace summarize", channel, message=link(said))
    await ben.sees(NOT_FOUND)
    await ben.slash("/grace summarize", channel, last=5)
    await ben.sees("You can't read this channel's earlier messages.")
    assert not grace.asked
    assert not sim.problems


async def test_a_channel_that_the_bot_cannot_read_is_named_so(sim, deck, guild, ana, ben, grace):
    closed = guild.channel("closed")
    said = await ana.says("hello", closed)
    guild.deny(closed, sim.bot, Permission.READ_MESSAGE_HISTORY)
    await ben.slash("/grace summarize", guild_channel(guild, "general"), message=link(said))
    told = await ben.sees("Read Message History")
    assert told.is_ephemeral
    assert not grace.asked


async def test_a_thread_is_read_like_its_channel(sim, deck, guild, channel, ana, ben, grace):
    thread = await ana.starts_thread("plans", in_=channel)
    said = await ana.says("in the thread", thread)
    await ben.slash("/grace summarize", channel, message=link(said))
    await settled(ben, "in the thread")
    guild.deny(channel, ben, Permission.READ_MESSAGE_HISTORY)
    await ben.slash("/grace summarize", channel, message=link(said))
    await ben.sees(NOT_FOUND)
    assert len(grace.asked) == 1
    assert not sim.problems


async def test_inside_a_thread(sim, deck, channel, ana, ben, grace):
    thread = await ana.starts_thread("plans", in_=channel)
    await ana.says("in the thread", thread)
    await ben.slash("/grace summarize", thread, last=3)
    await settled(ben, "in the thread", thread)
    assert grace.last.source.channel == str(thread.id)
    assert not sim.problems


@pytest.mark.parametrize("gone", ["deleted", "unknown channel", "unknown id"])
async def test_a_message_that_is_not_there(sim, deck, guild, ana, ben, grace, gone):
    said = await ana.says("hello")
    where = link(said)
    if gone == "deleted":
        await ana.deletes(said)
    elif gone == "unknown channel":
        where = where.replace(str(said.channel.id), "123456789012345678")
    else:
        where = "123456789012345678"
    await ben.slash("/grace summarize", message=where)
    await ben.sees(NOT_FOUND)
    assert not grace.asked


async def test_the_last_messages_with_their_writers(sim, deck, ana, ben, grace):
    await ana.says("zero")
    await ana.says("One\nline")
    await ben.says("two @Ana", files=[File("plan.pdf", b"%PDF")])
    await ben.slash("/grace summarize", text="an answer of ours")
    await settled(ben, "an answer of ours")
    await ana.says("four")
    await ben.slash("/grace action-items", last=4)
    await settled(ben, "the last 4 messages")
    lines = grace.last.input.data.splitlines()
    assert lines[0] == "Ana: One line"
    assert lines[1] == "Ben: two @Ana [plan.pdf]"
    assert "an answer of ours" in lines[2]
    assert lines[3] == "Ana: four"
    assert not sim.problems


async def test_answers_under_way_are_left_out(sim, deck, ana, ben, grace):
    grace.answer = hang
    await ana.says("words")
    await ben.slash("/grace summarize", text="a long story")
    under_way = await ben.sees("Working on it")
    grace.answer = echo
    await ben.slash("/grace summarize", last=5)
    await ben.sees("Queued")
    await ben.clicks("Stop", on=under_way)
    await settled(ben, "the last message")
    assert grace.last.input.data == "Ana: words"
    assert not sim.problems


async def test_an_empty_channel_has_nothing_to_say(sim, deck, guild, ben, grace):
    await ben.slash("/grace summarize", guild.channel("new"), last=3)
    await ben.sees("There are no messages with text here.")
    assert not sim.problems


async def test_in_direct_messages(sim, deck, ana, grace):
    said = await ana.says("Hola en privado", ana.dm)
    await ana.slash("/grace resumir", ana.dm, last=1)
    await settled(ana, "el último mensaje")
    assert grace.last.input.data == "Ana: Hola en privado"
    await ana.slash(
        "/grace resumir", ana.dm, message=f"https://discord.com/channels/@me/{ana.dm.id}/{said.id}"
    )
    await settled(ana, "mensaje de Ana")
    assert grace.last.source.guild is None
    await ana.slash("/grace resumir", ana.dm, message=f"{ana.dm.id + 1}-{said.id}")
    await ana.sees("no es de este servidor")
    assert not sim.problems


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://discord.com/channels/1/22/333", Linked(22, 333)),
        ("<https://ptb.discord.com/channels/1/22/333/>", Linked(22, 333)),
        ("https://discordapp.com/channels/1/22/333", Linked(22, 333)),
        (" 333 ", Linked(None, 333)),
        ("22-333", Linked(22, 333)),
    ],
)
def test_a_link_is_read(text, read):
    assert read_link(text, guild_id=1, words=ENGLISH) == read


@pytest.mark.parametrize(
    "text",
    [
        "https://discord.com/channels/2/22/333",
        "https://discord.com/channels/@me/22/333",
        "https://discord.com.evil.example/channels/1/22/333",
        "http://discord.com/channels/1/22/333",
        "https://discord.com/channels/1/22",
        "see https://discord.com/channels/1/22/333",
        "99999999999999999999",
        "٣٣٣",
        "hello",
        "",
    ],
)
def test_what_is_no_link_to_a_message_here(text):
    with pytest.raises(BadInput):
        read_link(text, guild_id=1, words=ENGLISH)
