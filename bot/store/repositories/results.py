"""The format of kept results: compressed JSON. Pure."""

import json
import zlib
from typing import Final

from pydantic import JsonValue

from bot.errors import TooLarge

MAX_RESULT_BYTES: Final = 16 * 1024 * 1024
"""The largest packed result. A Discord message takes files of 10 MiB."""
MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024
_LEVEL: Final = 6


def pack(document: JsonValue) -> bytes:
    """The bytes for the journal.

    Raises:
        TooLarge: There are more than `MAX_RESULT_BYTES`.
    """
    packed = zlib.compress(json.dumps(document, ensure_ascii=True).encode(), _LEVEL)
    if len(packed) > MAX_RESULT_BYTES:
        raise TooLarge(f"A result of at most {MAX_RESULT_BYTES} bytes is kept.")
    return packed


def unpack(packed: bytes) -> JsonValue:
    """The document in those bytes.

    Raises:
        ValueError: `pack` did not make them, or the document is larger than any result.
    """
    opened = zlib.decompressobj()
    try:
        plain = opened.decompress(packed, MAX_UNPACKED_BYTES)
    except zlib.error as e:
        raise ValueError("no packed result") from e
    if not opened.eof:
        raise ValueError("a packed result that is cut short, or too large")
    document: JsonValue = json.loads(plain)
    return document
