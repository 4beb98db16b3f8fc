"""Turns a `View` into the app's texts. Pure."""

from dataclasses import replace
from typing import Final, NamedTuple

from bot import sanitize
from bot.figures import money
from bot.i18n import DEFAULT
from bot.local_voice.view import Doing, TalkMode, View
from bot.money import micro

STATES: Final = {
    Doing.LOADING: ("…", "LOADING"),
    Doing.READY: ("○", "READY"),
    Doing.PAUSED: ("‖", "NOT LISTENING"),
    Doing.RECORDING: ("●", "RECORDING"),
    Doing.WAITING: ("◌", "WAITING"),
    Doing.THINKING: ("◔", "THINKING"),
    Doing.ANSWERING: ("▶", "ANSWERING"),
}


def shown(view: View) -> View:
    """The part of a view that the app draws: clean names, and no level while it is not live."""
    return replace(
        view,
        level_dbfs=view.level_dbfs if is_level_shown(view) else 0.0,
        person=clean(view.person),
        assistant=clean(view.assistant),
        place=clean(view.place),
    )


def state(view: View) -> str:
    """What is going on, in letters that are readable from across the room."""
    sign, words = STATES[view.doing]
    if is_listening(view):
        sign, words = "◉", "LISTENING"
    if view.doing is Doing.RECORDING:
        seconds = int(view.recording_s)
        words = f"{words} {seconds // 60}:{seconds % 60:02}"
    return f"{sign} {words}"


def is_listening(view: View) -> bool:
    """Whether a turn begins as soon as somebody speaks."""
    return view.doing is Doing.READY and view.mode is TalkMode.HANDS_FREE and view.can_hear


def is_level_shown(view: View) -> bool:
    """Whether the microphone is live; while it is not, its noise would only cause redrawing."""
    return view.doing is Doing.RECORDING or is_listening(view)


def advice(view: View) -> str:
    """What the person can do now."""
    match view.doing:
        case Doing.LOADING:
            return "The models are loading; one moment."
        case Doing.WAITING:
            return "A worker is starting; that can take a minute."
        case Doing.THINKING:
            return "Esc stops it."
        case Doing.ANSWERING:
            return "Esc stops it; so does speaking."
        case Doing.RECORDING:
            return _while_recording(view)
        case Doing.PAUSED:
            return "Space: listen again."
        case _:
            return _when_ready(view)


def _while_recording(view: View) -> str:
    if view.mode is TalkMode.HANDS_FREE:
        return "I answer when you are done."
    return "Release to send." if view.has_release else "Space: done. Esc: never mind."


def _when_ready(view: View) -> str:
    if not view.can_hear:
        return "No microphone: type your question below."
    if view.mode is TalkMode.HANDS_FREE:
        return "Just speak. Space: stop listening."
    return "Hold space and talk." if view.has_release else "Space: talk. Space again: done."


def who(view: View) -> tuple[str, str]:
    """The two names, and where the services run."""
    return f"{view.person} ⇄ {view.assistant}", f"on {view.place}"


def standing(view: View) -> str:
    """The talk mode, and the cost so far."""
    mode = "hands free" if view.mode is TalkMode.HANDS_FREE else "push to talk"
    return f"{mode} · {money(micro(view.cost_usd), DEFAULT)}" if view.cost_usd else mode


class Key(NamedTuple):
    """A key in the line at the bottom.

    Attributes:
        name: What is printed on it.
        does: What it does now.
        action: The app's action for a click; empty if a click cannot do it.
    """

    name: str
    does: str
    action: str = ""

    @property
    def width(self) -> int:
        """The number of cells, including the space before the next key."""
        return len(self.name) + len(self.does) + 3


def keys(view: View, width: int, *, is_typing: bool) -> list[Key]:
    """The keys that matter now; if they do not all fit, the least important are dropped."""
    other = "push to talk" if view.mode is TalkMode.HANDS_FREE else "hands free"
    shown = [
        Key("Enter", "send") if is_typing else Key("Space", _space(view), "tap"),
        Key("Esc", "stop", "stop"),
        Key("F1", "help", "help"),
        Key("F2", "settings", "settings"),
        Key("^T", other, "mode"),
        Key("^S", "save", "save"),
        Key("^Y", "copy", "copy"),
        Key("^Q", "quit", "quit"),
    ]
    spare = ("copy", "save", "mode", "stop", "settings", "help", "quit")
    for action in spare:
        if sum(key.width for key in shown) <= width:
            break
        shown = [key for key in shown if key.action != action]
    return shown


def _space(view: View) -> str:
    if view.mode is TalkMode.HANDS_FREE:
        return "listen" if view.doing is Doing.PAUSED else "pause"
    return "done" if view.doing is Doing.RECORDING else "talk"


def clean(text: str) -> str:
    """Remove what could move the cursor, colour the screen, or reverse the reading direction."""
    return sanitize.clean(text).expandtabs(4)
