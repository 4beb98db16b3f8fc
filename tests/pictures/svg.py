"""A terminal as SVG, still or moving. Pure.

Nothing is fetched: the letters are the reader's own monospace font, each run stretched to its
cells, and blocks and frames are shapes, since fonts disagree about them. What moves is CSS, which
also runs where a page shows the picture as an image; whoever wishes for less motion sees one frame.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from tests.pictures.cells import INK, PAPER, Rgb, Row, Run, mixed

WIDTH: Final = 9
HEIGHT: Final = 20
"""Of a cell, in pixels."""
_LETTERS: Final = 15
_BASE: Final = 15
_EDGE: Final = 16
_HEAD: Final = 38
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_SHADES: Final = {"░": 0.25, "▒": 0.5, "▓": 0.75}
_LINES: Final = {
    "─": "M0 10h9", "│": "M4.5 0v20", "━": "M0 10h9", "┃": "M4.5 0v20",
    "╭": "M9 10h-.5a4 4 0 0 0-4 4v6", "╮": "M0 10h.5a4 4 0 0 1 4 4v6",
    "╰": "M9 10h-.5a4 4 0 0 1-4-4v-6", "╯": "M0 10h.5a4 4 0 0 0 4-4v-6",
    "┏": "M9 10h-4.5v10", "┓": "M0 10h4.5v10", "┗": "M9 10h-4.5v-10", "┛": "M0 10h4.5v-10",
}  # fmt: skip
_THICK: Final = "━┃┏┓┗┛"
_KINDS: Final = re.compile(
    rf"(?P<blocks>[{_EIGHTHS[1:]}]+)|(?P<shade>([{''.join(_SHADES)}])\3*)"
    rf"|(?P<lines>[{''.join(_LINES)}]+)|(?P<letters>[\x20-\x7e\u00a0-\u017f…\u2013—·]+)|(?P<sign>.)"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a terminal shows for some time, in seconds."""

    rows: tuple[Row, ...]
    seconds: float


def still(rows: tuple[Row, ...], *, title: str, told: str, columns: int = 80) -> str:
    """One moment as a picture.

    Args:
        rows: What the terminal shows.
        title: In the window's head.
        told: What is to be seen, for those who do not see it.
        columns: The width of the terminal, in cells.
    """
    body = "".join(_row(row, line) for line, row in enumerate(rows))
    return _window(body, "", title, told, columns, len(rows))


def moving(
    frames: Sequence[Frame], *, poster: int, title: str, told: str, columns: int = 80
) -> str:
    """A moving picture that begins again at its end.

    Each row is drawn once for each time at which it looks the same, so rows that do not change cost
    nothing.

    Args:
        frames: One after another.
        poster: The frame for whoever sees no motion.
        title: In the window's head.
        told: What is to be seen, for those who do not see it.
        columns: The width of the terminal, in cells.
    """
    height = max(len(frame.rows) for frame in frames)
    body: dict[frozenset[int], list[str]] = defaultdict(list)
    for line in range(height):
        when: dict[Row, set[int]] = defaultdict(set)
        for number, frame in enumerate(frames):
            when[frame.rows[line]].add(number)
        for row, numbers in when.items():
            body[frozenset(numbers)].append(_row(row, line))
    always = frozenset(range(len(frames)))
    parts = ["".join(body.pop(always, []))]
    styles = []
    total = sum(frame.seconds for frame in frames)
    for name, (numbers, rows) in enumerate(body.items()):
        drawn = "".join(rows)
        if drawn:
            kind = "m" if poster in numbers else "m o"
            parts.append(f'<g class="{kind}" style="animation-name:k{name}">{drawn}</g>')
            styles.append(f"@keyframes k{name}{{{_steps(numbers, frames, total)}}}")
    motion = (
        f".o{{visibility:hidden}}.m{{animation:{total:g}s step-end infinite}}"
        + "".join(styles)
        + "@media(prefers-reduced-motion:reduce){.m{animation:none}}"
    )
    return _window("".join(parts), motion, title, told, columns, height)


def _steps(numbers: frozenset[int], frames: Sequence[Frame], total: float) -> str:
    """Key frames: visible during some frames, hidden during the others."""
    steps: list[str] = []
    at, was_visible = 0.0, None
    for number, frame in enumerate(frames):
        is_visible = number in numbers
        if is_visible is not was_visible:
            state = "visible" if is_visible else "hidden"
            steps.append(f"{at / total * 100:.4g}%{{visibility:{state}}}")
        was_visible = is_visible
        at += frame.seconds
    return "".join(steps)


def _window(body: str, style: str, title: str, told: str, columns: int, lines: int) -> str:
    width = columns * WIDTH + 2 * _EDGE
    height = lines * HEIGHT + _HEAD + _EDGE
    lights = "".join(
        f'<circle cx="{22 + 20 * n}" cy="19" r="6" fill="{colour}"/>'
        for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    edge = _hex(mixed(PAPER, INK, 0.2))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(told)}">'
        f"<title>{escape(told)}</title>"
        f"<style>text{{font:{_LETTERS}px ui-monospace,SFMono-Regular,Menlo,Consolas,"
        f"'DejaVu Sans Mono','Liberation Mono',monospace;white-space:pre}}"
        f".b{{font-weight:700}}.i{{font-style:italic}}.t{{font:13px system-ui,sans-serif;"
        f"text-anchor:middle;fill:{_hex(mixed(INK, PAPER, 0.4))}}}{style}</style>"
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="10" '
        f'fill="{_hex(PAPER)}" stroke="{edge}"/>{lights}'
        f'<text class="t" x="{width / 2:g}" y="23.5">{escape(title)}</text>'
        f'<g transform="translate({_EDGE} {_HEAD})" fill="{_hex(INK)}">{body}</g></svg>\n'
    )


# -- a row ---------------------------------------------------------------------------------------


def _row(row: Row, line: int) -> str:
    drawn = "".join(_run(run) for run in row)
    return f'<g transform="translate(0 {line * HEIGHT})">{drawn}</g>' if drawn else ""


def _run(run: Run) -> str:
    behind = ""
    if run.paper is not None:
        wide = len(run.text) * WIDTH
        behind = (
            f'<rect x="{run.column * WIDTH}" width="{wide}" height="{HEIGHT}" '
            f'fill="{_hex(run.paper)}"/>'
        )
    return behind + "".join(_piece(found, run) for found in _KINDS.finditer(run.text))


def _piece(found: re.Match[str], run: Run) -> str:
    text, x = found[0], (run.column + found.start()) * WIDTH
    match found.lastgroup:
        case "blocks":
            return f'<path fill="{_hex(run.ink)}" d="{_blocks(text, x)}"/>'
        case "shade":
            return (
                f'<rect x="{x}" y="3" width="{len(text) * WIDTH}" height="14" '
                f'fill="{_hex(run.ink)}" fill-opacity="{_SHADES[text[0]]}"/>'
            )
        case "lines":
            return _lines(text, x, run)
        case _:
            return _letters(text, x, run)


def _blocks(text: str, x: int) -> str:
    """Bars of eighths of a cell, equal neighbours as one; a full block is as high as a shade."""
    parts = []
    for n, character in enumerate(text):
        high = _EIGHTHS.index(character) * HEIGHT / 8
        parts.append(f"M{x + n * WIDTH} {HEIGHT}v-{high:g}h{WIDTH}v{high:g}z")
    return "".join(parts)


def _lines(text: str, x: int, run: Run) -> str:
    def shape(character: str, at: int) -> str:
        path = _LINES[character]
        begin, rest = re.match(r"M([\d.]+)(.*)", path).groups()  # type: ignore[union-attr]
        return f"M{at + float(begin):g}{rest}"

    parts: list[str] = []
    for found in re.finditer(r"─+|━+|.", text):
        at = x + found.start() * WIDTH
        if found[0][0] in "─━":
            parts.append(f"M{at} 10h{len(found[0]) * WIDTH}")
        else:
            parts.append(shape(found[0], at))
    thick = 2.4 if text[0] in _THICK else 1.2
    return (
        f'<path fill="none" stroke="{_hex(run.ink)}" stroke-width="{thick}" d="{"".join(parts)}"/>'
    )


def _letters(text: str, x: int, run: Run) -> str:
    """Letters, without the blanks at their ends, which a renderer might leave out."""
    kept = text.strip()
    if not kept:
        return ""
    x += (len(text) - len(text.lstrip())) * WIDTH
    kinds = " ".join(k for k, on in (("b", run.is_bold), ("i", run.is_italic)) if on)
    look = f' class="{kinds}"' if kinds else ""
    colour = "" if run.ink == INK else f' fill="{_hex(run.ink)}"'
    long = f' textLength="{len(kept) * WIDTH}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{x}" y="{_BASE}"{long}{look}{colour}>{escape(kept, quote=False)}</text>'


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
