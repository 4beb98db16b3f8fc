"""Downloads a file from Discord, with a limit on the bytes that really arrive.

discord.py's own `Attachment.read` takes everything that is sent, and decompresses it: the reported
size is not binding, and a compressed kilobyte can contain a megabyte.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
import discord

from bot.file_kinds import HEAD_BYTES
from bot.proxies import proxy_for
from bot.runpod.results.decompression import BadEncoding, Decompressor

MAX_FETCH_S: Final = 60.0
"""Timeout of one attempt; 50 MiB take that long at 7 Mbit/s."""
_NOT_FOUND: Final = 404
_FORBIDDEN: Final = 403
_OK: Final = 200
_TURN_BYTES: Final = 1024 * 1024


class Oversized(Exception):
    """More bytes arrived than allowed; `bytes_read` of them were read."""

    def __init__(self, bytes_read: int) -> None:
        super().__init__(f"over {bytes_read} bytes")
        self.bytes_read = bytes_read


Judge = Callable[[bytes], int]
"""Given the start of a file, how many bytes of it to read at most."""


async def fetch(
    attachment: discord.Attachment, most_bytes: int, *, judge: Judge | None = None
) -> bytes:
    """Download a file.

    Args:
        attachment: The file.
        most_bytes: How many bytes to read at most.
        judge: May lower that, once `HEAD_BYTES` have arrived.

    Raises:
        Oversized: It has more; the rest was not read.
        discord.HTTPException: Discord no longer has it, or refuses it.
        aiohttp.ClientError, OSError, ValueError: It arrived incomplete.
    """
    # A session of its own, without keys and cookies: the bot's session decompresses by itself.
    async with (
        asyncio.timeout(MAX_FETCH_S),
        aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
        ) as session,
        session.get(attachment.url, proxy=proxy_for(attachment.url)) as response,
    ):
        _check(response)
        return await _read(response, most_bytes, judge)


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


async def _read(
    response: aiohttp.ClientResponse, most_bytes: int, judge: Judge | None = None
) -> bytes:
    try:
        decompressor = Decompressor(response.headers.get("Content-Encoding", ""))
        content = bytearray()
        packed = turn = 0
        async for piece in response.content.iter_any():
            packed += len(piece)
            for part in decompressor.feed(piece):
                content += part
                if judge is not None and len(content) >= HEAD_BYTES:
                    most_bytes = min(most_bytes, judge(bytes(content[:HEAD_BYTES])))
                    judge = None
                if max(len(content), packed) > most_bytes:
                    raise Oversized(len(content))
                turn += len(part)
                if turn >= _TURN_BYTES:
                    turn = 0
                    await asyncio.sleep(0)
        decompressor.finish()
    except BadEncoding as e:
        raise ValueError(str(e)) from e
    return bytes(content)
