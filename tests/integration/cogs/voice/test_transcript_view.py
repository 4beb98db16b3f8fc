"""What the voice channel's chat shows of a conversation, and what it never shows."""

# mypy: ignore-errors

import pytest

from bot.errors import ServiceDown
from bot.i18n import words_for
from bot.voice_agent.events import Stage, TurnUpdate
from cogs.voice._transcript_view import ChannelTranscript, render
from local_discord.values import Permission

WORDS = words_for("en-US")


@pytest.fixture
def cogs():
    """The face needs a bot, and no cog of its own: the tests say when it refreshes."""
    return ("cogs.errors",)


@pytest.fixture
def face(deck, lounge):
    return ChannelTranscript(deck, lounge.id, WORDS, "Alfred", names={7: "Ana"})


def turn(stage, heard="", said="", number=1):
    return TurnUpdate(number, 7, stage, heard, said)


def texts(person, channel):
    return [message.content for message in person.reads(channel)]


async def test_a_turn_is_one_message_that_grows(sim, face, lounge, ben):
    face.show(turn(Stage.HEARD, "Who?"))
    await face.refresh()
    [first] = ben.reads(lounge)
    face.show(turn(Stage.ANSWERING, "Who?", "I"))
    await face.refresh()
    face.show(turn(Stage.DONE, "Who?", "I am."))
    await face.refresh()
    [last] = ben.reads(lounge)
    assert last.id == first.id
    assert last.content == "🗣️ **Ana:** Who?\n💬 **Alfred:** I am."
    assert not sim.problems


async def test_a_cold_start_is_shown_before_a_word_is_known(sim, face, lounge, ben):
    face.show(turn(Stage.WAITING_FOR_WORKER))
    await face.refresh()
    [shown] = texts(ben, lounge)
    assert "Ana" in shown
    assert WORDS("voice.waiting") in shown
    face.show(turn(Stage.DONE, "Who?", "Me."))
    await face.refresh()
    [shown] = texts(ben, lounge)
    assert WORDS("voice.waiting") not in shown
    assert "Me." in shown
    assert not sim.problems


@pytest.mark.parametrize("end", [Stage.NOT_FOR_US, Stage.NOTHING_HEARD])
async def test_talk_among_people_is_never_posted(sim, face, lounge, ben, end):
    face.show(turn(Stage.WAITING_FOR_WORKER))
    face.show(turn(end, "Between you and me"))
    await face.refresh()
    assert texts(ben, lounge) == []
    assert not sim.problems


@pytest.mark.parametrize("end", [Stage.NOT_FOR_US, Stage.NOTHING_HEARD, Stage.INTERRUPTED])
async def test_waiting_for_nothing_is_taken_away(sim, face, lounge, ben, end):
    face.show(turn(Stage.WAITING_FOR_WORKER))
    await face.refresh()
    [waiting] = ben.reads(lounge)
    heard = "" if end is Stage.INTERRUPTED else "Between you and me"
    face.show(turn(end, heard))
    await face.refresh()
    await ben.sees_gone(waiting)
    assert texts(ben, lounge) == []
    assert not sim.problems


async def test_that_a_service_is_down_is_said_once_until_it_is_back(sim, face, lounge, ben):
    def down(number):
        error = ServiceDown("It is not called.", wait_s=30)
        return TurnUpdate(number, 7, Stage.FAILED, "", "", error=error)

    for number in (1, 2, 3):
        face.show(down(number))
        await face.refresh()
    [text] = texts(ben, lounge)
    assert text.startswith(f"⚠️ {WORDS('errors.service_down')} I'll retry <t:")
    face.show(turn(Stage.DONE, "Who?", "Me.", number=4))
    face.show(down(5))
    await face.refresh()
    assert sum("is down" in text for text in texts(ben, lounge)) == 2
    assert not sim.problems


async def test_nothing_is_posted_twice(sim, face, lounge, ben):
    for text in ("first", "second"):
        face.say(text)
    await face.refresh()
    await face.refresh()
    assert texts(ben, lounge) == ["first", "second"]
    assert not sim.problems


async def test_a_refused_line_holds_up_nothing(sim, face, guild, lounge, ben):
    guild.deny(lounge, sim.bot, Permission.SEND_MESSAGES)
    face.say("refused")
    await face.refresh()
    guild.allow(lounge, sim.bot, Permission.SEND_MESSAGES)
    face.show(turn(Stage.DONE, "Who?", "Me."))
    await face.refresh()
    assert len(texts(ben, lounge)) == 1
    assert [problem.code for problem in sim.problems] == [50013]


def test_what_is_nobody_s_business_is_not_even_rendered():
    for stage in (Stage.NOT_FOR_US, Stage.NOTHING_HEARD):
        assert render(turn(stage, "secret", "secret"), "Ana", "Alfred", WORDS) == ""


@pytest.mark.parametrize("what", ["line", "turn"])
async def test_what_discord_took_without_an_answer_is_not_said_twice(sim, face, lounge, ben, what):
    sim.fail("POST /channels/{channel_id}/messages", lost=True)
    if what == "line":
        face.say("A line.")
    else:
        face.show(turn(Stage.DONE, "Who?", "I am."))
    for _ in range(3):
        await face.finish()
    assert len(texts(ben, lounge)) == 1
    assert not sim.problems
