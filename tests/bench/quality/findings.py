"""What a part of the evaluation has found. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

Values = Sequence[float | None]


class Unit(StrEnum):
    """What a chart's figures are."""

    MS = "ms"
    PERCENT = "%"
    A_MINUTE = "a minute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Figures by group, ours beside the peers'.

    Attributes:
        title: What it shows.
        unit: What the figures are; the same for all.
        groups: What is measured.
        rows: By name, a figure for each group; None: it was not measured.
        of: How many cases each group has, where the figures are counts of them; they are drawn as
            percentages.
        is_stacked: The rows are parts of a whole, and a row of their sums is shown.
    """

    title: str
    unit: str
    groups: Sequence[str]
    rows: dict[str, Values]
    of: Sequence[int] | None = None
    is_stacked: bool = False

    def __post_init__(self) -> None:
        for name, values in self.rows.items():
            if len(values) != len(self.groups):
                raise ValueError(f"{self.title}: {name} has {len(values)} figures")
        if self.of is not None and len(self.of) != len(self.groups):
            raise ValueError(f"{self.title}: {len(self.of)} counts")

    @property
    def drawn(self) -> dict[str, list[float | None]]:
        """The figures as they are drawn."""
        if self.of is None:
            return {name: list(values) for name, values in self.rows.items()}
        return {
            name: [
                None if value is None else 100 * value / max(1, count)
                for value, count in zip(values, self.of, strict=True)
            ]
            for name, values in self.rows.items()
        }

    @property
    def drawn_unit(self) -> str:
        """What is written at the axis."""
        return Unit.PERCENT.value if self.of is not None else self.unit

    @property
    def shown(self) -> dict[str, list[str]]:
        """The figures as they are written."""
        shown = {name: self._written(values) for name, values in self.rows.items()}
        if self.is_stacked:
            columns = zip(*self.rows.values(), strict=True)
            sums = [sum(value or 0.0 for value in column) for column in columns]
            shown["together"] = self._written(sums)
        return shown

    def _written(self, values: Values) -> list[str]:
        if self.of is None:
            return [NOT_MEASURED if value is None else short(value) for value in values]
        return [
            NOT_MEASURED if value is None else f"{value:.0f} of {count}"
            for value, count in zip(values, self.of, strict=True)
        ]


NOT_MEASURED = "-"


def short(value: float) -> str:
    """A figure with as many digits as mean something."""
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.2g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        title: Its heading.
        about: What is measured, and how it is judged.
        inputs: What was measured with, and how many.
        peer: What stands beside it.
        charts: What was found.
        remarks: What else there is to say; what could not run, and why.
        is_timed: Its figures are times, which other work on the machine lengthens.
    """

    title: str
    about: str
    inputs: str
    peer: str
    charts: Sequence[Chart]
    remarks: Sequence[str] = field(default_factory=tuple)
    is_timed: bool = False

    def to_json(self) -> dict[str, Any]:
        """For the file beside the page."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """From that file."""
        charts = [Chart(**chart) for chart in values["charts"]]
        return cls(**values | {"charts": charts})
