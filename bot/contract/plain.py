"""Formats an answer for people to read."""

import json

from bot.contract.envelope import Response
from bot.contract.factory import read_build
from bot.contract.foreign import lone_words


def readable(response: Response, *, limit: int | None = None) -> str:
    """The answer for people to read: its text, a build's files, or else JSON.

    Args:
        response: The complete answer.
        limit: The maximum number of characters; an ellipsis marks a cut.
    """
    text = _readable(response, limit)
    return text if limit is None or len(text) <= limit else f"{text[:limit]} …"


def _readable(response: Response, limit: int | None) -> str:
    built = read_build(response)
    if built is not None:
        files = (f"--- {file.name}\n{file.content.rstrip()}\n" for file in built.files)
        return "\n".join([*files, built.summary])
    data = response.output.data if response.output else None
    if isinstance(data, str | None) or (response.output and response.output.type == "text"):
        return response.text or (data if isinstance(data, str) else "")
    if response.output and response.output.text and not isinstance(data, dict | list):
        return response.output.text
    words = "" if response.output and response.output.type == "json" else lone_words(data)
    return words or _json(data, limit)


def _json(data: object, limit: int | None) -> str:
    """Encode a JSON value only up to the limit: a large one takes half a second."""
    pieces: list[str] = []
    size = 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(data):
        pieces.append(piece)
        size += len(piece)
        if limit is not None and size > limit:
            break
    return "".join(pieces)
