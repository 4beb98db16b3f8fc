"""The headers of WAV files."""

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.riff import PlainWav, plain_wav


def header(channels: int = 1, width: int = 2, rate_hz: int = 16_000, count: int = 8) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, width, rate_hz, 0, "NONE", ""))
        out.writeframes(bytes(channels * width * count))
    return file.getvalue()


def test_where_the_sound_is() -> None:
    assert plain_wav(header()) == PlainWav(44, 16, 1, 16_000)
    assert plain_wav(header(channels=2, rate_hz=48_000)) == PlainWav(44, 32, 2, 48_000)


def test_other_chunks_are_passed_over() -> None:
    data = header()
    tags = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # to an even length
    assert plain_wav(data[:12] + tags + data[12:]) == PlainWav(56, 16, 1, 16_000)
    assert plain_wav(data[:36] + tags + data[36:]) == PlainWav(56, 16, 1, 16_000)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_recorder_that_was_switched_off_left_no_length(size: int) -> None:
    data = header()
    assert plain_wav(data[:40] + struct.pack("<I", size) + data[44:]) == PlainWav(
        44, None, 1, 16_000
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        header(width=3),
        header(channels=6),
        header(rate_hz=1),
        header(rate_hz=4_000_000),
        header().replace(b"WAVE", b"AVI "),
        header().replace(b"fmt ", b"fmt_"),
        b"RIFX" + header()[4:],
        header()[:12] + b"data" + bytes(4) + header()[12:],
        header()[:12] + b"LIST\xff\xff\xff\xff" + header()[12:],
    ],
)
def test_what_is_not_so_plain_is_left_to_others(data: bytes) -> None:
    assert plain_wav(data) is None


@given(st.binary(max_size=200).map(lambda tail: b"RIFF\0\0\0\0WAVE" + tail))
def test_any_header_is_read_or_not(data: bytes) -> None:
    found = plain_wav(data)
    assert found is None or found.offset <= len(data)
