"""Whether or not a service streams and sends audio, the turn manager gets the same facts."""

import base64

import numpy as np
import pytest

from audio import codec, ogg
from bot.contract import Response, Status
from bot.errors import OutputLost
from bot.runpod.models import JobState, Update
from bot.voice_agent.events import ColdStart, ReplyChunk, RequestCompleted, Transcribed
from bot.voice_agent.response_stream import ResponseStream

TONE = codec.encode(np.sin(np.arange(9600) / 20).astype(np.float32) / 2, 48_000)
FILE = base64.b64encode(ogg.mux(TONE)).decode()


def running(**output) -> Update:
    response = Response.model_validate({"status": Status.PARTIAL, "output": output})
    return Update(state=JobState.RUNNING, response=response)


def over(**output) -> Update:
    response = Response.model_validate({"status": Status.COMPLETED, "output": output})
    return Update(state=JobState.COMPLETED, response=response)


async def facts_of(*updates: Update, wants_answer: bool = True) -> list:
    stream = ResponseStream(7, wants_answer)
    return [fact for update in updates for fact in await stream.take(update, 1.0)]


async def test_a_streaming_service_is_told_once():
    told = await facts_of(
        running(transcript="What is", language="en"),
        running(transcript=" it?", language="en"),
        running(text="It is "),
        running(text="noon."),
        running(audio={"data": FILE, "format": "ogg", "text": "It is noon."}),
        over(transcript="What is it?", text="It is noon.", audio={"data": FILE}, language="en"),
    )
    assert told == [
        Transcribed(7, "What is", "en", 1.0),
        Transcribed(7, "What is it?", "en", 1.0),
        ReplyChunk(7, "It is ", (), "", 1.0),
        ReplyChunk(7, "noon.", (), "", 1.0),
        ReplyChunk(7, "", TONE.packets, "It is noon.", 1.0),
        RequestCompleted(7, 1.0),
    ]


async def test_a_service_that_answers_at_the_end_alone():
    told = await facts_of(over(transcript="Hi", text="Hello.", audio={"data": FILE}))
    assert told == [
        Transcribed(7, "Hi", None, 1.0),
        ReplyChunk(7, "Hello.", TONE.packets, "Hello.", 1.0),
        RequestCompleted(7, 1.0),
    ]


async def test_the_seeds_minimal_answer():
    told = await facts_of(over(data="Hello."))
    assert told == [ReplyChunk(7, "Hello.", (), "", 1.0), RequestCompleted(7, 1.0)]


async def test_a_minimal_transcription():
    told = await facts_of(over(data="what time is it"), wants_answer=False)
    assert told == [Transcribed(7, "what time is it", None, 1.0), RequestCompleted(7, 1.0)]


async def test_silence_is_told_as_an_empty_transcript():
    told = await facts_of(over(transcript="", text=""))
    assert told[-1] == RequestCompleted(7, 1.0)
    assert all(not isinstance(fact, ReplyChunk) for fact in told)


async def test_a_transcription_brings_no_answer():
    told = await facts_of(over(transcript="Hi", text="Hi"), wants_answer=False)
    assert told == [Transcribed(7, "Hi", None, 1.0), RequestCompleted(7, 1.0)]


async def test_a_cold_worker_is_told_once():
    waiting = Update(state=JobState.WAITING_FOR_WORKER)
    assert await facts_of(waiting, waiting) == [ColdStart(7, 1.0)]


@pytest.mark.parametrize(
    "written",
    [
        lambda sound: "data:audio/wav;base64," + base64.b64encode(sound).decode(),
        lambda sound: base64.encodebytes(sound).decode(),
        lambda sound: base64.urlsafe_b64encode(sound).decode().rstrip("="),
        lambda sound: {"url": "data:audio/wav;base64," + base64.b64encode(sound).decode()},
    ],
    ids=["data URL", "line ends", "URL alphabet", "address"],
)
async def test_sound_is_played_however_it_is_written(written):
    sound = codec.wav(np.sin(np.arange(16_000) / 10).astype(np.float32), 16_000)
    told = await facts_of(over(text="Hello.", audio=written(sound)))
    assert told[0].text == "Hello."
    assert len(told[0].packets) in range(50, 53)


async def test_other_sound_is_made_into_packets():
    sound = base64.b64encode(codec.wav(np.zeros(16_000, np.float32), 16_000)).decode()
    told = await facts_of(over(text="Hello.", audio={"data": sound, "format": "wav"}))
    packets = told[0].packets
    assert len(packets) in range(50, 53)
    assert {ogg.packet_samples(packet) for packet in packets} == {960}


@pytest.mark.parametrize("data", ["!!!", base64.b64encode(b"no sound at all").decode()])
async def test_sound_that_is_none_is_left_out_and_the_words_stay(data):
    told = await facts_of(over(text="Hello.", audio={"data": data}))
    assert [(fact.text, fact.packets) for fact in told[:1]] == [("Hello.", ())]


async def test_an_answer_of_nothing_but_sound_that_is_none_is_lost():
    with pytest.raises(OutputLost):
        await facts_of(over(audio={"data": "!!!"}))
