"""What is written to a terminal: the one door, so that no foreign word can drive it.

`guarded` puts a `CleanStream` in the place of standard output and standard error for as long as a
command runs, so that even a library's words are cleaned. What is ours to draw (colours, bars, a
line that is written anew) goes through `console` or `raw`.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from bot.sanitize import clean, clean_line, escape_json

if TYPE_CHECKING:
    from rich.console import Console

MAX_SCREEN_CHARS: Final = 100_000
"""The most of one answer that a terminal gets: some 40 pages."""


class CleanStream:
    """A text stream that lets through what can be read, and nothing that a terminal obeys."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write it, cleaned; says as many characters as were handed in."""
        self.raw.write(_encodable(clean(text), self.raw))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Clean whatever is written to standard output and standard error meanwhile."""
    before = sys.stdout, sys.stderr
    out, err = (cast("TextIO", _guard(stream)) for stream in before)
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        # Somebody else may have put a stream of their own there since; it is theirs to take back.
        if sys.stdout is out:
            sys.stdout = before[0]
        if sys.stderr is err:
            sys.stderr = before[1]


def _guard(stream: TextIO | None) -> "TextIO | CleanStream | None":
    return stream if stream is None or isinstance(stream, CleanStream) else CleanStream(stream)


def raw(stream: TextIO) -> TextIO:
    """The stream itself, for words of our own that move the cursor."""
    return stream.raw if isinstance(stream, CleanStream) else stream


def out(words: str) -> None:
    """Write to standard output, at once, cleaned."""
    _write(sys.stdout, words)


def err(words: str) -> None:
    """Write to standard error, at once, cleaned."""
    _write(sys.stderr, words)


def out_json(value: Any) -> None:
    r"""Write one line of JSON to standard output; what a terminal might obey is a `\u` escape."""
    line = escape_json(json.dumps(value, ensure_ascii=False))
    stream = raw(sys.stdout)
    stream.write(f"{_encodable(line, stream)}\n")
    stream.flush()


def _write(stream: TextIO, words: str) -> None:
    target = raw(stream)
    target.write(_encodable(clean(words), target))
    target.flush()


def _encodable(text: str, stream: TextIO) -> str:
    """The text without what the terminal's encoding has no bytes for."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if text.isascii() or encoding.lower().replace("-", "") == "utf8":
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def console(*, stderr: bool = False, highlight: bool = True, to: TextIO | None = None) -> "Console":
    """A rich console: its own colours pass, what the words hold does not.

    Args:
        stderr: Standard error instead of standard output.
        highlight: Whether numbers and paths are coloured.
        to: Another stream.
    """
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.segment import Segment  # noqa: PLC0415

    class CleanConsole(Console):
        """Cleans the text of every segment; a control segment is rich's own."""

        def render(self, *args: Any, **more: Any) -> Iterator[Segment]:
            """As rich does it, cleaned."""
            for text, style, control in super().render(*args, **more):
                yield Segment(text if control else clean(text), style, control)

    stream = to or (sys.stderr if stderr else sys.stdout)
    return CleanConsole(file=raw(stream), highlight=highlight)


def line(words: str, *, limit: int = 500) -> str:
    """Foreign words as one line of at most `limit` characters."""
    short = clean_line(words[: 4 * limit]).strip()
    return short if len(short) <= limit else f"{short[: limit - 1]}…"
