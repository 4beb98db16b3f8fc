"""Small models loop: they write the same words again and again until they are cut off. Pure."""

from typing import Final

CHECK_PIECES: Final = 4
"""How many pieces of an answer come between two looks at it."""
_MIN_CHARS, _MAX_CHARS, _MIN_REPEATS = 12, 300, 4
_MIN_DISTINCT_CHARS: Final = 6
_DRAWN: Final = frozenset("-=_*~|:+#./\\<> \t\n0123456789")
"""A row of few of these is a line, a table or a figure: no loop."""


def loops(answer: str, question: str) -> bool:
    """Whether an answer ends in the same text four times, and the question does not have that.

    Few letters are an echo: the question may have "ha ha ha" in another language.
    """
    size = loop_size(answer)
    end = set(answer[len(answer) - size :])
    is_echo = len(end) < _MIN_DISTINCT_CHARS and any(map(str.isalnum, end))
    return size > 0 and not is_echo and answer[-size * _MIN_REPEATS :] not in question


def loop_size(answer: str) -> int:
    """How many characters an answer repeats at its end, at least four times; 0: it does not."""
    for size in range(_MIN_CHARS, min(_MAX_CHARS, len(answer) // _MIN_REPEATS) + 1):
        end = answer[-size:]
        if answer.endswith(end * _MIN_REPEATS):
            is_row = len(set(end)) < _MIN_DISTINCT_CHARS and _DRAWN.issuperset(end)
            return 0 if is_row else size
    return 0


def looped_chars(answer: str) -> int:
    """How many characters at an answer's end are there again only because it loops."""
    size = loop_size(answer)
    begin = len(answer) - size * _MIN_REPEATS
    while size and begin > 0 and answer[begin - 1] == answer[begin - 1 + size]:
        begin -= 1
    return len(answer) - begin - size
