"""Charts made of characters, readable without colour. Pure."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from bot.voice_agent.turn_latency import Owner, Phase

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
QUIET_DBFS: Final = -48.0
"""As loud as a room in which nobody speaks; a lower level leaves no mark, and needs no drawing."""
_LOUD_DBFS: Final = -8.0
_WIDEST: Final = 90
_NAMES: Final = 12
_TIMES: Final = 9
_BAR: Final = {Owner.OURS: "█", Owner.WAIT: "░", Owner.SERVICE: "▒"}


def trace(levels_dbfs: Sequence[float], width: int, height: int) -> list[str]:
    """Draw the level of a voice over time, the newest at the right.

    Args:
        levels_dbfs: The levels, oldest first.
        width: In cells.
        height: In lines.
    """
    steps = height * (len(_EIGHTHS) - 1)
    shown = [max(1, round(_share(level) * steps)) for level in levels_dbfs[-width:]]
    shown = [1] * (width - len(shown)) + shown
    return [
        "".join(_EIGHTHS[max(0, min(8, high - 8 * floor))] for high in shown)
        for floor in reversed(range(height))
    ]


def _share(level_dbfs: float) -> float:
    return max(0.0, min(1.0, (level_dbfs - QUIET_DBFS) / (_LOUD_DBFS - QUIET_DBFS)))


class Frame(StrEnum):
    """The characters around a word: a thin line, a thick line, or a blank.

    A blank frame needs a background colour.
    """

    THIN = "╭─╮│╰╯"
    THICK = "┏━┓┃┗┛"
    SOLID = "      "


def badge(text: str, width: int, frame: Frame) -> list[str]:
    """Draw a word in a frame, as three lines of `width` cells."""
    left, rule, right, side, low_left, low_right = frame
    return [
        f"{left}{rule * (width - 2)}{right}",
        f"{side}  {text.ljust(width - 6)}  {side}",
        f"{low_left}{rule * (width - 2)}{low_right}",
    ]


def waterfall(phases: Iterable[Phase], width: int) -> list[str]:
    """Draw the latest turn's time, with a line for each phase that took any.

    Args:
        phases: From the question's last sound to the answer's first.
        width: In cells.
    """
    shown = _worth_showing(phases)
    if not shown:
        return []
    total = _total_ms(shown)
    room = max(4, min(width, _WIDEST) - _NAMES - _TIMES)
    lines = [f"{'answered in':<{_NAMES}}{total / 1000:.2f} s"]
    for phase in shown:
        at = min(round(phase.begins_ms / total * room), room - 1)
        long = min(max(1, round(phase.lasts_ms / total * room)), room - at)
        bar = " " * at + _BAR[phase.owner] * long
        lines.append(f"{phase.name:<{_NAMES}}{bar} {phase.lasts_ms:.0f} ms")
    return [line[:width] for line in lines]


def timeline(phases: Iterable[Phase], width: int) -> list[str]:
    """Draw the same in two lines, for a low screen: one bar, and its parts."""
    shown = _worth_showing(phases)
    if not shown:
        return []
    total = _total_ms(shown)
    told = f"answered in {total / 1000:.2f} s "
    room = max(0, width - len(told) - 1)
    ends = [round((phase.begins_ms + phase.lasts_ms) / total * room) for phase in shown]
    cells = (
        ("│" + _BAR[phase.owner] * room)[: max(1, end - begin)]
        for phase, begin, end in zip(shown, [0, *ends], ends, strict=False)
    )
    return [f"{told}{''.join(cells)[:room]}│"[:width], _made_of(shown, width)]


def _made_of(phases: Sequence[Phase], width: int) -> str:
    """The phases with their times; only the longest if they do not all fit."""
    by_length = sorted(phases, key=lambda phase: phase.lasts_ms, reverse=True)
    for count in range(len(phases), 0, -1):
        kept = (phase for phase in phases if phase in by_length[:count])
        text = " · ".join(f"{phase.name} {phase.lasts_ms:.0f}" for phase in kept) + " ms"
        if len(text) <= width:
            return text
    return ""


def _worth_showing(phases: Iterable[Phase]) -> list[Phase]:
    return [phase for phase in phases if phase.lasts_ms >= 1]


def _total_ms(phases: Iterable[Phase]) -> float:
    return max(phase.begins_ms + phase.lasts_ms for phase in phases)
