"""Work on an answer in steps, so that the event loop gets its turn between them.

The work is a generator that yields between its steps, none of which takes more than a few
milliseconds, and returns its result. So the pure code stays pure; who drives it decides what
happens in between. (A thread would not do: C code that parses holds the GIL to its end.)
"""

from collections.abc import Generator
from typing import TypeAlias, TypeVar

_T = TypeVar("_T")
Steps: TypeAlias = Generator[None, None, _T]


def at_once(steps: Steps[_T]) -> _T:
    """Do the work without a pause: for a test, or where nobody waits."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            value: _T = stop.value
            return value
