"""Decompresses a body with a Content-Encoding, a bounded piece at a time. Pure."""

import zlib
from collections.abc import Iterator
from typing import Final

ENCODINGS: Final = "gzip, deflate"
"""What requests accept; nothing else is decompressed."""
MAX_PIECE_BYTES: Final = 256 * 1024
"""The most that comes out at once; a compressed kilobyte can hold a megabyte."""
_DEFLATE: Final = 8
_GZIP_BITS: Final = 31
_ZLIB_BITS: Final = 15
_RAW_BITS: Final = -15


class BadEncoding(Exception):
    """The body has an encoding that was not accepted, or is damaged or incomplete."""


class Decompressor:
    """Undoes one encoding.

    Args:
        encoding: The Content-Encoding header; empty if there is none.

    Raises:
        BadEncoding: It names several encodings, or one that was not accepted.
    """

    def __init__(self, encoding: str) -> None:
        names = [name for part in encoding.lower().split(",") if (name := part.strip())]
        names = [name.removeprefix("x-") for name in names if name != "identity"]
        if len(names) > 1 or not set(names) <= {"gzip", "deflate"}:
            raise BadEncoding("the answer has an encoding that was not asked for")
        self._name = names[0] if names else ""
        self._inner: zlib._Decompress | None = None
        self._first = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress the next piece, into pieces of at most `MAX_PIECE_BYTES`.

        Raises:
            BadEncoding: It cannot be decompressed.
        """
        if not self._name:
            yield data
            return
        while data:
            if self._inner is None:
                data = self._first + data
                if self._name == "deflate" and len(data) < 2:  # noqa: PLR2004 - zlib's header
                    self._first = data
                    return
                self._inner, self._first = zlib.decompressobj(self._bits(data)), b""
            try:
                piece = self._inner.decompress(data, MAX_PIECE_BYTES)
            except zlib.error as e:
                raise BadEncoding("the answer cannot be decompressed") from e
            yield piece
            data = self._inner.unconsumed_tail
            if self._inner.eof:
                data = self._inner.unused_data
                if self._name == "deflate" and data:
                    raise BadEncoding("something follows the compressed answer")
                self._inner = None  # a gzip file may have several members

    def finish(self) -> None:
        """End the body.

        Raises:
            BadEncoding: It is incomplete.
        """
        if self._inner is not None or self._first:
            raise BadEncoding("the compressed answer is incomplete")

    def _bits(self, data: bytes) -> int:
        """The form of the data: `deflate` has a zlib header by the standard, but often has none."""
        if self._name == "gzip":
            return _GZIP_BITS
        has_header = data[0] & 0x0F == _DEFLATE and int.from_bytes(data[:2], "big") % 31 == 0
        return _ZLIB_BITS if has_header else _RAW_BITS
