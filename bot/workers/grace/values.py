"""Reads JSON from a model's answer, merges it, and formats it for a person. Pure."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

_NOTHING: tuple[Any, ...] = (None, "", [], {})


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")


_JSON = json.JSONDecoder(parse_constant=_refuse)


def find_object(answer: str) -> Any:
    """Return the JSON object in an answer, whatever words or code fence surround it.

    Raises:
        ValueError: There is none, or it is cut off.
    """
    begin = answer.find("{")
    if begin < 0:
        raise ValueError("it holds no JSON object")
    try:
        value, _ = _JSON.raw_decode(answer, begin)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def merge(values: Sequence[Any]) -> Any:
    """Merge values: objects by key, lists without repeats, else the first that is not empty.

    Null and an empty string, list or object are empty. Merging a single value drops the repeats in
    its lists.
    """
    nonempty = [value for value in values if value not in _NOTHING]
    if not nonempty:
        return values[0] if values else None
    first = nonempty[0]
    if isinstance(first, dict):
        objects = [value for value in values if isinstance(value, dict)]
        keys = dict.fromkeys(key for value in objects for key in value)
        return {key: merge([o[key] for o in objects if key in o]) for key in keys}
    if isinstance(first, list):
        united: dict[str, Any] = {}
        for item in (item for value in nonempty if isinstance(value, list) for item in value):
            united.setdefault(_identity(item), item)
        return list(united.values())
    return first


def _identity(item: Any) -> str:
    """Return a key that is equal for items that a person considers equal."""
    return " ".join(json.dumps(item, sort_keys=True, ensure_ascii=False).casefold().split())


def readable(value: Any) -> str:
    """Format a JSON value as lines for a person: labels, and a dash before each list item."""
    if isinstance(value, dict) and len(value) == 1:
        return readable(next(iter(value.values())))  # a lone label adds nothing
    return "\n".join(_lines(value)) or "none"


def _lines(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _labelled(key, inner)
        case list():
            for item in value:
                yield from _item(item)
        case _:
            yield _word(value)


def _labelled(key: str, value: Any) -> Iterator[str]:
    label = key.replace("_", " ")
    label = label[:1].upper() + label[1:]
    if isinstance(value, dict | list):
        yield f"{label}:" if value else f"{label}: none"
        yield from (f"  {line}" if isinstance(value, dict) else line for line in _lines(value))
    else:
        yield f"{label}: {_word(value)}"


def _item(item: Any) -> Iterator[str]:
    """Yield the lines of an item: an object's first value, the others behind it, lists below."""
    if not isinstance(item, dict):
        inner = iter(_lines(item)) if isinstance(item, list) else iter([_word(item)])
        yield f"- {next(inner, '')}"
        yield from (f"  {line}" for line in inner)
        return
    words = {k: _word(v) for k, v in item.items() if not isinstance(v, dict | list)}
    words = {key: word for key, word in words.items() if word != _word(None)}
    head, *rest = words.items() or [("", "")]
    others = ", ".join(f"{key.replace('_', ' ')}: {word}" for key, word in rest)
    yield f"- {head[1]} ({others})" if others else f"- {head[1]}"
    for inner in item.values():
        if isinstance(inner, dict | list):
            yield from (f"  {line}" for line in _lines(inner))


def _word(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
