"""Parses JSON of any size in steps, so that no step blocks the event loop for long.

A parser is C code that no thread and no task can interrupt. Therefore we first scan the bytes in
slices: we find the strings, count the values, and cut out long strings. The rest is small and is
parsed in one go; then we decode the strings one by one and put them back.

    scan (slices of 64 KB) ─► skeleton ─► parse ─► put the strings back (a few thousand at a time)

The scan enforces `MAX_VALUES` and `MAX_NUMBER_CHARS` before anything is built. The caller bounds
the size of the body.
"""

import codecs
import json
import re
import secrets
from typing import Any, Final

from pydantic_core import from_json

from bot.steps import Steps

SMALL_BYTES: Final = 32 * 1024
"""Bodies up to this size are parsed in one go."""
MAX_VALUES: Final = 100_000
"""Values per answer, counted by the delimiters: an object member counts as two. An hour of words
with timestamps has 90,000; building more would block the loop."""
MAX_NUMBER_CHARS: Final = 330
"""A double has at most 309 digits; parsing longer numbers takes quadratic time."""
MAX_WIDE_CHARS: Final = 4 * 1024 * 1024
"""The limit for non-ASCII strings, whose characters can take four bytes each."""

_SLICE_BYTES: Final = 64 * 1024
_CHARS_A_VALUE: Final = 64
_SHORT_BYTES: Final = 64
"""Strings up to this size stay in the skeleton."""
_STRINGS_A_STEP: Final = 1_000
_NODES_A_STEP: Final = 2_000

_IN_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SHORT_STRINGS: Final = re.compile(
    rb'(?:[^"]{0,%d}+"[^"\\]{0,%d}+"){1,%d}' % (_CHARS_A_VALUE - 1, _SHORT_BYTES, _STRINGS_A_STEP)
)
"""Strings that stay in the skeleton, and what is before each: as many as one step takes."""
_STRING: Final = re.compile(rb'"[^"]*+"')
_VALUES: Final = b",:[{"
_LONG_NUMBER: Final = re.compile(rb"(?<![^\s,:\[\]{}])[^\s,:\[\]{}]{%d}" % (MAX_NUMBER_CHARS + 1))
"""Tried only where a number begins: tried at each digit, it takes quadratic time."""
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_HEX_DIGITS: Final = re.compile(rb"[0-9a-fA-F]{1,4}")
_CONTINUATION: Final = re.compile(rb"[\x80-\xbf]{1,3}")
_LOW_SURROGATE: Final = re.compile(rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_PLACEHOLDER: Final = f"\x00{secrets.token_hex(8)}:"
"""The prefix of a placeholder for a cut-out string. It is random in each process and stays there,
so no service can forge one."""
_PLACEHOLDER_BYTES: Final = _PLACEHOLDER.replace("\x00", "\\u0000").encode()


class TooManyValues(ValueError):
    """Too many values, or one that is too long."""


def read_json(body: bytes) -> Steps[Any]:
    """Parse a body.

    JSON's grammar allows half a surrogate pair, which is not valid text; a worker that cuts a reply
    inside an emoji sends one. It becomes `?` so that the rest of the result is not lost.

    Raises:
        ValueError: The body is not JSON, or nested too deep. `TooManyValues`: It is too large.
    """
    body = without_mark(body)
    if len(body) <= SMALL_BYTES:
        return _parsed(body)
    skeleton, strings = yield from _taken_apart(body)
    yield
    value = _parsed(skeleton)
    yield
    return (yield from _filled(value, strings)) if strings else value


def without_mark(body: bytes) -> bytes:
    """A body without a byte order mark, which servers on Windows write before JSON."""
    return body.removeprefix(codecs.BOM_UTF8)


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
    """The body with a placeholder for each long string, and those strings."""
    parts: list[bytes] = []
    strings: list[str] = []
    count = Count()
    place = kept = seen = 0
    while True:
        if run := _SHORT_STRINGS.match(body, place):  # most strings: not one by one
            between, several = _STRING.subn(b"", run.group())
            count.add_delimiters(between)
            place = run.end()
        else:
            several = 1
            quote = yield from _next_quote(body, place, count)
            if quote < 0:
                parts.append(body[kept:])
                yield
                return b"".join(parts), strings
            end = yield from _end_of_string(body, quote + 1)
            if end < 0:
                raise ValueError("an unterminated string")
            raw_size = end - quote - 1
            if raw_size > _SHORT_BYTES or b"\\u" in body[quote:end]:
                parts += (body[kept : quote + 1], _PLACEHOLDER_BYTES, b"%d" % len(strings))
                strings.append((yield from _text(body, quote + 1, end)))
                kept = end
            place = end + 1
        steps = seen // _STRINGS_A_STEP
        seen += several
        if seen > 2 * MAX_VALUES:
            raise ValueError("strings without delimiters")
        if seen // _STRINGS_A_STEP > steps:
            yield


class Count:
    """Counts the values outside of strings."""

    def __init__(self) -> None:
        self.values = 0

    def add(self, gap: bytes) -> None:
        """Count the values between two strings.

        Raises:
            TooManyValues: There are too many, or a number is too long.
        """
        # Digits and blanks take time too, so each run of _CHARS_A_VALUE counts as a value.
        self.values += len(gap) // _CHARS_A_VALUE
        self.add_delimiters(gap)
        if len(gap) > MAX_NUMBER_CHARS and _LONG_NUMBER.search(gap):
            raise TooManyValues("a number is too long")

    def add_delimiters(self, gap: bytes) -> None:
        """Count the values by their delimiters alone: the gap is short, or several short ones.

        Raises:
            TooManyValues: There are too many.
        """
        self.values += len(gap) - len(gap.translate(None, _VALUES))
        if self.values > MAX_VALUES:
            raise TooManyValues(f"more than {MAX_VALUES} values")


def _next_quote(body: bytes, place: int, count: Count) -> Steps[int]:
    """The position of the next opening quote, or -1."""
    begin = place
    while True:
        end = min(place + _SLICE_BYTES, len(body))
        quote = body.find(b'"', place, end)
        if quote >= 0:
            count.add(body[place:quote])
            return quote
        count.add(body[max(place - MAX_NUMBER_CHARS, begin) : end])  # a slice may split a number
        if end == len(body):
            return -1
        place = end
        yield


def _end_of_string(body: bytes, place: int) -> Steps[int]:
    """The position of the closing quote of the string at `place`, or -1."""
    while place < len(body):
        end = min(place + _SLICE_BYTES, len(body))
        found = _IN_STRING.match(body, place, end)
        place = found.end() if found else place
        if place < end and body[place] == ord('"'):
            return place
        if place < end and end == len(body):
            return -1  # the body ends with a backslash
        if end - place > 1:
            raise ValueError("a string is broken")  # pragma: no cover - the pattern takes the rest
        yield
    return -1


def _text(body: bytes, begin: int, end: int) -> Steps[str]:
    """Decode the string between two positions."""
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
    """A position near `cut` that splits no escape, no character and no surrogate pair."""
    if cut >= end:
        return end
    found = _IN_STRING.match(body, begin, cut)  # ends before a trailing backslash
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
    """Replace the placeholders in a value by their strings."""
    top = [value]
    waiting: list[Any] = [top]
    seen = 0
    while waiting:
        holder = waiting.pop()
        items: Any = holder.items() if isinstance(holder, dict) else enumerate(holder)
        renamed = False
        for place, item in items:
            if isinstance(item, str):
                if item.startswith(_PLACEHOLDER):
                    holder[place] = strings[int(item[len(_PLACEHOLDER) :])]
            elif isinstance(item, dict | list):
                waiting.append(item)
            renamed = renamed or (isinstance(place, str) and place.startswith(_PLACEHOLDER))
            seen += 1
            if seen % _NODES_A_STEP == 0:
                yield
        if renamed:
            yield from _rename(holder, strings)
    return top[0]


def _rename(holder: dict[str, Any], strings: list[str]) -> Steps[None]:
    """Restore cut-out member names, keeping their order."""
    members = list(holder.items())
    holder.clear()
    for number, (name, item) in enumerate(members):
        whole = strings[int(name[len(_PLACEHOLDER) :])] if name.startswith(_PLACEHOLDER) else name
        holder[whole] = item
        if number % _NODES_A_STEP == _NODES_A_STEP - 1:
            yield
