"""Where Discord's Markdown has code, of which the client shows every character as it is. Pure.

Source: Discord's client: a closed code block, or the text between two equally long runs of
backticks. `markdown` also takes a block that is not closed yet for code, since the answer that it
belongs to still grows.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Final

_BACKTICKS: Final = re.compile(r"`+")
_FENCE: Final = "```"


def code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where code begins and ends, backticks included, in order. Takes linear time."""
    runs = [found.span() for found in _BACKTICKS.finditer(text)]
    by_length: dict[int, list[int]] = {}
    for begin, end in runs:
        by_length.setdefault(end - begin, []).append(begin)
    taken = 0
    for first, end in runs:
        if first < taken:
            continue
        begin = first + _backslashes(text, first) % 2  # an escaped backtick opens nothing
        closed = _closed(text, begin, end, by_length) if begin < end else 0
        if closed:
            yield begin, closed
            taken = closed


def certain_code_spans(text: str) -> Iterator[tuple[int, int]]:
    """The same without inline code of several lines, since a quote or heading ends it early."""
    for begin, end in code_spans(text):
        if text.startswith(_FENCE, begin) or "\n" not in text[begin:end]:
            yield begin, end


def outside_code(text: str, change: Callable[[str], str], spans: Iterable[tuple[int, int]]) -> str:
    """The text with everything but its code changed.

    Args:
        text: Markdown.
        change: Takes and returns the text between two spans.
        spans: Where the code is, in order.
    """
    done: list[str] = []
    at = 0
    for begin, end in spans:
        done += (change(text[at:begin]), text[begin:end])
        at = end
    done.append(change(text[at:]))
    return "".join(done)


def _closed(text: str, begin: int, end: int, by_length: dict[int, list[int]]) -> int:
    """The end of the code that a run of backticks opens; 0 if it opens none."""
    if end - begin >= len(_FENCE):
        closing = text.find(_FENCE, begin + len(_FENCE))
        if closing > 0 and text[begin + len(_FENCE) : closing].strip():
            return closing + len(_FENCE)
    alike = by_length.get(end - begin, [])
    following = bisect_left(alike, end)
    return alike[following] + end - begin if following < len(alike) else 0


def _backslashes(text: str, place: int) -> int:
    """How many backslashes stand right before a place."""
    first = place
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return place - first
