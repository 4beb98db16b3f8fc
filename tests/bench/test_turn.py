"""The local turn, warm: end of the clip to the first sound of the answer.

The peer is the same turn as these libraries give it when one calls them one after another:
faster-whisper as it comes, the whole reply, then its speech. Both in the same run, one after the
other: with both loaded each is a tenth slower, and nobody has two of them.

    make bench
"""

import asyncio
import statistics

import pytest

from audio import codec
from bot.clock import SystemClock
from bot.composition import open_services
from bot.contract import Input, Service, Source, System
from bot.contract.penny import audio_input, converse
from bot.settings import Settings
from bot.workers.penny.tts import LocalVoices
from tests.bench.peers import OneAfterAnother

QUESTIONS = [
    "What is the capital of France?",
    "How many days are there in a week?",
    "Who wrote the play Hamlet?",
    "Which planet is closest to the sun?",
    "What color is the sky on a clear day?",
    "What is the largest ocean on earth?",
]
ROUNDS = 4
PAUSE_S = 0.5
"""Between turns, for both: people leave more, and idle threads of the turn before stop spinning."""
TARGET_S = 0.8

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]


async def record(voices: LocalVoices) -> list[Input]:
    """The questions, spoken by Piper, as clips."""
    clips = []
    for question in QUESTIONS:
        samples, rate_hz = await voices.synthesize(question, language="en", voice=None)
        clips.append(audio_input(codec.wav(samples, rate_hz), format="wav", language="en"))
    return clips


async def ours(client, clip: Input, clock: SystemClock) -> float:
    """Seconds from handing the clip in to the first piece of speech, over the loopback server."""
    started = clock.now()
    request = converse(clip, source=Source(system=System.DECK))
    first = None
    async with client.submit(request) as updates:
        async for update in updates:
            if first is None and update.response is not None and update.response.audio is not None:
                first = clock.now() - started
    assert first is not None
    return first


async def test_end_of_clip_to_first_audio(weights, capsys: pytest.CaptureFixture[str]) -> None:
    clock = SystemClock()
    voices = LocalVoices(weights)
    clips = await record(voices)
    await voices.close()
    figures: dict[str, list[float]] = {"skydeck": [], "one after another": []}
    async with open_services(
        Settings(_env_file=None),
        fetch=lambda store, names: store.ensure(names),
        only={Service.PENNY},
    ) as services:
        await ours(services.client, clips[0], clock)
        for clip in clips * ROUNDS:
            await asyncio.sleep(PAUSE_S)
            figures["skydeck"].append(await ours(services.client, clip, clock))
    peer = OneAfterAnother(weights)
    await peer.turn(clips[0], clock)
    for clip in clips * ROUNDS:
        await asyncio.sleep(PAUSE_S)
        figures["one after another"].append((await peer.turn(clip, clock)).total_s)
    await peer.close()
    report(figures, capsys)


def report(figures: dict[str, list[float]], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nEnd of clip to first audio, warm, {len(figures['skydeck'])} turns each (s)")
        for name, seconds in figures.items():
            worst = statistics.quantiles(seconds, n=20)[-1]
            print(f"  {name:20} median {statistics.median(seconds):.2f}   p95 {worst:.2f}")
        ratio = statistics.median(figures["one after another"]) / statistics.median(
            figures["skydeck"]
        )
        print(f"  skydeck answers {ratio:.2f} times as soon (target: median {TARGET_S} s)")
