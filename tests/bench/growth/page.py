"""Writes `docs/performance.md` and its pictures from what was found last."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench import pages
from tests.bench.growth.curve import Curve
from tests.paths import ROOT

PAGE: Final = ROOT / "docs" / "performance.md"
_HEAD: Final = """# How cost grows

`make bench` writes this page; `python -m tests.bench.growth NAME` renews one part of it. Each line
is beside a peer's of the same run on the same machine, so believe the ratios rather than the
figures: other work on the machine slows both. Plots are logarithmic in both directions: a cost that
grows as its cause does is a straight line at 45 degrees.
"""


def add(found: dict[str, list[Curve]]) -> None:
    """Put new findings onto the page, in place of older ones of the same name."""
    where = pages.where()
    new = {
        name: {"where": where, "curves": [curve.to_json() for curve in curves]}
        for name, curves in found.items()
    }
    kept = pages.keep(PAGE, new)
    PAGE.write_text(_HEAD + "".join(_section(name, kept[name]) for name in kept), "utf-8")


def _section(name: str, found: dict[str, Any]) -> str:
    lines = []
    for number, values in enumerate(found["curves"]):
        curve = Curve(**values)
        picture = f"{name}-{number}.svg"
        draw(curve, pages.folder(PAGE) / picture)
        lines += [f"\n## {curve.title}\n", f"![{curve.title}](performance/{picture})\n"]
        lines += [_table(curve)]
        said = (curve.remark, curve.verdict, found["where"])
        lines += [" ".join(one for one in said if one) + "\n"]
    return "\n".join(lines)


def _table(curve: Curve) -> str:
    rows = [f"| {curve.size} | skydeck, {curve.unit} | {curve.peer} |", "| ---: | ---: | ---: |"]
    for size, ours, theirs in zip(curve.sizes, curve.ours, curve.theirs, strict=True):
        beside = "" if theirs is None else _short(theirs)
        rows.append(f"| {size:,} | {_short(ours)} | {beside} |")
    return "\n".join(rows) + "\n"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def draw(curve: Curve, file: Path) -> None:
    """Draw a curve as SVG; the same figures give the same bytes."""
    with pages.picture(file) as axes:
        _line(axes, curve.sizes, curve.ours, "skydeck", "o-")
        _line(axes, curve.sizes, curve.theirs, curve.peer, "s--")
        axes.set(xlabel=curve.size, ylabel=curve.unit, xscale="symlog", yscale="log")
        axes.set_xticks(curve.sizes, [f"{size:,}" for size in curve.sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)


def _line(
    axes: Any, sizes: Sequence[int], values: Sequence[float | None], name: str, form: str
) -> None:
    points = [(size, value) for size, value in zip(sizes, values, strict=True) if value]
    if points:
        axes.plot(*zip(*points, strict=True), form, label=name)
