"""Sets an answer's Markdown, tables and code in style; rich reads and lays it out.

An answer without any mark-up is shown as it is. Line ends stay line ends, since answers have verses
and lists without marks. Links are shown with their address, and nothing can be clicked: the text
comes from a service.
"""

import io
import re
from functools import lru_cache
from typing import ClassVar, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.syntax import Syntax
from rich.theme import Theme
from textual.content import Content
from textual.style import Style

MAX_CHARS: Final = 30_000
"""A longer answer is shown as it is: setting it would hold up the screen."""
_MARKS: Final = re.compile(
    r"^ {0,3}(?:```|~~~|#{1,6} \S|[-*+] \S|\d{1,3}[.)] \S|> ?\S|\|.+\|)"
    r"|\*\*\S[^*\n]*\*\*|`[^`\n]+`",
    re.MULTILINE,
)
_FENCE: Final = re.compile(r"^ {0,3}(```+|~~~+)", re.MULTILINE)
_CODE: Final = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n(.*?)(?:^ {0,3}\1|\Z)", re.M | re.S)
_THEME: Final = Theme(
    {
        "markdown.h1": "bold #2f8fdf",
        "markdown.h2": "bold #2f8fdf",
        "markdown.h3": "bold",
        "markdown.h4": "bold",
        "markdown.code": "bold #2f8fdf",
        "markdown.code_block": "none",
        "markdown.block_quote": "italic",
        "markdown.item.bullet": "bold #2f8fdf",
        "markdown.item.number": "bold #2f8fdf",
        "markdown.link": "underline",
        "markdown.link_url": "underline",
        "markdown.hr": "dim",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
    }
)


class _LeftHeading(Heading):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


class _Code(CodeBlock):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        yield Syntax(code, self.lexer_name, theme=self.theme, word_wrap=True, padding=(0, 2))


class _Set(Markdown):
    elements: ClassVar = Markdown.elements | {
        "heading_open": _LeftHeading,
        "fence": _Code,
        "code_block": _Code,
    }


def is_marked(text: str) -> bool:
    """Whether a text has mark-up that is worth setting."""
    return len(text) <= MAX_CHARS and bool(_MARKS.search(text))


def code_blocks(text: str) -> list[str]:
    """The blocks of code in a text, in their order."""
    return [found[2].rstrip("\n") for found in _CODE.finditer(text)]


@lru_cache(maxsize=64)
def set_markdown(text: str, width: int) -> tuple[Content, ...]:
    """Set a text in lines of at most `width` cells.

    Args:
        text: Clean text, with marks.
        width: In cells, at least 8.
    """
    console = Console(
        width=width,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        theme=_THEME,
        legacy_windows=False,
        emoji=False,
        _environ={},
    )
    read = _Set(_with_line_ends(text), code_theme="ansi_dark", hyperlinks=False)
    lines = [
        Content.assemble(
            *(
                (part.text, Style.from_rich_style(part.style)) if part.style else part.text
                for part in line
            )
        ).rstrip()
        for line in console.render_lines(read, pad=False)
    ]
    while lines and not lines[-1].plain.strip():
        del lines[-1]
    while lines and not lines[0].plain.strip():
        del lines[0]
    return tuple(lines)


def _with_line_ends(text: str) -> str:
    """Make each line end outside code a hard one."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1][:3]
        elif mark and mark[1].startswith(fence):
            fence = ""
        is_plain = not fence and not mark and line.strip() and "|" not in line
        lines.append(f"{line.rstrip()}  " if is_plain else line)
    return "\n".join(lines)
