"""Ogg Opus: round trips, other people's files, damage."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio import ogg
from audio.codec import decode, encode
from audio.errors import AudioError
from audio.silence_frames import SILENCE_FRAME

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
        (SILENCE_FRAME, 960),
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


def test_what_is_encoded_is_decoded_to_the_sample(clips) -> None:
    speech = decode(clips / "question.wav", limit_s=60)
    heard = decode(ogg.mux(encode(speech, 16_000)), limit_s=60)
    assert len(heard) == len(speech)
    assert np.corrcoef(heard, speech)[0, 1] > 0.9


def test_the_checksum_is_that_of_rfc_3533() -> None:
    """Bit by bit, as the RFC has it."""
    for page in (b"", b"\0", b"OggS", bytes(range(256)) * 3):
        register = 0
        for byte in page:
            register ^= byte << 24
            for _ in range(8):
                register = register << 1 ^ (0x104C11DB7 if register & 0x80000000 else 0)
        assert ogg._crc(page) == register


def test_a_packet_that_never_ends_is_refused_at_once() -> None:
    head = ogg.mux(ogg.OpusStream((FRAME,)))
    body = bytes(255 * 255)
    page = ogg._HEADER.pack(b"OggS", 0, 1, -1, 1, 9, 0, 255) + b"\xff" * 255 + body
    with pytest.raises(AudioError, match="too large"):
        ogg.demux(head + page * 40, check_crc=False)


def test_many_tiny_packets_are_not_taken_for_ever(monkeypatch) -> None:
    monkeypatch.setattr(ogg, "MAX_STREAM_S", 1)
    with pytest.raises(AudioError, match="too long"):
        ogg.demux(ogg.mux(ogg.OpusStream((b"\xe0",) * 600)))  # 2.5 ms each


def test_a_picture_among_the_comments_is_passed_over() -> None:
    whole = ogg.mux(ogg.OpusStream((FRAME,) * 3))
    first = whole.index(b"OggS", 4)
    second = whole.index(b"OggS", first + 4)
    cover = b"".join(
        ogg._HEADER.pack(b"OggS", 0, flag, -1, 1, 1, 0, 255) + b"\xff" * 255 + bytes(255 * 255)
        for flag in (0, 1, 1)
    )
    last = ogg._HEADER.pack(b"OggS", 0, 1, 0, 1, 1, 0, 1) + b"\x05" + bytes(5)
    data = whole[:first] + cover + last + whole[second:]
    assert ogg.demux(data, check_crc=False).packets == (FRAME,) * 3


@pytest.mark.parametrize(("at", "value"), [(18, 1), (16, 9)], ids=["surround", "gain"])
def test_what_packets_alone_do_not_tell_is_left_to_others(at: int, value: int) -> None:
    data = bytearray(ogg.mux(ogg.OpusStream((FRAME,))))
    data[data.index(b"OpusHead") + at] = value
    with pytest.raises(AudioError, match="plain"):
        ogg.demux(bytes(data), check_crc=False)


def test_joined_pieces_are_the_whole(clips) -> None:
    from audio.codec import OpusEncoder

    speech = decode(clips / "question.wav", limit_s=60)
    encoder = OpusEncoder(16_000)
    pieces = [encoder.encode(part) for part in np.array_split(speech, 7)]
    pieces.append(encoder.finish())
    whole, joined = encode(speech, 16_000), ogg.join(ogg.demux(ogg.mux(p)) for p in pieces[:-1])
    assert whole.packets[: len(joined.packets)] == joined.packets
    assert hashlib.sha256(ogg.mux(ogg.join(pieces))).digest() == (
        hashlib.sha256(ogg.mux(whole)).digest()
    )
