"""A JSON result as Markdown for people: labels, lists, small tables. Bounded, and pure.

Lists are shown in full where they fit; the rest is counted, and is in the attached file.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from cogs.shared.markdown import escaped

MAX_CHARS: Final = 3_600
"""A result stays within two messages."""
MAX_ITEMS: Final = 40
MAX_DEPTH: Final = 4
"""How deep lists are nested; what is deeper is shown as JSON."""
CELL_CHARS: Final = 24
TABLE_CHARS: Final = 56
"""The widest code block that a phone shows without wrapping."""
MIN_ROWS: Final = 2
SCALAR_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Readable:
    """A value as Markdown."""

    text: str
    is_whole: bool


Label = Callable[[str], str]
"""The label of a key."""
More = Callable[[int], str]
"""The text for a number of omitted items."""


def readable(value: Any, *, label: Label, more: More, nothing: str) -> Readable:
    """Show a JSON value.

    Args:
        value: The value from a service.
        label: Gives the label of a key.
        more: Gives the text for a number of omitted items.
        nothing: The text for an empty value.

    Returns:
        Markdown of at most `MAX_CHARS` characters, and a line about what was omitted.
    """
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))  # a label alone says nothing
    if _is_empty(value):
        return Readable(nothing, is_whole=True)
    left_out: list[int] = []

    def told(number: int) -> str:
        left_out.append(number)
        return more(number)

    text = _bounded(list(_Writer(label, told, nothing).blocks(value)), told)
    return Readable(text, is_whole=not left_out and _is_small(value))


def _is_small(value: Any) -> bool:
    """Whether no text of a value is cut, and no list in it is too deep for lines."""
    level, depth = [value], 0
    while level:
        inside: list[Any] = []
        for one in level:
            if isinstance(one, str) and len(one.strip()) > SCALAR_CHARS:
                return False
            if isinstance(one, dict | list):
                inside += one.values() if isinstance(one, dict) else one
        level, depth = inside, depth + 1
        if depth > MAX_DEPTH and any(isinstance(one, dict | list) for one in level):
            return False
    return True


def plain_label(key: str) -> str:
    """The label of an unknown key: `due_date` is "Due date"."""
    words = " ".join(key.replace("_", " ").split()) or key
    return words[:1].upper() + words[1:80]


@dataclass(frozen=True, slots=True)
class _Writer:
    label: Label
    more: More
    nothing: str

    def blocks(self, value: Any) -> Iterator[str]:
        """Pieces that are never cut in two."""
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from self._field(str(key), inner)
        elif _are_rows(value):
            yield from self._rows(value)
        elif isinstance(value, list):
            yield from self._items(value, 0)
        else:
            yield self._word(value)

    def _field(self, key: str, value: Any) -> Iterator[str]:
        name = escaped(self.label(key))
        if _is_empty(value):
            yield f"**{name}:** —"
        elif isinstance(value, dict | list):
            yield f"**{name}**"
            yield from self._rows(value) if _are_rows(value) else self._items(value, 0)
        else:
            yield f"**{name}:** {self._named_word(key, value)}"

    def _rows(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        table = _table(rows[:MAX_ITEMS], self.label, _one_line)
        if table is None:
            yield from self._items(list(rows), 0)
            return
        yield table
        if len(rows) > MAX_ITEMS:
            yield self.more(len(rows) - MAX_ITEMS)

    def _items(self, value: Any, depth: int) -> Iterator[str]:
        if depth >= MAX_DEPTH:
            yield f"{'  ' * depth}- `{_one_line(json.dumps(value, ensure_ascii=False))}`"
            return
        if isinstance(value, dict):
            entries = [self._entry(key, inner, depth) for key, inner in value.items()]
        else:
            entries = [self._item(inner, depth) for inner in value[:MAX_ITEMS]]
        for entry in entries:
            yield from entry
        if len(value) > MAX_ITEMS and isinstance(value, list):
            yield f"{'  ' * depth}- {self.more(len(value) - MAX_ITEMS)}"

    def _entry(self, key: str, value: Any, depth: int) -> Iterator[str]:
        margin = "  " * depth
        name = escaped(self.label(key))
        if isinstance(value, dict | list) and value:
            yield f"{margin}- **{name}**"
            yield from self._items(value, depth + 1)
        else:
            yield f"{margin}- **{name}:** {self._named_word(key, value)}"

    def _item(self, value: Any, depth: int) -> Iterator[str]:
        """An object as its first text, with its other values and lists below."""
        margin = "  " * depth
        if isinstance(value, list):
            yield from self._items(value, depth + 1)
        elif isinstance(value, dict):
            said = [(str(k), v) for k, v in value.items() if not _is_empty(v)]
            if not said:
                return
            (key, head), *rest = said
            if isinstance(head, dict | list):
                yield from self._entry(key, head, depth)
            else:
                yield f"{margin}- {_strong(self._named_word(key, head))}"
            yield from self._below(rest, depth + 1)
        else:
            yield f"{margin}- {self._word(value)}"

    def _below(self, rest: list[tuple[str, Any]], depth: int) -> Iterator[str]:
        if len(rest) == 1 and isinstance(rest[0][1], list):
            yield from self._items(rest[0][1], depth)  # they clearly belong to the line above
            return
        for name, value in rest:
            yield from self._entry(name, value, depth)

    def _named_word(self, key: str, value: Any) -> str:
        if key == "code" and isinstance(value, str) and value.strip():
            return f"`{_one_line(value)}`"
        return self._word(value)

    @staticmethod
    def _word(value: Any) -> str:
        match value:
            case None | "":
                return "—"
            case bool():
                return "✓" if value else "✗"
            case str():
                return escaped(value[: 2 * SCALAR_CHARS].strip()[:SCALAR_CHARS])
            case _:
                return escaped(str(value)[:SCALAR_CHARS])


def _strong(word: str) -> str:
    return word if word.startswith("`") else f"**{word}**"


def _bounded(blocks: list[str], more: More) -> str:
    kept: list[str] = []
    room = MAX_CHARS
    for block in blocks:
        room -= len(block) + 1
        if room < 0:
            kept.append(more(len(blocks) - len(kept)))
            break
        kept.append(block)
    return "\n".join(kept)


def _is_empty(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_empty(inner) for inner in value.values())
    return value is None or value in ([], "")


def _are_rows(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return (
        isinstance(value, list)
        and len(value) >= MIN_ROWS
        and all(isinstance(row, dict) and row for row in value)
    )


def _table(
    rows: Sequence[Mapping[str, Any]], label: Label, word: Callable[[Any], str]
) -> str | None:
    """A table in a code block; None if it would not fit, or if a cell is not plain text."""
    keys = list(dict.fromkeys(str(key) for row in rows for key in row))
    if any(isinstance(cell, dict | list) for row in rows for cell in row.values()):
        return None
    lines = [[label(key) for key in keys]]
    lines += [["" if row.get(k) is None else word(row[k]) for k in keys] for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(keys))]
    if max(widths) > CELL_CHARS or sum(widths) + 2 * (len(widths) - 1) > TABLE_CHARS:
        return None
    head, *body = [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines
    ]
    rule = "  ".join("─" * width for width in widths)
    shown = "\n".join(line.rstrip() for line in [head, rule, *body])
    return f"```\n{shown}\n```"


def _one_line(value: Any) -> str:
    """Text for a code block: without line ends and backticks."""
    return " ".join(str(value)[:3_000].split()).replace("`", "'")[:300]
