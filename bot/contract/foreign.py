"""Reads an answer in any service's own form, as the dict that the contract would have. Pure.

It knows the flat forms (`{"message": "Paris."}`, a plain string), pieces that only have to be
joined, answers within answers, OpenAI's, Anthropic's and Gemini's forms, their streamed chunks, and
server-sent events. What it does not know becomes the output's data as it is.
"""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import islice, pairwise
from typing import Any, Final

from bot.contract.base64_text import media_subtype
from bot.contract.failure import Failure
from bot.contract.foreign_status import (
    MAX_NAMES,
    by_plain_name,
    failure_of,
    plain_name,
    status_word,
)
from bot.sanitize import BYTE_ORDER_MARK, clean_excerpt
from bot.steps import Steps

WORDS_NAMES: Final = (
    *("text", "reply", "response", "answer", "message", "content", "generated_text"),
    *("output_text", "completion", "generation"),
)
"""Where services put their words, most telling first."""
_WORDS: Final = tuple(map(plain_name, WORDS_NAMES))
_CHUNK: Final = frozenset({*_WORDS, "delta"})
_PIECES: Final = ("delta", "parts", "tokens", "token", "value")
_HOLDERS: Final = (
    *("output", "outputs", "result", "results", "response", "data", "body", "candidates"),
    *("predictions", "generations", "responses"),
)
_AUDIO_NAMES: Final = ("audio", "audio_base64", "audio_b64", "audio_content", "speech")
_AUDIO: Final = tuple(map(plain_name, _AUDIO_NAMES))
_AUDIO_DATA: Final = (
    *("data", "base64", "b64", "b64json", "audio", "audiobase64", "audiob64", "content", "url"),
)
_FORMATS: Final = ("format", "audioformat", "mimetype", "contenttype", "type")
_THOUGHTS: Final = frozenset({"reasoning", "thinking", "redacted_thinking"})
_BESIDE_WORDS: Final = frozenset({
    "status", "state", "statuscode", "success", "ok", "error", "errors", "errormessage",
    "usage", "usagemetadata", "timingsms", "timings", "sequence", "id", "object", "index",
    "created", "createdat", "model", "modelversion", "role", "type", "name", "done",
    "finishreason", "stopreason", "stopsequence", "stop", "seed", "systemfingerprint",
    "servicetier", "logprobs", "refusal", "annotations", "toolcalls", "format", "audioformat",
    "mimetype", "samplerate", "sampleratehz", "duration", "durationms", "latency", "latencyms",
    "time", "elapsed", "confidence", "language", "transcript", "transcription", "cost",
    "costusd", "requestid", "version", "code", "contractversion", "contractid", "traceid",
    "msg", "prompttokens", "thinking", "reasoningcontent", "worker", "workerid", "stream",
    "last",
}) | {*_AUDIO}  # fmt: skip
"""Names of members that services write beside the words, and that add nothing to them."""
_MEASURES: Final = re.compile(
    r"(?:eval|prompt|tokens?|input|output|total|load|completion|generat|queue|inference|processing"
    r"|execution|delay|cached?|reasoning)[a-z]*(?:count|duration|tokens|latency|time|ms|seconds)"
)
"""Names of figures that servers add to an answer."""
_REASONS: Final = re.compile(r"[a-z]*(?:finish|stop|done|completion|end)[a-z]*reason")
_OUTPUT_NAMES: Final = frozenset({"data", "text", "transcript", "audio"})
_SAYS_HOW: Final = frozenset(
    {"status", "state", "statuscode", "success", "ok", "error", "errors", "usage", "sequence"}
    | {"timingsms", "contractversion", "contractid", "traceid"}
)
"""Names of members that say how a job went; everything else is its answer."""
_CONTRACT_NAMES: Final = frozenset({"status", "output", "usage", "error", "sequence", "timings_ms"})
_MAX_DEPTH: Final = 6
_MAX_NUMBER: Final = 10**18
_MAX_PARTS: Final = 20_000
_MAX_EVENTS_CHARS: Final = 256 * 1024
_VALUES_PER_STEP: Final = 100
_EVENT: Final = "data:"
_LAST_EVENT: Final = "[DONE]"


def reading(value: Any) -> Steps[dict[str, Any]]:
    """Read an answer; yields between slices of the work.

    Returns:
        A dict with the contract's fields, of which those that were there are untouched.
    """
    return (yield from _read(value, 0))


def _read(value: Any, depth: int) -> Steps[dict[str, Any]]:
    failure = failure_of(value)
    if isinstance(value, dict):
        found = yield from _of_dict(value, depth)
    elif isinstance(value, list):
        found = yield from _of_list(value, depth)
    else:
        found = {"output": _of_scalar(value)}
    return found if failure is None else _failed(found, failure)


def _failed(found: dict[str, Any], failure: Failure) -> dict[str, Any]:
    if found.get("status") == "failed" and isinstance(found.get("error"), dict):
        return found
    output = found.get("output")
    partial = words_of(output.get("data")) if isinstance(output, dict) else None
    message = failure.message or clean_excerpt(partial or "")
    if partial and clean_excerpt(partial) in message:
        # The words of a failure are not part of an answer.
        found = {n: v for n, v in found.items() if n in _CONTRACT_NAMES and n != "output"}
    error = {"code": "", "message": message, "retryable": failure.retryable}
    return {**found, "status": "failed", "error": error}


def _of_dict(value: dict[Any, Any], depth: int) -> Steps[dict[str, Any]]:
    found = {name: value[name] for name in _CONTRACT_NAMES if name in value}
    if word := status_word(value.get("status")):
        found["status"] = word
    if value.get("output") and not isinstance(value["output"], list):
        found = {**value, **found}
    output = yield from _output(value, depth)
    if output is not None or "output" in found:
        found["output"] = output
    if "usage" not in found and (usage := _usage(value)) is not None:
        found["usage"] = usage
    return found


def _output(value: dict[Any, Any], depth: int) -> Steps[Any]:
    """The output of an answer that is an object: its `output`, or the object itself without one."""
    output = value.get("output")
    if not output and not isinstance(output, bool | int | float):
        beside = {name: item for name, item in value.items() if name != "output"}
        found = yield from _flat(beside, depth)
        return found or (output if isinstance(output, dict) else _of_scalar(output))
    if isinstance(output, dict) and not _OUTPUT_NAMES.isdisjoint(output):
        return output
    if isinstance(output, dict) and _is_action(output.get("action")):
        return output
    return (yield from _held(output, {}, depth))


def _is_action(value: object) -> bool:
    """Whether it is the contract's `output.action`, which needs no words beside it."""
    return isinstance(value, dict) and "service" in value and "module" in value


def _flat(value: dict[Any, Any], depth: int) -> Steps[Any]:
    """The contract's output of an object that does not have the contract's form."""
    members = _said(value)
    words = _chunk(members)
    if words is not None:
        return _described(words, members)
    rest = [name for name, item in members.items() if not _is_beside(name, item)]
    if len(rest) == 1 and len(value) <= MAX_NAMES and rest[0] in _HOLDERS and depth < _MAX_DEPTH:
        return (yield from _held(members[rest[0]], members, depth))
    if not rest and _audio(members) is not None:
        return _described(None, members)
    kept = value if depth else {n: v for n, v in value.items() if not _says_how(n, v)}
    return {"data": kept} if kept else None


def _said(value: Mapping[Any, Any]) -> dict[str, Any]:
    """The members of an object that hold anything."""
    return {n: v for n, v in by_plain_name(value).items() if v is not None and v not in ([], {})}


def _is_beside(name: str, item: Any) -> bool:
    """Whether a member says nothing more than the words beside it."""
    if name in _BESIDE_WORDS:
        return True
    if isinstance(item, str):
        return _REASONS.fullmatch(name) is not None
    return isinstance(item, int | float) and _MEASURES.fullmatch(name) is not None


def _says_how(name: object, item: Any) -> bool:
    if name in _CONTRACT_NAMES:
        return True
    return plain_name(name) in _SAYS_HOW and not (item and isinstance(item, dict | list))


def _held(held: Any, members: Mapping[str, Any], depth: int) -> Steps[Any]:
    """The output within an object that only holds it."""
    if isinstance(held, list):
        return (yield from _of_list(held, depth + 1)).get("output")
    if not isinstance(held, dict):
        scalar = _of_scalar(held)
        return scalar if scalar is None else {**scalar, **_described(None, members)}
    if not held.keys().isdisjoint({"transcript", "audio"}) and isinstance(held.get("text"), str):
        return held
    return (yield from _flat(held, depth + 1))


def _described(words: str | None, members: Mapping[str, Any]) -> dict[str, Any]:
    """The words as an output, with what stands beside them."""
    found: dict[str, Any] = {} if words is None else {"data": words}
    heard = members.get("transcript", members.get("transcription"))
    if heard is not None:
        found["transcript"] = heard
    if isinstance(members.get("language"), str):
        found["language"] = members["language"]
    audio = _audio(members)
    if audio is not None:
        found["audio"] = audio
    return found


def _of_scalar(value: Any) -> Any:
    """The output that is a string, a number, or nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        return {"data": value}
    if media_subtype(value) is not None:
        return {"type": "audio", "audio": value}
    return {"data": _events(value) or value}


# -- lists ---------------------------------------------------------------------------------------


def _of_list(values: list[Any], depth: int = 0) -> Steps[dict[str, Any]]:
    """An answer that is a list: its pieces joined if they are pieces, else as it is."""
    if len(values) == 1 and depth < _MAX_DEPTH:
        return (yield from _of_single(values, depth))
    if all(isinstance(piece, str) for piece in values):
        return {"output": {"data": "".join(values) if _are_pieces(values) else values}}
    pieces: list[str] = []
    usage, failure = None, None
    for number, piece in enumerate(values, 1):
        broken, words = failure_of(piece), words_of_piece(piece)
        if words is None and broken is None:
            return {"output": {"data": values}}
        failure = failure or broken
        pieces.append(words or "")
        if isinstance(piece, dict):
            usage = piece.get("usage") or usage
        if number % _VALUES_PER_STEP == 0:
            yield
    joined = "".join(pieces)
    found: dict[str, Any] = {"output": {"data": joined or values}}
    found |= {} if usage is None else {"usage": usage}
    return found if failure is None else _failed(found, failure)


def _of_single(values: list[Any], depth: int) -> Steps[dict[str, Any]]:
    only = values[0]
    if isinstance(only, dict):
        found = yield from _of_dict(only, depth + 1)
        is_bare = found.get("output") == {"data": only}
        return {"output": {"data": values}} if is_bare else found
    if isinstance(only, list):
        return (yield from _of_list(only, depth + 1))
    return {"output": _of_scalar(only) if isinstance(only, str) else {"data": values}}


def _are_pieces(values: list[str]) -> bool:
    """Whether strings are pieces of one text: a list's items have no blanks at their ends."""
    inner = (a[-1:] + b[:1] for a, b in pairwise(values))
    return any(
        ends.isspace() or ends[:1].isspace() or ends[-1:].isspace() for ends in inner
    ) or any(value.startswith(_EVENT) for value in values[:1])


def words_of_piece(piece: Any) -> str | None:
    """The words of one piece of a streamed answer; empty if it has none, None if it is not one."""
    if isinstance(piece, str):
        return _events(piece) or piece
    if not isinstance(piece, dict):
        return None
    members = by_plain_name(piece)
    token = members.get("token")
    if isinstance(token, Mapping) and isinstance(token.get("text"), str):
        # Hugging Face's servers; the last piece has the whole text as well.
        return "" if token.get("special") is True else token["text"]
    words = "" if _is_thought(members) else _chunk(members)
    if words is not None:
        return words
    beside = _BESIDE_WORDS | {"choices", "delta", "content", *_WORDS}
    return "" if members.keys() <= beside else None


# -- objects -------------------------------------------------------------------------------------


def _chunk(members: Mapping[str, Any]) -> str | None:
    """The words of an object that is nothing but words; None if it holds anything else."""
    choices = members.get("choices", members.get("candidates"))
    if isinstance(choices, list):
        return words_of(choices[0]) if choices and isinstance(choices[0], Mapping) else None
    if members.keys().isdisjoint(_CHUNK):
        return None
    if not all(name in _CHUNK or _is_beside(name, item) for name, item in members.items()):
        return None
    is_number = all(isinstance(members.get(name, 0), int | float) for name in _CHUNK)
    return None if is_number else words_of(members)


def lone_words(value: Any) -> str:
    """The words of an object that is or holds nothing but words; empty if it is anything else."""
    for _ in range(_MAX_DEPTH):
        if not isinstance(value, Mapping):
            return ""
        members = _said(value)
        if words := _chunk(members):
            return words
        rest = [name for name, item in members.items() if not _is_beside(name, item)]
        if len(rest) != 1 or rest[0] not in _HOLDERS:
            return ""
        value = members[rest[0]]
        if isinstance(value, str):
            return value
    return ""


def words_of(value: Any) -> str | None:
    """The words in a text, a number, a message, its content or a list of its parts.

    Returns:
        The words; None if there are none to be found.
    """
    return _words_of(value, [_MAX_PARTS], 0)


def _words_of(value: Any, left: list[int], depth: int) -> str | None:
    """The same; `left` holds the number of values that may still be looked at."""
    left[0] -= 1
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value) if abs(value) < _MAX_NUMBER else None
    if depth >= _MAX_DEPTH or left[0] < 0:
        return None
    if isinstance(value, list):
        parts = (_words_of(item, left, depth + 1) for item in value[: left[0]])
        return "".join(filter(None, parts)) or None
    return _of_members(value, left, depth) if isinstance(value, Mapping) else None


def _of_members(value: Mapping[Any, Any], left: list[int], depth: int) -> str | None:
    members = by_plain_name(value)
    if _is_thought(members):
        return None
    for name in (*_WORDS, *_PIECES):
        words = _words_of(members[name], left, depth + 1) if name in members else None
        if words:
            return words
    sound = members.get("audio")
    heard = sound.get("transcript") if isinstance(sound, Mapping) else None
    return heard if isinstance(heard, str) else None


def _is_thought(members: Mapping[str, Any]) -> bool:
    kind = members.get("type")
    return isinstance(kind, str) and kind in _THOUGHTS


def _events(text: str) -> str | None:
    """The words in server-sent events; None if the text is something else."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    if not text.startswith(_EVENT) or len(text) > _MAX_EVENTS_CHARS:
        return None
    pieces: list[str] = []
    for line in text.splitlines():
        content = line.removeprefix(_EVENT).strip()
        if not line.startswith(_EVENT) or content == _LAST_EVENT or not content:
            continue
        try:
            words = words_of_piece(json.loads(content))
        except (ValueError, RecursionError):
            return None
        pieces.append(words or "")
    return "".join(pieces)


# -- sound ---------------------------------------------------------------------------------------


def audio_in(holder: Any) -> dict[str, Any] | None:
    """The sound in an object, in the contract's form."""
    return _audio(by_plain_name(holder)) if isinstance(holder, Mapping) else None


def _audio(members: Mapping[str, Any]) -> dict[str, Any] | None:
    for name in _AUDIO:
        found = as_audio(members.get(name))
        if found is not None:
            sound_format = found.get("format") or _first_text(members, _FORMATS[:2])
            return {**found, **({"format": sound_format} if sound_format else {})}
    choices = members.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, Mapping) else None
    return audio_in(message)


def as_audio(value: Any, depth: int = 0) -> dict[str, Any] | None:
    """Sound in any form, in the contract's; None if there is none. An address is not fetched."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        if not value.strip() or value[:8].lower().startswith(("http://", "https://")):
            return None
        subtype = media_subtype(value)
        return {"data": value, "format": subtype} if subtype else {"data": value}
    if not isinstance(value, Mapping) or depth >= _MAX_DEPTH:
        return None
    if isinstance(data := value.get("data"), str) and media_subtype(data) is None:
        is_said = bool(data.strip() or value.get("text"))  # its words count, also without sound
        return dict(value) if is_said else None
    members = by_plain_name(value)
    for name in _AUDIO_DATA:
        found = as_audio(members.get(name), depth + 1)
        if found is not None:
            said = members.get("text", members.get("transcript"))
            known = {n: v for n, v in islice(value.items(), MAX_NAMES) if plain_name(n) != name}
            return {
                **known,
                **found,
                "format": _format(members) or found.get("format"),
                "text": said,
            }
    return None


def _format(members: Mapping[str, Any]) -> str | None:
    word = _first_text(members, _FORMATS)
    return None if word is None else word.rpartition("/")[2].removeprefix("x-")


def _first_text(members: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((text for n in names if isinstance(text := members.get(n), str) and text), None)


def _usage(value: Mapping[Any, Any]) -> Any:
    """Usage that a service writes inside of its output."""
    output = value.get("output")
    if isinstance(output, list):
        output = output[-1] if output else None
    return output.get("usage") if isinstance(output, Mapping) else None
