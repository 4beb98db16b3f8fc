"""Ogg Opus: round trips, other people's files, damage."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio import ogg
from audio.codec import decode, encode
from audio.errors import AudioError

FRAME = bytes([0xF8]) + b"x" * 40  # CELT, 20 ms, mono, one frame


def toc_packets() -> st.SearchStrategy[bytes]:
    """One-frame packets of every configuration and of lengths around the lacing limit."""
    return st.builds(
        lambda config, body: bytes([config << 3]) + body,
        st.integers(0, 31),
        st.binary(max_size=600) | st.integers(250, 260).map(lambda n: b"z" * n),
    )


@given(st.lists(toc_packets(), min_size=1, max_size=120), st.integers(0, 400))
def test_what_is_muxed_comes_back(packets: list[bytes], pre_skip: int) -> None:
    stream = ogg.OpusStream(tuple(packets), 1, pre_skip, 0)
    assert ogg.demux(ogg.mux(stream)) == stream


def test_page_breaks_do_not_lose_packets_of_255_bytes() -> None:
    stream = ogg.OpusStream(tuple([b"\xf8" + b"a" * 254, FRAME] * 300))
    assert ogg.demux(ogg.mux(stream)).packets == stream.packets


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (b"\x00a", 480),
        (b"\x18a", 2880),
        (b"\x60a", 480),
        (b"\x78a", 960),
        (b"\x80a", 120),
        (b"\xf8a", 960),
        (b"\xf9a", 1920),
        (b"\xfb\x03a", 2880),
        (ogg.SILENCE_FRAME, 960),
    ],
)
def test_duration_comes_from_the_toc_byte(packet: bytes, samples: int) -> None:
    assert ogg.packet_samples(packet) == samples


@pytest.mark.parametrize("packet", [b"", b"\xfb", b"\xfb\x00", b"\x1b\x3f"])
def test_impossible_packets_are_refused(packet: bytes) -> None:
    with pytest.raises(AudioError):
        ogg.packet_samples(packet)


def test_a_damaged_page_is_named() -> None:
    data = bytearray(ogg.mux(ogg.OpusStream((FRAME,) * 10)))
    data[-3] ^= 1
    with pytest.raises(AudioError, match="Page 2"):
        ogg.demux(bytes(data))


def test_a_cut_off_file_gives_what_came_before() -> None:
    data = ogg.mux(ogg.OpusStream((FRAME,) * 200))
    assert ogg.demux(data[: len(data) // 2]).packets


@settings(max_examples=200)
@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda b: b"OggS" + b))
def test_rubbish_is_an_error_and_never_a_crash(data: bytes) -> None:
    with pytest.raises(AudioError):
        ogg.demux(data)


def test_ffmpeg_reads_what_we_write_to_the_sample(clips) -> None:
    speech = decode(clips / "jfk.flac", limit_s=60)
    stream = encode(speech, 16_000)
    assert stream.duration_ms == 11_000
    heard = decode(ogg.mux(stream), limit_s=60)
    assert len(heard) == len(speech)
    assert np.corrcoef(heard, speech)[0, 1] > 0.9


def test_joined_pieces_are_the_whole(clips) -> None:
    from audio.codec import OpusEncoder

    speech = decode(clips / "jfk.flac", limit_s=60)
    encoder = OpusEncoder(16_000)
    pieces = [encoder.encode(part) for part in np.array_split(speech, 7)]
    pieces.append(encoder.finish())
    whole, joined = encode(speech, 16_000), ogg.join(ogg.demux(ogg.mux(p)) for p in pieces[:-1])
    assert whole.packets[: len(joined.packets)] == joined.packets
    assert hashlib.sha256(ogg.mux(ogg.join(pieces))).digest() == (
        hashlib.sha256(ogg.mux(whole)).digest()
    )
