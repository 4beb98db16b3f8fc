"""Reads the pictures of a message, by their bytes, for a model that can see."""

from collections.abc import Sequence

import discord

from bot.contract.pictures import (
    MAX_PICTURE_BYTES,
    MAX_PICTURES,
    MAX_TOGETHER_BYTES,
    Picture,
    picture_of,
)
from bot.errors import SkydeckError
from bot.file_kinds import claims_picture
from bot.i18n import Words
from cogs.shared.attachments import download


def is_picture(attachment: discord.Attachment) -> bool:
    """Whether a file claims to be a picture."""
    return claims_picture(attachment.filename, attachment.content_type)


async def read_pictures(
    attachments: Sequence[discord.Attachment], words: Words
) -> tuple[list[Picture], list[discord.Attachment]]:
    """The first pictures that models read, and all the other files, which people can be told of."""
    pictures: list[Picture] = []
    others: list[discord.Attachment] = []
    left_bytes = MAX_TOGETHER_BYTES
    for one in attachments:
        picture = None
        if is_picture(one) and len(pictures) < MAX_PICTURES:
            picture = await _read(one, min(left_bytes, MAX_PICTURE_BYTES), words)
        if picture is None:
            others.append(one)
        else:
            pictures.append(picture)
            left_bytes -= one.size
    return pictures, others


async def _read(one: discord.Attachment, most_bytes: int, words: Words) -> Picture | None:
    """A picture; None: it is too large, no longer there, or none."""
    try:
        return picture_of(await download(one, most_bytes, words))
    except (SkydeckError, discord.HTTPException):
        return None
