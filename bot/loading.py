"""Says which models are being loaded, to whoever waits for them. Pure.

    with watched(lambda part, why: screen.begins(part)):
        await handler.warm_up()          # which says begins(LoadPart.HEARING), and so on

The one who loads does not know who waits, or whether anybody does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Final


class LoadPart(StrEnum):
    """What is loaded.

    FILES: files are fetched or checked. CONNECTION: services that run elsewhere. HEARING:
    speech recognition. VOICES: speech synthesis. LANGUAGE: a language model. TURNS: what detects
    speech and the ends of turns.
    """

    FILES = "files"
    CONNECTION = "connection"
    HEARING = "hearing"
    VOICES = "voices"
    LANGUAGE = "language"
    TURNS = "turns"


Watcher = Callable[[LoadPart, str], object]
"""Gets the part, and what else there is to say of it: of files a sentence, else what is done."""
_WATCHER: Final[ContextVar[Watcher | None]] = ContextVar("watcher of loading", default=None)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher` of every part that begins to load in the block, on the loader's thread."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def begins(part: LoadPart, why: str = "") -> None:
    """Say that a part begins to load; the one before it is loaded."""
    if (watcher := _WATCHER.get()) is not None:
        watcher(part, why)
