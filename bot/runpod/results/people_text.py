"""Makes what a service says fit for people: without secrets, and without a model's thoughts. Pure.

The one place for every door: what is shown, spoken, kept and printed has come through here.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from bot.contract import InputType, Output, Response, Status
from bot.contract.foreign import lone_words
from bot.reasoning import ReasoningFilter
from bot.redaction import StreamRedaction

_INSTEAD: Final = "[key]"
"""What people see in place of a secret."""
_TEXTS: Final = ("text", "transcript", "data")
_HEARD: Final = ("transcript", "transcription")
"""What a person said: it is not a model's answer."""
_IN_DATA: Final = ("text", "reply", "response", *_HEARD)
"""The keys where `Response.text` and `Response.transcript` look in data that is an object."""

_Place = tuple[str, ...]
"""The keys under which a text is in the output."""
_Change = Callable[[_Place, str], str]


class PartialText:
    """The texts in the partials of one job, without secrets and thoughts, wherever they are cut.

    The worker can cut a secret or a mark in two, and so can the platform, which splits large texts:
    no piece contains it, and yet a reader sees the whole.

    Args:
        secrets: Removed from every text.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secrets)
        self._streams: dict[_Place, _TextStream] = {}

    def take(self, response: Response) -> Response:
        """The next partial; text that may begin a secret or a thought is held back."""
        return _changed(response, self._fed)

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

    def _fed(self, place: _Place, text: str) -> str:
        if place not in self._streams:
            self._streams[place] = _TextStream(place, self._secrets)
        return self._streams[place].feed(text)


class _TextStream:
    """One text that comes in pieces."""

    def __init__(self, place: _Place, secrets: tuple[str, ...]) -> None:
        self._thoughts = None if place[-1] in _HEARD else ReasoningFilter()
        self._hide = StreamRedaction(secrets, instead=_INSTEAD)

    def feed(self, text: str) -> str:
        return self._hide.feed(self._thoughts.feed(text) if self._thoughts else text)

    def rest(self) -> str:
        held = self._thoughts.finish() if self._thoughts else ""
        return self._hide.feed(held) + self._hide.rest()


def without_thoughts(response: Response) -> Response:
    """A final response without a model's thoughts; its secrets are hidden where it is assembled."""
    return _changed(response, _answer_in)


def _answer_in(place: _Place, text: str) -> str:
    if place[-1] in _HEARD:
        return text
    thoughts = ReasoningFilter()
    return thoughts.feed(text) + thoughts.finish()


def _changed(response: Response, change: _Change) -> Response:
    """A response with each of its texts changed."""
    output = response.output
    if output is None:
        return response
    new: dict[str, Any] = {}
    names = ("text", "transcript") if output.type == InputType.AUDIO else _TEXTS
    for name in names:
        if isinstance(text := getattr(output, name), str):
            new[name] = change((name,), text)
    if isinstance(data := output.data, dict):
        new |= _changed_data(data, change)
    if output.audio is not None and output.audio.text is not None:
        said = change(("audio",), output.audio.text)
        new["audio"] = output.audio.model_copy(update={"text": said})
    if all(getattr(output, name) == value for name, value in new.items()):
        return response
    return response.model_copy(update={"output": output.model_copy(update=new)})


def _changed_data(data: dict[str, Any], change: _Change) -> dict[str, Any]:
    texts = {n: change(("data", n), t) for n in _IN_DATA if isinstance(t := data.get(n), str)}
    if texts:
        return {"data": {**data, **texts}}
    words = lone_words(data)
    if not words:
        return {}
    shown = change(("data",), words)
    return {} if shown == words else {"data": shown}
