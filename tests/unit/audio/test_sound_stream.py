"""Sound is read however a network cuts it."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.codec import wav
from audio.errors import NotAudioError
from audio.sound_stream import SoundStream

PCM = (np.sin(np.arange(3_000) / 9) * 9_000).astype(np.int16)
WAV = wav(PCM, 24_000)


def read(stream: SoundStream, data: bytes, sizes: list[int]) -> np.ndarray:
    found, at = [], 0
    for size in [*sizes, len(data)]:
        found.append(stream.feed(data[at : at + size]))
        at += size
    return np.concatenate([*found, stream.finish()])


@given(st.lists(st.integers(1, 700), max_size=20))
def test_wav_and_pcm_are_the_same_wherever_they_are_cut(sizes: list[int]):
    for stream, data in (
        (SoundStream("audio/wav"), WAV),
        (SoundStream("audio/pcm"), PCM.tobytes()),
        (SoundStream("", is_raw=True), PCM.tobytes()),
    ):
        np.testing.assert_array_equal(read(stream, data, sizes), PCM)
        assert stream.rate_hz == 24_000


@given(st.binary(max_size=300), st.lists(st.integers(1, 50), max_size=9), st.booleans())
def test_any_bytes_are_sound_a_file_or_an_error(data: bytes, sizes: list[int], is_raw: bool):
    stream = SoundStream("", is_raw=is_raw)
    with contextlib.suppress(NotAudioError):
        read(stream, data, sizes)


@pytest.mark.parametrize(
    "data", [b"<!doctype html><html>....", b'{"error": "no such voice"}', b'[{"a": 1}]......']
)
def test_text_is_not_played(data: bytes):
    with pytest.raises(NotAudioError, match="text"):
        SoundStream("audio/pcm").feed(data)


@pytest.mark.parametrize("rate", [0, 1, 4_000, 9_999_999])
def test_a_rate_that_speech_does_not_have_is_an_error(rate: int):
    with pytest.raises(NotAudioError, match=f"at {rate} Hz"):
        SoundStream(f"audio/pcm; rate={rate}").feed(PCM.tobytes())
