"""The only way to write to a terminal, so that no text from elsewhere can control it.

`guarded` replaces standard output and standard error by a `CleanStream` while a command runs, so
that even a library's text is cleaned. Our own drawing (colours, bars, a line that is rewritten)
goes through `console` or `raw`. A character that the terminal's encoding lacks is transliterated.
"""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from bot.sanitize import clean, escape_json
from bot.transliteration import TRANSLITERATE, install

if TYPE_CHECKING:
    from rich.console import Console

install()

MAX_SCREEN_CHARS: Final = 100_000
"""How much of one answer a terminal gets: about 40 pages."""


class CleanStream:
    """A text stream that passes readable text, and nothing that a terminal obeys."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write the cleaned text; return the length of the original, as callers expect."""
        self.raw.write(_encodable(clean(text), self.raw))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def open_missing() -> None:
    """Connect the standard streams that this process was started without to the null device.

    Python has None for each of them, which nothing can write to; and the next file to be opened,
    such as the database, would get the descriptor that libraries write their complaints to.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The operating system gives the lowest descriptor that is free, so the order matters.
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            setattr(sys, name, stream)


def discard_output() -> None:
    """Drop what standard output still holds and cannot write; Python would try again at the end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, raw(sys.stdout).fileno())
    os.close(null)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Clean everything that is written to standard output and standard error in the block."""
    before = sys.stdout, sys.stderr
    for stream in map(raw, before):
        if isinstance(stream, io.TextIOWrapper):
            # For what is not written by us, such as rich's bars.
            stream.reconfigure(errors=TRANSLITERATE)
    out, err = (cast("TextIO", _guard(stream)) for stream in before)
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        # Other code may have replaced the stream since; then that code restores it.
        if sys.stdout is out:
            sys.stdout = before[0]
        if sys.stderr is err:
            sys.stderr = before[1]


def _guard(stream: TextIO) -> "TextIO | CleanStream":
    return stream if isinstance(stream, CleanStream) else CleanStream(stream)


def raw(stream: TextIO) -> TextIO:
    """The stream itself, for our own text that moves the cursor."""
    return stream.raw if isinstance(stream, CleanStream) else stream


def out(words: str) -> None:
    """Write cleaned text to standard output, and flush."""
    _write(sys.stdout, words)


def err(words: str) -> None:
    """Write cleaned text to standard error, and flush."""
    _write(sys.stderr, words)


def out_json(value: Any) -> None:
    r"""Write one line of JSON to standard output; control characters become `\u` escapes."""
    stream = raw(sys.stdout)
    line = escape_json(json.dumps(value, ensure_ascii=not is_unicode(stream)))
    stream.write(f"{line}\n")
    stream.flush()


def is_screen() -> bool:
    """Whether somebody sees both streams at once, so that what turns or is redrawn is of use."""
    return sys.stdout.isatty() and sys.stderr.isatty()


def _write(stream: TextIO, words: str) -> None:
    target = raw(stream)
    target.write(_encodable(clean(words), target))
    target.flush()


def _encodable(text: str, stream: TextIO) -> str:
    """The text in characters that the terminal's encoding has."""
    if text.isascii() or is_unicode(stream):
        return text
    return text.encode(_encoding(stream), TRANSLITERATE).decode(_encoding(stream))


def is_unicode(stream: TextIO) -> bool:
    """Whether the stream's encoding has every character."""
    return _encoding(stream).lower().replace("-", "").replace("_", "") == "utf8"


def _encoding(stream: TextIO) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def console(*, stderr: bool = False, highlight: bool = True, to: TextIO | None = None) -> "Console":
    """Make a rich console: its own colours pass, control characters in the text do not.

    Args:
        stderr: Whether to write to standard error instead of standard output.
        highlight: Whether to colour numbers and paths.
        to: A stream to write to instead.
    """
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.segment import Segment  # noqa: PLC0415

    class CleanConsole(Console):
        """Cleans the text of every segment; a control segment is rich's own."""

        def render(self, *args: Any, **more: Any) -> Iterator[Segment]:
            """Clean each segment that rich renders."""
            for text, style, control in super().render(*args, **more):
                yield Segment(text if control else clean(text), style, control)

    stream = to or (sys.stderr if stderr else sys.stdout)
    # Words from elsewhere may have brackets and colons: nothing of them is rich's markup.
    # Where there is no screen, no setting (FORCE_COLOR) brings colours: a file has only words.
    is_screen = None if stream.isatty() else False
    return CleanConsole(
        file=raw(stream),
        highlight=highlight,
        markup=False,
        emoji=False,
        force_terminal=is_screen,
    )
