"""Small models loop: they write the same words again and again until they are cut off. Pure."""

from typing import Final

CHECK_PIECES: Final = 4
"""How many pieces of an answer come between two looks at it."""
_MIN_CHARS, _MAX_CHARS, _MIN_REPEATS = 12, 300, 4
_MIN_DISTINCT_CHARS: Final = 6
"""Keeps a row of dashes from counting as a loop."""


def loops(answer: str, question: str) -> bool:
    """Whether an answer ends in the same text four times, and the question does not have that."""
    size = loop_size(answer)
    return size > 0 and answer[-size * _MIN_REPEATS :] not in question


def loop_size(answer: str) -> int:
    """How many characters an answer repeats at its end, at least four times; 0: it does not."""
    for size in range(_MIN_CHARS, min(_MAX_CHARS, len(answer) // _MIN_REPEATS) + 1):
        end = answer[-size:]
        if answer.endswith(end * _MIN_REPEATS):
            return size if len(set(end)) >= _MIN_DISTINCT_CHARS else 0
    return 0


def looped_chars(answer: str) -> int:
    """How many characters at an answer's end are there again only because it loops."""
    size = loop_size(answer)
    begin = len(answer) - size * _MIN_REPEATS
    while size and begin > 0 and answer[begin - 1] == answer[begin - 1 + size]:
        begin -= 1
    return len(answer) - begin - size
