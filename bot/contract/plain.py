"""An answer as a person wants to read it."""

import json

from bot.contract.envelope import Response
from bot.contract.factory import read_build


def readable(response: Response, *, limit: int | None = None) -> str:
    """The answer as a person wants to read it: words, a build's files, else JSON.

    Args:
        response: The whole of it.
        limit: The most characters; what is longer ends with an ellipsis there.
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
    return _json(data, limit)


def _json(data: object, limit: int | None) -> str:
    """A JSON value, made only as far as it is wanted: a large one takes half a second."""
    pieces: list[str] = []
    size = 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(data):
        pieces.append(piece)
        size += len(piece)
        if limit is not None and size > limit:
            break
    return "".join(pieces)
