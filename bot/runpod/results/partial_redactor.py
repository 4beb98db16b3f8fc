"""Removes secrets from partials, even a secret that is cut across several of them. Pure.

The worker can cut a secret in two, and so can the platform, which splits large texts: no piece
contains it, and yet a reader sees the whole.
"""

from collections.abc import Iterable
from typing import Any, Final

from bot.contract import InputType, Output, Response, Status
from bot.contract.foreign import lone_words
from bot.redaction import StreamRedaction

INSTEAD: Final = "[key]"
_TEXTS: Final = ("text", "transcript", "data")
_IN_DATA: Final = ("text", "reply", "response", "transcript", "transcription")
"""The keys where `Response.text` and `Response.transcript` look in data that is an object."""


class PartialRedactor:
    """Redacts the partials of one job."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secrets)
        self._streams: dict[tuple[str, ...], StreamRedaction] = {}

    def redact(self, response: Response) -> Response:
        """The next partial without secrets; text that may begin one is held back."""
        output = response.output
        if output is None or not self._secrets:
            return response
        changed: dict[str, Any] = {}
        for name in _TEXTS if output.type != InputType.AUDIO else ("text", "transcript"):
            if isinstance(text := getattr(output, name), str):
                changed[name] = self._fed((name,), text)
        if isinstance(data := output.data, dict):
            texts = {
                n: self._fed(("data", n), t) for n in _IN_DATA if isinstance(t := data.get(n), str)
            }
            changed["data"] = {**data, **texts}
            if not texts and (words := lone_words(data)):
                changed["data"] = self._fed(("data",), words)
        if output.audio is not None and output.audio.text is not None:
            said = self._fed(("audio",), output.audio.text)
            changed["audio"] = output.audio.model_copy(update={"text": said})
        return response.model_copy(update={"output": output.model_copy(update=changed)})

    def rest(self) -> Response | None:
        """A last partial with the text that was held back, if there is any."""
        output: dict[str, Any] = {}
        for place, stream in self._streams.items():
            text = stream.rest()
            if text and place[0] == "data" and len(place) > 1:
                output.setdefault("data", {})[place[1]] = text
            elif text and place[0] != "audio":  # the sound itself was not held back
                output[place[0]] = text
        return Response(status=Status.PARTIAL, output=Output(**output)) if output else None

    def _fed(self, place: tuple[str, ...], text: str) -> str:
        stream = self._streams.setdefault(place, StreamRedaction(self._secrets, instead=INSTEAD))
        return stream.feed(text)
