"""JSON of any size, read in steps: no step holds the loop for long, whatever the bytes are.

A parser is C code that no other thread and no task can interrupt. So the bytes are gone through
slice by slice first: what is in strings is told apart from what is not, values are counted, and
strings of some length are cut out. What remains is small, and is parsed as one; the strings are
decoded one by one, and put back into their places.

    scan (slices of 64 KB) ─► skeleton ─► parse ─► put the strings back (some thousand at a time)

What is counted before anything is made is bounded: `MAX_VALUES` and `MAX_NUMBER_CHARS` here, the
size by whoever has read the bytes.
"""

import json
import re
import secrets
from typing import Any, Final

from pydantic_core import from_json

from bot.steps import Steps

SMALL_BYTES: Final = 32 * 1024
"""What is not longer is parsed at once."""
MAX_VALUES: Final = 100_000
"""The most values in one answer, counted by what stands before and between them: a member of an
object is two. An hour of words with their times is 90,000; making more would hold the loop."""
MAX_NUMBER_CHARS: Final = 330
"""The longest number: a double has 309 digits at most. A longer one takes quadratic time."""
MAX_WIDE_CHARS: Final = 4 * 1024 * 1024
"""The longest string that is not ASCII: each of its characters may take four bytes."""

_SLICE_BYTES: Final = 64 * 1024
_CHARS_A_VALUE: Final = 64
_SHORT_BYTES: Final = 64
"""A string that is not longer stays in the skeleton."""
_STRINGS_A_STEP: Final = 1_000
_NODES_A_STEP: Final = 2_000

_IN_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_VALUES: Final = b",:[{"
_LONG_NUMBER: Final = re.compile(rb"[^\s,:\[\]{}]{%d}" % (MAX_NUMBER_CHARS + 1))
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_HEX_DIGITS: Final = re.compile(rb"[0-9a-fA-F]{1,4}")
_CONTINUATION: Final = re.compile(rb"[\x80-\xbf]{1,3}")
_LOW_SURROGATE: Final = re.compile(rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_MARK: Final = f"\x00{secrets.token_hex(8)}:"
"""Begins what stands for a string that was cut out. It is drawn anew for each process and never
leaves it, so no service can write it."""
_MARK_BYTES: Final = _MARK.replace("\x00", "\\u0000").encode()


class TooManyValues(ValueError):
    """More values than are read, or one that is longer than is read."""


def read_json(body: bytes) -> Steps[Any]:
    """The value of a body.

    Half of a surrogate pair is legal in JSON's grammar and no text; a worker that cuts a reply in
    the middle of an emoji sends one. It becomes `?`, and must not cost the whole result.

    Raises:
        ValueError: It is not JSON, or nested too deep. `TooManyValues`: It holds too much.
    """
    if len(body) <= SMALL_BYTES:
        return _parsed(body)
    skeleton, strings = yield from _taken_apart(body)
    yield
    value = _parsed(skeleton)
    yield
    return (yield from _filled(value, strings)) if strings else value


def _parsed(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError:
        if not _SURROGATE.search(body):
            raise
    try:
        value = json.loads(body)
        return from_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deep") from None


def _taken_apart(body: bytes) -> Steps[tuple[bytes, list[str]]]:
    """The body with a mark for each string of some length, and those strings."""
    parts: list[bytes] = []
    strings: list[str] = []
    count = Count()
    place = kept = seen = 0
    while True:
        quote = yield from _next_quote(body, place, count)
        if quote < 0:
            parts.append(body[kept:])
            yield
            return b"".join(parts), strings
        end = yield from _end_of_string(body, quote + 1)
        if end < 0:
            raise ValueError("a string does not end")
        raw_size = end - quote - 1
        if raw_size > _SHORT_BYTES or b"\\u" in body[quote:end]:
            parts += (body[kept : quote + 1], _MARK_BYTES, b"%d" % len(strings))
            strings.append((yield from _text(body, quote + 1, end)))
            kept = end
        place = end + 1
        seen += 1
        if seen > 2 * MAX_VALUES:
            raise ValueError("strings with nothing between them")
        if seen % _STRINGS_A_STEP == 0:
            yield


class Count:
    """Counts the values outside of strings."""

    def __init__(self) -> None:
        self.values = 0

    def add(self, gap: bytes) -> None:
        """Take what is between two strings.

        Raises:
            TooManyValues: There are too many, or a number is too long.
        """
        # Digits and blanks take time as well: so many of them count as a value.
        self.values += len(gap) - len(gap.translate(None, _VALUES)) + len(gap) // _CHARS_A_VALUE
        if self.values > MAX_VALUES:
            raise TooManyValues(f"more than {MAX_VALUES} values")
        if len(gap) > MAX_NUMBER_CHARS and _LONG_NUMBER.search(gap):
            raise TooManyValues("a number is too long")


def _next_quote(body: bytes, place: int, count: Count) -> Steps[int]:
    """Where the next string begins; -1: nowhere."""
    begin = place
    while True:
        end = min(place + _SLICE_BYTES, len(body))
        quote = body.find(b'"', place, end)
        if quote >= 0:
            count.add(body[place:quote])
            return quote
        count.add(body[max(place - MAX_NUMBER_CHARS, begin) : end])  # a number may be parted
        if end == len(body):
            return -1
        place = end
        yield


def _end_of_string(body: bytes, place: int) -> Steps[int]:
    """Where the string that begins at `place` ends; -1: nowhere."""
    while place < len(body):
        end = min(place + _SLICE_BYTES, len(body))
        found = _IN_STRING.match(body, place, end)
        place = found.end() if found else place
        if place < end and body[place] == ord('"'):
            return place
        if place < end and end == len(body):
            return -1  # a backslash at the very end
        if end - place > 1:
            raise ValueError("a string is broken")  # pragma: no cover - the pattern takes all else
        yield
    return -1


def _text(body: bytes, begin: int, end: int) -> Steps[str]:
    """The text of the string between two places."""
    pieces: list[str] = []
    size, is_wide = 0, False
    while begin < end:
        cut = _safe_cut(body, begin, min(begin + _SLICE_BYTES, end), end)
        piece = _decoded(body[begin:cut])
        size += len(piece)
        is_wide = is_wide or not piece.isascii()
        if is_wide and size > MAX_WIDE_CHARS:
            raise TooManyValues("a text is too long")
        pieces.append(piece)
        begin = cut
        if begin < end:
            yield
    return "".join(pieces)


def _safe_cut(body: bytes, begin: int, cut: int, end: int) -> int:
    """A place near `cut` that parts no escape, no character, and no pair of surrogates."""
    if cut >= end:
        return end
    found = _IN_STRING.match(body, begin, cut)  # ends before a backslash that stands last
    cut = found.end() if found is not None and found.end() > begin else cut
    for rest in (_HEX_DIGITS, _CONTINUATION, _LOW_SURROGATE):
        more = rest.match(body, cut, end)
        cut = more.end() if more is not None else cut
    return cut


def _decoded(raw: bytes) -> str:
    quoted = b'"' + raw + b'"'
    try:
        text: str = from_json(quoted)
    except ValueError:
        if not _SURROGATE.search(raw):
            raise
        text = json.loads(quoted)
        text = text.encode("utf-8", "replace").decode()
    return text


def _filled(value: Any, strings: list[str]) -> Steps[Any]:
    """The value with the strings in the places of their marks."""
    top = [value]
    waiting: list[Any] = [top]
    seen = 0
    while waiting:
        holder = waiting.pop()
        items: Any = holder.items() if isinstance(holder, dict) else enumerate(holder)
        renamed = False
        for place, item in items:
            if isinstance(item, str):
                if item.startswith(_MARK):
                    holder[place] = strings[int(item[len(_MARK) :])]
            elif isinstance(item, dict | list):
                waiting.append(item)
            renamed = renamed or (isinstance(place, str) and place.startswith(_MARK))
            seen += 1
            if seen % _NODES_A_STEP == 0:
                yield
        if renamed:
            yield from _rename(holder, strings)
    return top[0]


def _rename(holder: dict[str, Any], strings: list[str]) -> Steps[None]:
    """Put back the names of members that were cut out, in their order."""
    members = list(holder.items())
    holder.clear()
    for number, (name, item) in enumerate(members):
        whole = strings[int(name[len(_MARK) :])] if name.startswith(_MARK) else name
        holder[whole] = item
        if number % _NODES_A_STEP == _NODES_A_STEP - 1:
            yield
