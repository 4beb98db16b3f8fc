"""What the app says, from a `View`. Pure."""

import unicodedata
from typing import Final

from bot.conversation.trace import Owner, Phase
from bot.talk.view import Doing, Entry, Kind, TalkMode, View

_METER: Final = "▁▂▃▄▅▆▇█"
QUIET_DBFS: Final = -60.0
_WIDEST: Final = 90
_WORTH_TELLING: Final = 0.05
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Unicode's control and format characters, and halves of characters. An emoji that is joined of
several falls apart into them, which is still legible."""
_BAR: Final = {Owner.OURS: "█", Owner.WAIT: "░", Owner.SERVICE: "▒"}

STATES: Final = {
    Doing.LOADING: ("…", "LOADING"),
    Doing.READY: ("○", "READY"),
    Doing.PAUSED: ("⏸", "NOT LISTENING"),
    Doing.RECORDING: ("●", "RECORDING"),
    Doing.WAITING: ("◌", "WAITING"),
    Doing.THINKING: ("◔", "THINKING"),
    Doing.ANSWERING: ("▶", "ANSWERING"),
}


def state(view: View) -> str:
    """What is going on, to be read from across the room."""
    sign, words = STATES[view.doing]
    if view.doing is Doing.READY and view.mode is TalkMode.HANDS_FREE and view.can_hear:
        sign, words = "◉", "LISTENING"
    if view.doing is Doing.RECORDING:
        seconds = int(view.recording_s)
        words = f"{words} {seconds // 60}:{seconds % 60:02}"
    return f"{sign} {words}"


def advice(view: View) -> str:
    """What can be done now."""
    match view.doing:
        case Doing.LOADING:
            return "the models are being loaded; a moment"
        case Doing.WAITING:
            return "a worker is being started; that can take a minute"
        case Doing.THINKING | Doing.ANSWERING:
            return "Esc stops it; speaking stops it, too"
        case Doing.RECORDING:
            return _while_recording(view)
        case Doing.PAUSED:
            return "space: listen again"
        case _:
            return _when_ready(view)


def _while_recording(view: View) -> str:
    if view.mode is TalkMode.HANDS_FREE:
        return "I answer when you are done"
    return "let go, and it is sent" if view.has_release else "space: done · Esc: never mind"


def _when_ready(view: View) -> str:
    if not view.can_hear:
        return "no microphone: type below"
    if view.mode is TalkMode.HANDS_FREE:
        return "just speak · space: stop listening"
    return "hold space and talk" if view.has_release else "space: talk · space again: done"


def meter(level_dbfs: float, width: int) -> str:
    """How loud it is, as a bar of so many cells."""
    share = max(0.0, min(1.0, 1 - level_dbfs / QUIET_DBFS))
    eighths = round(share * width * len(_METER))
    full, part = divmod(eighths, len(_METER))
    return ("█" * full + (_METER[part - 1] if part else "")).ljust(width, "·")[:width]


def who(view: View) -> str:
    """Who speaks with whom, and where."""
    return f"{view.person} ⇄ {view.assistant} on {view.place}"


def cost(view: View) -> str:
    """What it has cost so far."""
    return f"${view.cost_usd:.4f}" if view.cost_usd else "no cost"


def waterfall(phases: tuple[Phase, ...], width: int) -> list[str]:
    """The latest turn's time, a line for each phase that took any; readable without colour.

    Args:
        phases: From the question's last sound to the answer's first.
        width: In cells.
    """
    shown = [phase for phase in phases if phase.lasts_ms >= 1]
    if not shown:
        return []
    total = max(phase.begins_ms + phase.lasts_ms for phase in shown)
    room = max(4, min(width, _WIDEST) - 22)
    lines = []
    for phase in shown:
        at = round(phase.begins_ms / total * room)
        long = max(1, round(phase.lasts_ms / total * room))
        bar = (" " * min(at, room - 1) + _BAR[phase.owner] * long)[:room].ljust(room)
        lines.append(f"{phase.name:<11} {bar} {phase.lasts_ms:>5.0f} ms")
    lines.append(f"{'in all':<11} {' ' * room} {total:>5.0f} ms")
    return lines


def bar(phases: tuple[Phase, ...], width: int) -> list[str]:
    """The same in two lines, for a low screen: one bar, and what it is made of."""
    shown = [phase for phase in phases if phase.lasts_ms >= 1]
    if not shown:
        return []
    total = sum(phase.lasts_ms for phase in shown)
    told = f"latest answer after {total / 1000:.2f} s "
    room = max(0, width - len(told))
    cells = "".join(
        _BAR[phase.owner] * max(1, round(phase.lasts_ms / total * room)) for phase in shown
    )
    told_of = [phase for phase in shown if phase.lasts_ms >= total * _WORTH_TELLING]
    made_of = " · ".join(f"{phase.name} {phase.lasts_ms:.0f}" for phase in told_of) + " ms"
    return [(told + cells[:room])[:width], made_of[:width]]


def clean(text: str) -> str:
    """Without what could move the cursor, colour the screen, or turn the reading round."""
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in _UNSEEN
    )


def question(entry: Entry) -> str:
    """What was asked; a hint where that is not known yet."""
    if entry.asked:
        return clean(entry.asked)
    return "…" if entry.kind is Kind.TURN and not entry.is_over else ""


def answer(entry: Entry) -> str:
    """The answer, and how it stands."""
    text = clean(entry.answered)
    if entry.was_cut:
        text = f"{text} — stopped" if text else "stopped"
    if entry.progress:
        text = f"{text}\n[{clean(entry.progress)}]".strip()
    return text
