"""Costs as a picture: one bar per day, stacked by service, and the budget as a line."""

import io
from typing import Final

from bot.contract import Service
from bot.figures import day, exact_money
from bot.i18n import Words
from bot.money import MICRO, Scope, micro
from bot.service_calls.report import Report
from bot.wording import service_in_words

_COLOURS: Final = {
    Service.PENNY: "#5865f2",
    Service.GRACE: "#3ba55d",
    Service.FACTORY: "#f0b232",
}
_BACKGROUND: Final = "#2b2d31"
_INK: Final = "#f2f3f5"
_LIMIT: Final = "#ed4245"
_GRID: Final = "#404249"
_TICKS: Final = 10


def chart(report: Report, scope: Scope, words: Words) -> bytes:
    """Draw the picture as a PNG. Blocking: run it in a thread.

    Args:
        report: A report with at least one day.
        scope: Whose budget to draw.
        words: The reader's language.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  (heavy, and rarely wanted)

    figure = Figure(figsize=(8, 3.6), dpi=110, facecolor=_BACKGROUND)
    axes = figure.subplots()
    axes.set_facecolor(_BACKGROUND)
    days = report.days
    below = [0.0] * len(days)
    for service, sums in report.by_service.items():
        dollars = [one / MICRO for one in sums]
        axes.bar(
            range(len(days)), dollars, bottom=below, width=0.8, color=_COLOURS[service],
            label=service_in_words(service, words),
        )  # fmt: skip
        below = [sum(pair) for pair in zip(below, dollars, strict=True)]
    limit = report.daily_limit(scope)
    if limit is not None:
        axes.axhline(limit / MICRO, color=_LIMIT, linestyle="--", label=words("costs.daily_limit"))
    axes.yaxis.set_major_formatter(lambda value, _: exact_money(micro(value), words.language))
    apart = -(-len(days) // _TICKS)
    marked = range(len(days) - 1, -1, -apart)  # today is always one of them
    axes.set_xticks(list(marked), [day(days[n], words.language) for n in marked])
    axes.set_xlim(-0.6, len(days) - 0.4)
    axes.tick_params(colors=_INK, length=0)
    axes.grid(axis="y", color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="upper left", ncols=4, frameon=False, labelcolor=_INK, bbox_to_anchor=(0, 1.14))
    figure.tight_layout()
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()
