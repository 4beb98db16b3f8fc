"""Compressed bodies: one encoding, a bounded piece at a time."""

import gzip
import os
import zlib

import pytest

from bot.runpod.results.decompression import MAX_PIECE_BYTES, BadEncoding, Decompressor

DATA = b"some words, " * 1000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def unpacked(encoding: str, body: bytes, size: int = 7) -> bytes:
    decompressor = Decompressor(encoding)
    parts = [
        part for at in range(0, len(body), size) for part in decompressor.feed(body[at : at + size])
    ]
    decompressor.finish()
    return b"".join(parts)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", DATA),
        ("identity", DATA),
        ("gzip", gzip.compress(DATA)),
        ("X-GZIP", gzip.compress(DATA)),
        ("identity, gzip", gzip.compress(DATA)),
        ("gzip", gzip.compress(DATA[:5000]) + gzip.compress(b"") + gzip.compress(DATA[5000:])),
        ("deflate", zlib.compress(DATA)),
        ("deflate", raw_deflate(DATA)),
    ],
)
@pytest.mark.parametrize("size", [1, 100_000])
def test_what_was_asked_for(encoding, body, size):
    assert unpacked(encoding, body, size) == DATA


@pytest.mark.parametrize(
    "encoding",
    ["gzip, gzip", "gzip,deflate", "br", "zstd", "gzip, br", "compress", "\x00", "gzip;q=1"],
)
def test_what_was_not(encoding):
    with pytest.raises(BadEncoding):
        Decompressor(encoding)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(DATA)[:-1]),
        ("gzip", gzip.compress(DATA) + b"garbage"),
        ("gzip", DATA),
        ("deflate", zlib.compress(DATA) + b"more"),
        ("deflate", b"\x78"),
        ("deflate", os.urandom(64)),
    ],
)
def test_what_is_broken(encoding, body):
    with pytest.raises(BadEncoding):
        unpacked(encoding, body)


def test_no_piece_is_large():
    bomb = gzip.compress(b" " * 50_000_000)
    assert max(map(len, Decompressor("gzip").feed(bomb))) <= MAX_PIECE_BYTES
