"""A turn's latency as a picture: one bar per phase, coloured by its cause."""

import io
from typing import Final

from bot.i18n import Words
from bot.voice_agent.latency_phase import Owner
from bot.voice_agent.turn_latency import TurnTrace

_COLOURS: Final = {Owner.OURS: "#3ba55d", Owner.WAIT: "#8e9297", Owner.SERVICE: "#5865f2"}
_BACKGROUND: Final = "#2b2d31"
_INK: Final = "#f2f3f5"


def waterfall(trace: TurnTrace, words: Words) -> bytes:
    """Draw a turn as a PNG. Blocking: run it in a thread.

    Args:
        trace: A turn whose answer has begun to play.
        words: The reader's language.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  (heavy, and rarely wanted)
    from matplotlib.patches import Patch  # noqa: PLC0415

    phases = [phase for phase in trace.split() if phase.lasts_ms >= 0.5]  # noqa: PLR2004
    figure = Figure(figsize=(8, 1.4 + 0.4 * len(phases)), dpi=110, facecolor=_BACKGROUND)
    axes = figure.subplots()
    axes.set_facecolor(_BACKGROUND)
    for row, phase in enumerate(phases):
        axes.barh(row, phase.lasts_ms, left=phase.begins_ms, color=_COLOURS[phase.owner])
        axes.text(
            phase.begins_ms + phase.lasts_ms,
            row,
            f"  {phase.lasts_ms:.0f} ms",
            va="center",
            color=_INK,
        )
    axes.set_yticks(range(len(phases)), [words(f"voice.phase.{p.name}") for p in phases])
    axes.invert_yaxis()
    total_ms = trace.total_ms or 0.0
    axes.set_xlim(0, total_ms * 1.12)
    axes.set_xlabel(words("voice.timings.axis"), color=_INK)
    axes.set_title(words("voice.timings.title", total=round(total_ms)), color=_INK, loc="left")
    axes.tick_params(colors=_INK)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.legend(
        handles=[Patch(color=_COLOURS[one], label=words(f"voice.owner.{one}")) for one in Owner],
        loc="lower left", facecolor=_BACKGROUND, edgecolor=_BACKGROUND, labelcolor=_INK,
    )  # fmt: skip
    figure.tight_layout()
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()
