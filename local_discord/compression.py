"""Transport compression of the gateway, as the client asks for it in its address."""

from __future__ import annotations

import importlib
import zlib
from typing import Any, Protocol


class Compressor(Protocol):
    """One connection's stream: every message is flushed, so that it can be read at once."""

    def pack(self, text: str) -> str | bytes:
        """What goes into one websocket message."""


class Plain:
    """No compression: text frames."""

    def pack(self, text: str) -> str:
        """The text itself."""
        return text


class ZlibStream:
    """`zlib-stream`: one zlib context, each message ends with a sync flush (00 00 FF FF)."""

    def __init__(self) -> None:
        self._context = zlib.compressobj()

    def pack(self, text: str) -> bytes:
        """The next piece of the stream."""
        return self._context.compress(text.encode()) + self._context.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """`zstd-stream`: one zstd frame, each message is flushed as a block."""

    def __init__(self, module: Any) -> None:
        self._context = module.ZstdCompressor()
        self._flush = module.ZstdCompressor.FLUSH_BLOCK

    def pack(self, text: str) -> bytes:
        """The next piece of the stream."""
        packed: bytes = self._context.compress(text.encode(), self._flush)
        return packed


def compressor(name: str | None) -> Compressor:
    """The stream for a connection's `compress` parameter."""
    if name == "zlib-stream":
        return ZlibStream()
    if name == "zstd-stream":
        # discord.py asks for it only where one of these is installed: the standard library's
        # since 3.14, its backport before.
        for module in ("compression.zstd", "backports.zstd"):
            try:
                return ZstdStream(importlib.import_module(module))
            except ImportError:
                continue
    return Plain()
