"""Work in steps, so that the event loop runs other tasks between them.

The work is a generator that yields between steps of at most a few milliseconds, and returns its
result. The code stays pure, because its driver decides what happens between the steps. A thread
would not help: C code that parses holds the GIL until it is done.
"""

from collections.abc import Generator
from types import coroutine
from typing import TypeAlias, TypeVar

_T = TypeVar("_T")
Steps: TypeAlias = Generator[None, None, _T]


def at_once(steps: Steps[_T]) -> _T:
    """Do the work without a pause: for a test, or if nothing else is waiting."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            value: _T = stop.value
            return value


@coroutine
def in_turns(steps: Steps[_T]) -> Steps[_T]:
    """Do the work on an event loop, which runs other tasks after each step.

    A bare yield is what `asyncio.sleep(0)` does; without asyncio this module stays pure.
    """
    return (yield from steps)
