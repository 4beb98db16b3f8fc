"""What stands on the screen of a terminal app, as runs of cells with colours."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rich.color import Color, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.app import App

Rgb = tuple[int, int, int]
INK: Final[Rgb] = (214, 219, 228)
PAPER: Final[Rgb] = (22, 25, 34)
_ANSI: Final[tuple[Rgb, ...]] = (
    (40, 44, 56), (224, 72, 62), (87, 171, 90), (198, 144, 38),
    (47, 143, 223), (176, 131, 240), (57, 197, 207), (173, 180, 192),
    (92, 100, 116), (255, 123, 114), (126, 204, 129), (234, 179, 76),
    (96, 170, 240), (210, 168, 255), (108, 213, 222), (240, 243, 248),
)  # fmt: skip
_DIM: Final = 0.42
"""How much of the paper shows through dim ink."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive cells of one look.

    Attributes:
        column: Of its first cell, from 0.
        text: One character a cell.
        ink: The colour of the text.
        paper: The colour behind it; None: the terminal's own.
    """

    column: int
    text: str
    ink: Rgb
    paper: Rgb | None = None
    is_bold: bool = False
    is_italic: bool = False


Row = tuple[Run, ...]


def rows_of(app: App[None]) -> tuple[Row, ...]:
    """What the app shows now, one row for each line of the terminal."""
    strips = app.screen._compositor.render_strips()[: app.size.height]
    return tuple(row_of(strip) for strip in strips)


def row_of(segments: Iterable[Segment]) -> Row:
    """The runs of one line; blanks without a colour behind them are left out."""
    cells = [
        (_look(segment.style or Style.null()), character)
        for segment in segments
        if not segment.control
        for character in segment.text
    ]
    runs: list[Run] = []
    column = 0
    for (ink, paper, bold, italic), group in groupby(cells, key=lambda cell: cell[0]):
        text = "".join(character for _, character in group)
        kept = text if paper else text.rstrip()
        blank = 0 if paper else len(kept) - len(kept.lstrip())
        if kept:
            runs.append(Run(column + blank, kept[blank:], ink, paper, bold, italic))
        column += len(text)
    return tuple(runs)


def _look(style: Style) -> tuple[Rgb, Rgb | None, bool, bool]:
    ink, paper = _rgb(style.color) or INK, _rgb(style.bgcolor)
    if style.reverse:
        ink, paper = paper or PAPER, ink
    if style.dim:
        ink = mixed(ink, paper or PAPER, _DIM)
    return ink, None if paper == PAPER else paper, bool(style.bold), bool(style.italic)


def _rgb(color: Color | None) -> Rgb | None:
    if color is None or color.type is ColorType.DEFAULT:
        return None
    if color.type is ColorType.TRUECOLOR and color.triplet is not None:
        return (color.triplet.red, color.triplet.green, color.triplet.blue)
    number = color.number or 0
    return _ANSI[number] if number < len(_ANSI) else tuple(color.get_truecolor())  # type: ignore[return-value]


def mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    """A colour between two; `share` is that of the second."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return (red, green, blue)
