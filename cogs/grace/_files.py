"""Files that people hand in: read as text, or handed on as a recording."""

from typing import Final

import discord

from bot.contract import Input
from bot.contract.penny import audio_input
from bot.errors import BadInput, TooLarge
from bot.i18n import Words

_MOST_BYTES: Final = 4 * 1024 * 1024


def is_text(attachment: discord.Attachment) -> bool:
    """Whether a file says that it is text."""
    kind = attachment.content_type or ""
    return kind.startswith("text/") or attachment.filename.endswith((".md", ".txt"))


async def read_text(attachment: discord.Attachment, words: Words) -> str:
    """A file's text.

    Raises:
        TooLarge: It is over 4 MiB.
        BadInput: It is no UTF-8 text.
    """
    content = await _read(attachment, words)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(words("grace.input.empty")) from None


def is_audio(attachment: discord.Attachment) -> bool:
    """Whether a file says that it is a recording."""
    return (attachment.content_type or "").startswith("audio/")


async def read_audio(attachment: discord.Attachment, words: Words) -> Input:
    """A recording, for the wire.

    Raises:
        TooLarge: It is over 4 MiB.
    """
    content = await _read(attachment, words)
    return audio_input(content, format=attachment.filename.rpartition(".")[2].lower())


async def _read(attachment: discord.Attachment, words: Words) -> bytes:
    if attachment.size > _MOST_BYTES:
        number, most = str(attachment.size), str(_MOST_BYTES)
        raise TooLarge(words("grace.input.too_long", number=number, most=most))
    return await attachment.read()
