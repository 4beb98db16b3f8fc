"""Fetching a file that Discord keeps, with a bound on what really comes.

discord.py's own `Attachment.read` takes whatever is sent, unpacked: a size that was told beforehand
binds nobody, and a packed kilobyte can hold a megabyte.
"""

import asyncio
from typing import Final

import aiohttp
import discord

from bot.runpod.results.decompression import Unpacker, Unusable

MAX_FETCH_S: Final = 60.0
"""For one try; 50 MiB come within it over 7 Mbit/s."""
_NOT_FOUND: Final = 404
_FORBIDDEN: Final = 403
_OK: Final = 200
_TURN_BYTES: Final = 1024 * 1024


class Oversized(Exception):
    """More comes than was allowed; attribute `bytes_read`: so much had come."""

    def __init__(self, bytes_read: int) -> None:
        super().__init__(f"over {bytes_read} bytes")
        self.bytes_read = bytes_read


async def fetch(attachment: discord.Attachment, most_bytes: int) -> bytes:
    """A file's bytes.

    Raises:
        Oversized: They are more than `most_bytes`; the rest was not read.
        discord.HTTPException: Discord no longer has it, or does not hand it out.
        aiohttp.ClientError, OSError, ValueError: It did not come whole.
    """
    # A session of its own: the bot's one unpacks by itself. It has no key and no cookie to tell.
    async with (
        asyncio.timeout(MAX_FETCH_S),
        aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
        ) as session,
        session.get(attachment.url) as response,
    ):
        _check(response)
        return await _read(response, most_bytes)


def _check(response: aiohttp.ClientResponse) -> None:
    match response.status:
        case status if status == _OK:
            return
        case status if status == _NOT_FOUND:
            raise discord.NotFound(response, "the file is gone")
        case status if status == _FORBIDDEN:
            raise discord.Forbidden(response, "the file is not handed out")
        case _:
            raise discord.HTTPException(response, "the file is not handed out")


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    try:
        unpacker = Unpacker(response.headers.get("Content-Encoding", ""))
        content = bytearray()
        packed = turn = 0
        async for piece in response.content.iter_any():
            packed += len(piece)
            for part in unpacker.feed(piece):
                content += part
                if max(len(content), packed) > most_bytes:
                    raise Oversized(len(content))
                turn += len(part)
                if turn >= _TURN_BYTES:
                    turn = 0
                    await asyncio.sleep(0)
        unpacker.finish()
    except Unusable as e:
        raise ValueError(str(e)) from e
    return bytes(content)
