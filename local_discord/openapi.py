"""Holds what bots send against Discord's published description of its API (OpenAPI 3.1)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from .tolerances import TOLERANCES, Tolerance
from .values import Json

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

HERE = "urn:discord"
METHODS = ("get", "post", "put", "patch", "delete")
MAX_SHOWN = 300
"""Characters of one breach: a message says what is wrong with a value, and repeats the value."""

MAX_REMEMBERED = 64
"""Lists whose faults are known, such as all commands of a bot."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    name: str
    segments: tuple[str, ...]
    """Of the path; those in braces stand for anything."""
    query: dict[str, Json]
    body: Json | None
    required: bool
    answer: Json | None

    @property
    def open(self) -> int:
        """How many segments stand for anything: the fewer, the better a path fits."""
        return sum(segment.startswith("{") for segment in self.segments)

    def fits(self, segments: tuple[str, ...]) -> bool:
        """Whether a path is one of this operation."""
        return len(segments) == len(self.segments) and all(
            mine.startswith("{") or mine == theirs
            for mine, theirs in zip(self.segments, segments, strict=True)
        )


@dataclass(slots=True)
class Held:
    """What has been held against the description in this process."""

    operations: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    """Requests with a fault that the local Discord has refused, too: their test knows of them."""


class Description:
    """The description, with `TOLERANCES` applied and unknown fields forbidden in requests."""

    def __init__(self, document: Json, *, tolerances: Iterable[Tolerance] = TOLERANCES) -> None:
        self.held = Held()
        self._validators: dict[tuple[str, str], Draft202012Validator] = {}
        self._found: dict[str, list[str]] = {}  # by operation, part and value, of lists
        schemas: Json = document["components"]["schemas"]
        self._answers = _registry(json.loads(json.dumps(document)))
        for tolerance in tolerances:
            tolerance.widen(document)
        for name, schema in schemas.items():
            schemas[name] = _closed(schema)
        self._requests = _registry(document)
        self._operations: dict[tuple[str, int], list[Operation]] = {}
        for operation, method in _operations(document):
            key = method.upper(), len(operation.segments)
            self._operations.setdefault(key, []).append(operation)

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a request, or None: Discord has no such route."""
        segments = tuple(path.strip("/").split("/"))
        there = self._operations.get((method, len(segments)), [])
        return min((o for o in there if o.fits(segments)), key=lambda o: o.open, default=None)

    def faults(self, operation: Operation, query: dict[str, str], body: object) -> list[str]:
        """What is wrong with a request."""
        found = []
        for name, value in query.items():
            schema = operation.query.get(name)
            if schema is None:
                found.append(f"query {name}: no such parameter")
            elif (read := _from_query(value, schema)) is not None:
                found += self._wrong(operation, f"query {name}", schema, read)
        if body is None and not operation.required:
            return found
        if operation.body is None:
            return [*found, "body: this route takes none"]
        return found + self._wrong(operation, "body", operation.body, {} if body is None else body)

    def faults_of_answer(self, operation: Operation, answer: object) -> list[str]:
        """What of an answer of the local Discord differs from the description."""
        if operation.answer is None:
            return []
        return self._wrong(operation, "answer", operation.answer, answer)

    def _wrong(self, operation: Operation, part: str, schema: Json, value: object) -> list[str]:
        if not isinstance(value, list):
            return self._faults(operation, part, schema, value)
        # All commands at once: each bot with the same cogs registers the same ones, and to hold
        # them against the description takes longer than all else of a bot's start.
        key = json.dumps([operation.name, part, value])
        if key not in self._found:
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            self._found[key] = self._faults(operation, part, schema, value)
        return self._found[key]

    def _faults(self, operation: Operation, part: str, schema: Json, value: object) -> list[str]:
        key = operation.name, part
        if key not in self._validators:
            registry = self._answers if part == "answer" else self._requests
            self._validators[key] = Draft202012Validator(_rooted(schema), registry=registry)
        found = [_innermost(fault) for fault in self._validators[key].iter_errors(value)]
        return [f"{part}{f.json_path.removeprefix('$')}: {f.message[:MAX_SHOWN]}" for f in found]


def _innermost(fault: ValidationError) -> ValidationError:
    """The fault within the alternative that was meant: the one of the value's own `type`."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in fault.context or ():
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    meant = [
        faults for faults in branches.values() if not any(list(f.path) == ["type"] for f in faults)
    ]
    if len(meant) != 1:
        return fault
    return _innermost(meant[0][0])


def _registry(document: Json) -> Registry[Any]:
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(HERE, resource)
    return registry


def _rooted(schema: Any) -> Any:
    """The same with its references made into ones of the whole document."""
    if isinstance(schema, dict):
        return {
            key: f"{HERE}{value}" if key == "$ref" else _rooted(value)
            for key, value in schema.items()
        }
    return [_rooted(part) for part in schema] if isinstance(schema, list) else schema


def _operations(document: Json) -> Iterator[tuple[Operation, str]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(path, item, item[method]), method


def _operation(path: str, item: Json, details: Json) -> Operation:
    parameters = [*item.get("parameters", ()), *details.get("parameters", ())]
    body = details.get("requestBody") or {}
    kinds = body.get("content") or {}
    answers = (details["responses"].get("200") or {}).get("content") or {}
    return Operation(
        name=details["operationId"],
        segments=tuple(path.strip("/").split("/")),
        query={p["name"]: p["schema"] for p in parameters if p["in"] == "query"},
        body=_closed(_schema_of(kinds)),
        required=bool(body.get("required")),
        answer=_schema_of(answers),
    )


def _closed(schema: Json | None) -> Json | None:
    """Without further fields, where the schema names its own."""
    if schema is None or "properties" not in schema:
        return schema
    return {"additionalProperties": False} | schema


def _schema_of(kinds: Json) -> Json | None:
    """The schema of JSON; a multipart body carries the same as its `payload_json`."""
    for kind in ("application/json", "multipart/form-data"):
        if kind in kinds:
            schema: Json = kinds[kind]["schema"]
            return schema
    return None


READ: dict[str, Callable[[str], object]] = {
    "integer": int,
    "boolean": lambda value: {"true": True, "1": True, "false": False, "0": False}[value.lower()],
}


def _from_query(value: str, schema: Json) -> object:
    """A value of a query as the schema's type: all are text there, and booleans may be 1 and 0."""
    read = READ.get(str(schema.get("type")))
    try:
        return read(value) if read else value
    except (ValueError, KeyError):
        return value
