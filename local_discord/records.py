"""What Discord holds as JSON and back: by the annotations of `values.py`, references as ids."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any, Final, TypeVar, Union

from .values import Attachment, Channel, Guild, Json, Message, User, Webhook

REFERENCED: Final = (User, Guild, Channel, Message, Webhook, Attachment)
"""Kept once each, and named elsewhere by their ids; all else is kept where it is."""
UNKEPT: Final = {
    Channel: {"messages", "typing"},
    Guild: {"channels", "voice_states"},
    Message: {"revisions", "changed"},
    Attachment: {"data"},
}
"""What is put together anew, is over by then, or (a file's bytes) is kept apart."""

T = TypeVar("T")
Known = Mapping[type, Mapping[int, Any]]
"""All objects by class and id."""


class Missing(ValueError):
    """A record names an object that is not there."""


def encoded(one: Any) -> Json:
    """An object as JSON."""
    return {name: _encode(getattr(one, name)) for name in _kept(type(one))}


def blank(kind: type[T]) -> T:
    """An object of which only the place exists yet, so that others can refer to it."""
    return object.__new__(kind)


def fill(one: Any, record: Json, known: Known) -> None:
    """Give an object what its record says.

    Raises:
        Missing: It needs an object that is not there.
        ValueError: The record is of another kind, too: TypeError, KeyError.
    """
    hints = _hints(type(one))
    kept = set(_kept(type(one)))
    for field in fields(one):
        if field.name in kept and field.name in record:
            value = _decode(hints[field.name], record[field.name], known)
        elif field.name in kept and _is_needed(field):
            raise KeyError(field.name)
        else:  # it is newer than the record, or not kept
            value = _default(field)
        setattr(one, field.name, value)


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _hints_of:  # reading them takes longer than a message does
        _hints_of[kind] = typing.get_type_hints(kind)
    return _hints_of[kind]


_hints_of: Final[dict[type, dict[str, Any]]] = {}


def _kept(kind: Any) -> list[str]:
    unkept = UNKEPT.get(kind, set())
    return [one.name for one in fields(kind) if one.name not in unkept]


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if field.default is MISSING else field.default


def _encode(value: Any) -> Any:
    if isinstance(value, REFERENCED):
        return value.id
    if is_dataclass(value):
        return encoded(value)
    if isinstance(value, Enum):
        return int(value.value)
    if isinstance(value, dict):
        return {str(key): _encode(inner) for key, inner in value.items()}
    if isinstance(value, list | set | tuple):
        return [_encode(inner) for inner in value]
    return value


def _decode(hint: Any, value: Any, known: Known) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _decode_optional(inner, value, known)
    if origin is dict:
        key, held = inner
        return {_key(key, k): _decode(held, v, known) for k, v in value.items()}
    if origin in (list, set):
        return origin(_found(inner[0], value, known))
    if origin is tuple:
        return tuple(_decode(one, v, known) for one, v in zip(inner, value, strict=True))
    if not isinstance(hint, type):
        return value
    if issubclass(hint, REFERENCED):
        return _referred(hint, value, known)
    if is_dataclass(hint):
        made = blank(hint)
        fill(made, value, known)
        return made
    return hint(value) if issubclass(hint, Enum | int | float | bool | str) else value


def _decode_optional(kinds: tuple[Any, ...], value: Any, known: Known) -> Any:
    if value is None:
        return None
    kinds = tuple(one for one in kinds if one is not types.NoneType)
    if len(kinds) > 1:
        return value  # a number or a text, which JSON tells apart
    try:
        return _decode(kinds[0], value, known)
    except Missing:
        return None


def _found(kind: Any, values: list[Any], known: Known) -> list[Any]:
    """The list without what is gone: a message's reaction of an account that was removed, say."""
    found = []
    for value in values:
        try:
            found.append(_decode(kind, value, known))
        except Missing:
            continue
    return found


def _key(kind: Any, key: str) -> Any:
    return int(key) if kind is int else key


def _referred(kind: type, number: int, known: Known) -> Any:
    try:
        return known[kind][number]
    except KeyError:
        raise Missing(f"there is no {kind.__name__} {number}") from None
