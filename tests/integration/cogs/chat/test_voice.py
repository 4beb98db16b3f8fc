"""Recordings in and out: what was heard, what is said, and where neither can be."""

import numpy as np
import pytest

from audio import codec
from bot.contract import Output, Response, Status
from local_discord import File
from local_discord.values import Permission


@pytest.fixture
def loud_wav() -> bytes:
    """Four minutes of noise: over what fits one submission as it is."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 240 * 16_000).astype(np.float32)
    return codec.wav(noise, 16_000)


def heard(text: str) -> Response:
    """What TRANSCRIBE gives: the words both as the transcript and as the text."""
    output = Output(type="text", data=text, text=text, transcript=text)
    return Response(status=Status.COMPLETED, output=output)


async def test_where_voice_messages_are_forbidden_the_answer_is_a_file(
    sim, deck, guild, channel, ben, penny_script, tone
):
    penny_script.audio = tone
    guild.deny(channel, sim.bot, Permission.SEND_VOICE_MESSAGES)
    await ben.slash("/say", channel, text="good morning")
    spoken = await ben.sees(lambda m: bool(m.attachments), ever=True)
    assert not spoken.flags & 8192
    assert spoken.file().filename.endswith(".ogg")
    assert spoken.file().data == tone


async def test_a_transcript_is_shown_once(sim, deck, channel, ben, penny_script, tone):
    penny_script.responses["TRANSCRIBE"] = heard("ask not what your country can do")
    await ben.slash("/transcribe", channel, file=File("a.ogg", tone, "audio/ogg"))
    seen = await ben.sees("ask not")
    assert seen.content == "ask not what your country can do"
    assert not sim.problems


async def test_a_long_transcript_is_a_file(sim, deck, channel, ben, penny_script, tone):
    words = " ".join(f"word{n}" for n in range(900))
    penny_script.responses["TRANSCRIBE"] = heard(words)
    await ben.slash("/transcribe", channel, file=File("talk.ogg", tone, "audio/ogg"))
    seen = await ben.sees(lambda m: bool(m.attachments))
    assert seen.file().filename == "talk.txt"
    assert seen.file().data.decode() == words
    assert seen.content.startswith("word0 word1")
    assert len(seen.content) < 1000
    assert len([m for m in ben.reads(channel) if m.author == sim.bot]) == 1
    assert not sim.problems


async def test_silence_is_told_and_cannot_be_asked_again(sim, deck, penny_script, tone):
    dee = sim.user("Dee")
    penny_script.responses["CONVERSE"] = heard("")
    await dee.says_aloud(tone, None, seconds=2.0)
    seen = await dee.sees("I couldn't hear any speech in that recording.")
    assert not seen.buttons
    assert not sim.problems


@pytest.mark.parametrize(
    "invented", ["Thanks for watching!", "Subtítulos realizados por la comunidad de Amara.org"]
)
async def test_what_a_recogniser_invents_is_silence(sim, deck, penny_script, tone, invented):
    dee = sim.user("Dee")
    output = Output(
        type="text", data="You are welcome!", text="You are welcome!", transcript=invented
    )
    penny_script.responses["CONVERSE"] = Response(status=Status.COMPLETED, output=output)
    await dee.says_aloud(tone, None, seconds=2.0)
    await dee.sees("I couldn't hear any speech in that recording.")
    assert not any("welcome" in message.content for message in dee.reads(dee.dm))
    assert not sim.problems


async def test_thanks_are_heard(sim, deck, penny_script, tone):
    dee = sim.user("Dee")
    output = Output(type="text", data="My pleasure.", text="My pleasure.", transcript="Thank you.")
    penny_script.responses["CONVERSE"] = Response(status=Status.COMPLETED, output=output)
    await dee.says_aloud(tone, None, seconds=2.0)
    seen = await dee.sees("My pleasure.")
    assert "> Thank you." in seen.content
    assert not sim.problems


async def test_a_recording_that_is_too_large_is_made_smaller(
    sim, deck, channel, ben, penny_script, loud_wav
):
    penny_script.responses["TRANSCRIBE"] = heard("only noise")
    assert len(loud_wav) > 7 * 1024 * 1024
    await ben.slash("/transcribe", channel, file=File("a.wav", loud_wav, "audio/wav"))
    await ben.sees("only noise", within=60)
    sent = penny_script.asked[0].input
    assert sent.format == "ogg"
    assert len(sent.data) < 2 * 1024 * 1024
    assert not sim.problems


async def test_words_beside_a_recording_count(sim, deck, penny_script, tone):
    dee = sim.user("Dee")
    penny_script.audio = tone
    file = File("a.ogg", tone, "audio/ogg")
    await dee.says("answer in one word", files=[file])
    seen = await dee.sees("Nine o'clock.")
    assert penny_script.asked[0].context.history[-1].content == "answer in one word"
    stored = await deck.store.conversations.get(seen.id)
    assert stored is not None
    question = await deck.store.conversations.get(stored.parent_id)
    assert question is not None
    assert question.content == "answer in one word\n\nwhat time is it"
    assert not sim.problems


async def test_a_picture_beside_a_recording_is_named(sim, deck, penny_script, tone):
    dee = sim.user("Dee")
    penny_script.audio = tone
    files = [File("a.ogg", tone, "audio/ogg"), File("cat.png", b"\x89PNG")]
    await dee.says("", files=files)
    seen = await dee.sees("Nine o'clock.")
    assert "I can't view: cat.png" in seen.content
    assert not sim.problems
