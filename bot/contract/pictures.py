"""Pictures that come with a question: Penny's parameter `pictures`. Pure.

A model that can see gets them; for any other, the question names them.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError

from bot.contract.envelope import Request, Wire
from bot.errors import BadInput, TooLarge

MAX_PICTURES: Final = 3
MAX_PICTURE_BYTES: Final = 3 * 1024 * 1024
"""Anthropic takes 5 MB of base64 for one."""
MAX_TOGETHER_BYTES: Final = 5 * 1024 * 1024
"""In base64 it is below RunPod's limit of one submission, with room for a conversation."""

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_RIFF, _WEBP, _WEBP_AT = b"RIFF", b"WEBP", 8


class Picture(Wire):
    """A picture: base64 of a PNG, JPEG, GIF or WebP file."""

    media_type: str
    data: str


def picture_type(content: bytes) -> str | None:
    """The media type of a picture, by its bytes; None: models read no such pictures."""
    for signature, media_type in _SIGNATURES:
        if content.startswith(signature):
            return media_type
    is_webp = content.startswith(_RIFF) and content[_WEBP_AT:].startswith(_WEBP)
    return "image/webp" if is_webp else None


def picture_of(content: bytes) -> Picture | None:
    """A picture for the wire; None: it is none that models read."""
    media_type = picture_type(content)
    if media_type is None or len(content) > MAX_PICTURE_BYTES:
        return None
    return Picture(media_type=media_type, data=base64.b64encode(content).decode())


def pictures_param(pictures: Sequence[Picture]) -> dict[str, Any]:
    """The parameter of a question with these pictures; empty for none."""
    return {"pictures": [one.to_wire() for one in pictures]} if pictures else {}


def pictures_in(request: Request) -> tuple[Picture, ...]:
    """The pictures of a question; their types are those of their bytes.

    Raises:
        BadInput: One is no picture that models read.
        TooLarge: They are too many, or too large.
    """
    given = request.option("pictures") or []
    if not isinstance(given, list):
        raise BadInput("pictures must be a list of objects with base64 in data.")
    if len(given) > MAX_PICTURES:
        raise TooLarge(f"There are {len(given)} pictures; the limit is {MAX_PICTURES}.")
    return tuple(_read(one) for one in given)


def _read(given: object) -> Picture:
    try:
        data = Picture.model_validate(given).data
        content = base64.b64decode(data, validate=True)
    except (ValidationError, binascii.Error, ValueError):
        raise BadInput("A picture must be an object with base64 in data.") from None
    if len(content) > MAX_PICTURE_BYTES:
        raise TooLarge(f"A picture takes at most {MAX_PICTURE_BYTES // 2**20} MiB.")
    found = picture_of(content)
    if found is None:
        raise BadInput("A picture must be a PNG, JPEG, GIF or WebP file.")
    return found
