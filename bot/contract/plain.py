"""An answer as a person wants to read it."""

import json

from bot.contract.envelope import Response
from bot.contract.factory import read_build


def readable(response: Response) -> str:
    """The answer as a person wants to read it: words, a build's files, else JSON."""
    built = read_build(response)
    if built is not None:
        files = (f"--- {file.name}\n{file.content.rstrip()}\n" for file in built.files)
        return "\n".join([*files, built.summary])
    data = response.output.data if response.output else None
    if isinstance(data, str | None) or (response.output and response.output.type == "text"):
        return response.text or (data if isinstance(data, str) else "")
    if response.output and response.output.text and not isinstance(data, dict | list):
        return response.output.text
    return json.dumps(data, indent=2, ensure_ascii=False)
