"""Decodes base64 as services write it. Pure.

Standards: RFC 4648 (both alphabets), RFC 2045 (line ends), RFC 2397 (data URLs).
"""

import base64
import re
from typing import Final
from urllib.parse import unquote_to_bytes

_MAX_HEAD_CHARS: Final = 256
_MEDIA: Final = re.compile(r"\s*[\"']?data:(?:audio|video)/(?:x-)?([\w.+-]{1,32})", re.IGNORECASE)
_DATA_URL: Final = re.compile(r"\s*data:[^,]{0,240},", re.IGNORECASE)
_URL_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
_BLANK: Final = b" \t\r\n\v\f\0"
_QUOTED: Final = re.compile(rb"b?([\"'])(.*)\1", re.DOTALL)


def decoded(text: str) -> bytes:
    """The bytes of a base64 text.

    Line ends and white space, the URL alphabet, missing padding, several padded texts joined into
    one, quotes around it and a data URL's head are all read.

    Raises:
        ValueError: It is something else.
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return _unusual(text)


def media_subtype(text: str) -> str | None:
    """The subtype of a data URL with audio (`wav`); None for any other text."""
    found = _MEDIA.match(text[:_MAX_HEAD_CHARS])
    return found[1].lower() if found is not None else None


def _unusual(text: str) -> bytes:
    raw = text.strip().encode("ascii")
    if quoted := _QUOTED.fullmatch(raw):
        raw = quoted[2]
    head = _DATA_URL.match(raw[:_MAX_HEAD_CHARS].decode("ascii"))
    if head is not None:
        raw = raw[head.end() :]
        if ";base64" not in head[0].lower().replace(" ", ""):
            return unquote_to_bytes(raw)
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    raw = raw.replace(b"\\n", b"").replace(b"\\r", b"").translate(_URL_ALPHABET, _BLANK)
    return b"".join(map(_padded, filter(None, re.split(b"=+", raw))))


def _padded(raw: bytes) -> bytes:
    return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
