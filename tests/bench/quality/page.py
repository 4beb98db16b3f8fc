"""Writes `docs/quality.md` and its pictures from what was found last."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.bench import pages
from tests.bench.quality.findings import Chart, Section
from tests.paths import ROOT

PAGE: Final = ROOT / "docs" / "quality.md"
ORDER: Final = (
    "answers",
    "first-sound",
    "turn-ends",
    "talk-overs",
    "overlaps",
    "noise",
    "words",
    "language",
    "names",
)
"""The parts, as the page has them."""
_HEAD: Final = """# How good it is

`make eval` writes this page; `make eval ONLY=answers` renews one part of it. It answers what people
ask first: are the answers right, is every word understood, does it wait until they have finished,
and how long do they wait. All questions and sentences are the project's own. Synthetic voices speak
them, unless a part says otherwise, and they are harder to understand than people, eSpeak's Spanish
above all. Each figure is beside a peer's of the same run; no model judges another.
"""
_TIMED: Final = " Times were measured beside that other work: believe their ratios."
_WIDTH: Final = 0.8
"""Of a group's bars, where 1 leaves no gap."""


def add(name: str, found: Section, *, where: str) -> None:
    """Put a part onto the page, in place of what it found before."""
    _write({name: {"section": found.to_json(), "where": where, "failed": ""}})


def fail(name: str, reason: str) -> None:
    """Say on the page that a part could not run; what it found before stays, and is called old."""
    before = pages.known(PAGE).get(name, {"section": None, "where": ""})
    failed = f"Could not run on {datetime.now(UTC):%Y-%m-%d}: {' '.join(reason.split())}"
    _write({name: before | {"failed": failed}})


def _write(new: Mapping[str, Any]) -> None:
    kept = pages.keep(PAGE, new)
    text = _HEAD + "".join(_section(name, kept[name]) for name in ORDER if name in kept)
    PAGE.write_text(text, "utf-8")


def _section(name: str, found: dict[str, Any]) -> str:
    failed, values = found["failed"], found["section"]
    if values is None:
        title = name.replace("-", " ").capitalize()
        return f"\n## {title}\n\n**{failed}**\n\nRun it with {_command(name)}.\n"
    section = Section.from_json(values)
    lines = [f"\n## {section.title}\n", f"{section.about}\n"]
    if failed:
        lines.append(f"**{failed}** The figures below are older.\n")
    for number, chart in enumerate(section.charts):
        picture = f"{name}-{number}.svg"
        draw(chart, pages.folder(PAGE) / picture)
        lines += [f"![{chart.title}]({pages.folder(PAGE).name}/{picture})\n", _table(chart)]
    lines += [f"{remark}\n" for remark in section.remarks]
    lines.append(f"- Command: {_command(name)}")
    lines.append(f"- Inputs: {section.inputs}")
    lines.append(f"- Peer: {section.peer}")
    lines.append(f"- {found['where']}{_TIMED if section.is_timed else ''}\n")
    return "\n".join(lines)


def _command(name: str) -> str:
    return f"`make eval ONLY={name}`"


def _table(chart: Chart) -> str:
    head = f"{chart.title}{'' if chart.of is not None else f', {chart.unit}'}"
    rows = [_row([head, *chart.groups]), _row(["---", *["---:"] * len(chart.groups)])]
    rows += [_row([name, *values]) for name, values in chart.shown.items()]
    return "\n".join(rows) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |"


def draw(chart: Chart, file: Path) -> None:
    """Draw a chart as SVG: bars in groups, or one stacked bar for each group."""
    height = 1.0 + 0.3 * len(chart.groups) * (1 if chart.is_stacked else len(chart.rows))
    with pages.picture(file, inches=(7.0, max(2.0, min(8.0, height)))) as axes:
        (_stack if chart.is_stacked else _beside)(axes, chart)
        axes.set_yticks(range(len(chart.groups)), list(chart.groups))
        axes.invert_yaxis()
        axes.set_xlabel(chart.drawn_unit)
        axes.set_title(chart.title, fontsize=9)
        if chart.of is not None:
            axes.set_xlim(0, 115)
            axes.set_xticks(range(0, 101, 20))
        axes.grid(axis="x", alpha=0.3)
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _beside(axes: Any, chart: Chart) -> None:
    thick = _WIDTH / max(1, len(chart.rows))
    for number, (name, values) in enumerate(chart.drawn.items()):
        offset = (number + 0.5) * thick - _WIDTH / 2
        places = [at + offset for at in range(len(values))]
        bars = axes.barh(places, [value or 0.0 for value in values], thick, label=name)
        axes.bar_label(bars, chart.shown[name], padding=2, fontsize=7)


def _stack(axes: Any, chart: Chart) -> None:
    begins = [0.0] * len(chart.groups)
    for name, values in chart.drawn.items():
        lengths = [value or 0.0 for value in values]
        axes.barh(range(len(begins)), lengths, _WIDTH, left=begins, label=name)
        begins = [begin + length for begin, length in zip(begins, lengths, strict=True)]
