"""Charts made of characters, readable without colour. Pure."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from bot.figures import seconds
from bot.i18n import Words
from bot.voice_agent.latency_phase import Owner, Phase

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
QUIET_DBFS: Final = -48.0
"""As loud as a room in which nobody speaks; a lower level leaves no mark, and needs no drawing."""
_LOUD_DBFS: Final = -8.0
_MAX_COLUMNS: Final = 90
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


def bar(share: float, width: int) -> str:
    """Draw a share from 0 to 1 as a bar of `width` cells."""
    filled = max(0.0, min(1.0, share)) * width
    return ("█" * int(filled) + ("▌" if filled % 1 >= 0.5 else "")).ljust(width, "░")  # noqa: PLR2004


def waterfall(phases: Iterable[Phase], width: int, words: Words) -> list[str]:
    """Draw the latest turn's time, with a line for each phase that took any.

    Args:
        phases: From the question's last sound to the answer's first.
        width: In cells.
        words: The person's language.
    """
    shown = _worth_showing(phases)
    if not shown:
        return []
    total = _total_ms(shown)
    room = max(4, min(width, _MAX_COLUMNS) - _NAMES - _TIMES)
    lines = [_total(total, words)]
    for phase in shown:
        at = min(round(phase.begins_ms / total * room), room - 1)
        long = min(max(1, round(phase.lasts_ms / total * room)), room - at)
        drawn = " " * at + _BAR[phase.owner] * long
        name = words(f"voice.phase.{phase.name}")
        lines.append(f"{name:<{_NAMES}}{drawn} {phase.lasts_ms:.0f} ms")
    return [line[:width] for line in (*lines, words("talk.times.legend"))]


def _total(total_ms: float, words: Words) -> str:
    return words("talk.times.short", seconds=seconds(total_ms / 1000, 2, words.language))


def timeline(phases: Iterable[Phase], width: int, words: Words) -> list[str]:
    """Draw the same in three lines, for a low screen: one bar, its parts, and what they are."""
    shown = _worth_showing(phases)
    if not shown:
        return []
    total = _total_ms(shown)
    told = f"{_total(total, words)} "
    room = max(0, width - len(told) - 1)
    ends = [round((phase.begins_ms + phase.lasts_ms) / total * room) for phase in shown]
    cells = (
        ("│" + _BAR[phase.owner] * room)[: max(1, end - begin)]
        for phase, begin, end in zip(shown, [0, *ends], ends, strict=False)
    )
    drawn = f"{told}{''.join(cells)[:room]}│"
    return [drawn[:width], _made_of(shown, width, words), words("talk.times.legend")[:width]]


def _made_of(phases: Sequence[Phase], width: int, words: Words) -> str:
    """The phases with their times; only the longest if they do not all fit."""
    by_length = sorted(phases, key=lambda phase: phase.lasts_ms, reverse=True)
    for count in range(len(phases), 0, -1):
        kept = (phase for phase in phases if phase in by_length[:count])
        named = ((words(f"voice.phase.{phase.name}"), phase.lasts_ms) for phase in kept)
        text = " · ".join(f"{name} {ms:.0f}" for name, ms in named) + " ms"
        if len(text) <= width:
            return text
    return ""


def _worth_showing(phases: Iterable[Phase]) -> list[Phase]:
    return [phase for phase in phases if phase.lasts_ms >= 1]


def _total_ms(phases: Iterable[Phase]) -> float:
    return max(phase.begins_ms + phase.lasts_ms for phase in phases)
