"""Writes `docs/performance.md` and its pictures from what was found last."""

import json
import os
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.bench.growth.curve import Curve
from tests.paths import ROOT

PAGE: Final = ROOT / "docs" / "performance.md"
_FOLDER: Final = ROOT / "docs" / "performance"
_FOUND: Final = _FOLDER / "found.json"
_HEAD: Final = """# How cost grows

`make bench` writes this page; `python -m tests.bench.growth NAME` renews one part of it. Each line
is beside a peer's of the same run on the same machine, so believe the ratios rather than the
figures: other work on the machine slows both. Plots are logarithmic in both directions: a cost that
grows as its cause does is a straight line at 45 degrees.
"""


def add(found: dict[str, list[Curve]]) -> None:
    """Put new findings onto the page, in place of older ones of the same name."""
    kept: dict[str, Any] = json.loads(_FOUND.read_text("utf-8")) if _FOUND.exists() else {}
    for name, curves in found.items():
        kept[name] = {"where": _where(), "curves": [curve.to_json() for curve in curves]}
    _FOLDER.mkdir(exist_ok=True)
    _FOUND.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(_HEAD + "".join(map(_section, sorted(kept), _values(kept))), "utf-8")


def _values(kept: dict[str, Any]) -> list[Any]:
    return [kept[name] for name in sorted(kept)]


def _section(name: str, found: dict[str, Any]) -> str:
    lines = []
    for number, values in enumerate(found["curves"]):
        curve = Curve(**values)
        picture = f"{name}-{number}.svg"
        draw(curve, _FOLDER / picture)
        lines += [f"\n## {curve.title}\n", f"![{curve.title}](performance/{picture})\n"]
        lines += [_table(curve)]
        lines += [f"{curve.verdict} {found['where']}".strip() + "\n"]
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
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    with plt.rc_context({"svg.hashsalt": "skydeck", "svg.fonttype": "none", "font.size": 9}):
        picture, axes = plt.subplots(figsize=(6, 3))
        _line(axes, curve.sizes, curve.ours, "skydeck", "o-")
        _line(axes, curve.sizes, curve.theirs, curve.peer, "s--")
        axes.set(xlabel=curve.size, ylabel=curve.unit, xscale="symlog", yscale="log")
        axes.set_xticks(curve.sizes, [f"{size:,}" for size in curve.sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        picture.tight_layout()
        picture.savefig(file, metadata={"Date": None})
        plt.close(picture)


def _line(
    axes: Any, sizes: Sequence[int], values: Sequence[float | None], name: str, form: str
) -> None:
    points = [(size, value) for size, value in zip(sizes, values, strict=True) if value]
    if points:
        axes.plot(*zip(*points, strict=True), form, label=name)


def _where() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    load = os.getloadavg()[0]
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at {commit or 'an unknown commit'}, on "
        f"{os.cpu_count()} cores; load beside it {load:.0f}."
    )
