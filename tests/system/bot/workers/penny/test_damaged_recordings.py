"""Real speech in damaged and joined files: the words that are left are understood."""

import re
from pathlib import Path

import numpy as np
import pytest

from audio import codec
from audio.samples import to_pcm
from bot.contract import Source
from bot.contract.penny import audio_input, transcribe
from tests.fakes.media_files import KINDS, written

pytestmark = pytest.mark.models

JFK = "country can do for you.*ask(?:ed)? what you can do for your country"
QUESTION = "what is the capital of france"


def spoken(path: Path, kind: str, *, rate_hz: int = 0, layout: str = "mono") -> bytes:
    """A clip of real speech, written in another format."""
    rate_hz = rate_hz or KINDS[kind][2]
    samples = to_pcm(codec.decode(path, rate_hz=rate_hz, limit_s=60))
    return written(kind, samples, rate_hz=rate_hz, layout=layout)


async def heard(penny, data: bytes) -> str:
    given = audio_input(data, format="mp3", language="en")
    responses = [one async for one in penny.handle(transcribe(given, source=Source(system="DECK")))]
    return re.sub(r"[^a-z ]", "", (responses[-1].transcript or "").lower())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"kind": "mp3", "layout": "stereo"}, {"kind": "mp3", "rate_hz": 22_050}),
        ({"kind": "mp3, 8 kHz"}, {"kind": "mp3", "layout": "stereo"}),
        ({"kind": "wav", "rate_hz": 8_000}, {"kind": "wav", "layout": "stereo"}),
        ({"kind": "opus", "layout": "stereo"}, {"kind": "opus"}),
        ({"kind": "m4a"}, {"kind": "flac", "rate_hz": 16_000}),
    ],
    ids=str,
)
async def test_all_words_of_joined_files_are_heard(penny, clips, first, second) -> None:
    data = spoken(clips / "jfk.flac", **first) + spoken(clips / "question.wav", **second)
    assert re.search(f"{JFK}.*{QUESTION}", await heard(penny, data))


@pytest.mark.parametrize("kind", ["mp3", "aac", "m4a", "amr", "flac", "opus"])
async def test_damage_in_one_place_leaves_the_other_words(penny, clips, kind: str) -> None:
    whole = spoken(clips / "jfk.flac", kind)
    at = len(whole) // 5  # before "ask not"
    noise = np.random.default_rng(3).bytes(200)
    assert re.search(JFK, await heard(penny, whole[:at] + noise + whole[at + 200 :]))
