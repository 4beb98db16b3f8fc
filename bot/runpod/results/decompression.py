"""Unpacks a body that came with a Content-Encoding, a bounded piece at a time. Pure."""

import zlib
from collections.abc import Iterator
from typing import Final

ENCODINGS: Final = "gzip, deflate"
"""What is asked for; nothing else is unpacked."""
MAX_PIECE_BYTES: Final = 256 * 1024
"""How much comes out at once; a packed kilobyte can hold a megabyte."""
_DEFLATE: Final = 8
_GZIP_BITS: Final = 31
_ZLIB_BITS: Final = 15
_RAW_BITS: Final = -15


class Unusable(Exception):
    """The body is packed in a way that was not asked for, or not whole."""


class Unpacker:
    """Undoes one encoding.

    Args:
        encoding: The value of the Content-Encoding header; empty: none.

    Raises:
        Unusable: It is several encodings, or one that was not asked for.
    """

    def __init__(self, encoding: str) -> None:
        names = [name for part in encoding.lower().split(",") if (name := part.strip())]
        names = [name.removeprefix("x-") for name in names if name != "identity"]
        if len(names) > 1 or not set(names) <= {"gzip", "deflate"}:
            raise Unusable("the answer is packed in a way that was not asked for")
        self._name = names[0] if names else ""
        self._inner: zlib._Decompress | None = None
        self._first = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take a piece as it came; gives what is in it, at most `MAX_PIECE_BYTES` at once.

        Raises:
            Unusable: It cannot be unpacked.
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
                raise Unusable("the answer cannot be unpacked") from e
            yield piece
            data = self._inner.unconsumed_tail
            if self._inner.eof:
                data = self._inner.unused_data
                if self._name == "deflate" and data:
                    raise Unusable("something follows the packed answer")
                self._inner = None  # a gzip file may have several members

    def finish(self) -> None:
        """The body is over.

        Raises:
            Unusable: It ended in the middle.
        """
        if self._inner is not None or self._first:
            raise Unusable("the packed answer broke off")

    def _bits(self, data: bytes) -> int:
        """Which form it is: `deflate` is with zlib's header by the standard, and often without."""
        if self._name == "gzip":
            return _GZIP_BITS
        has_header = data[0] & 0x0F == _DEFLATE and int.from_bytes(data[:2], "big") % 31 == 0
        return _ZLIB_BITS if has_header else _RAW_BITS
