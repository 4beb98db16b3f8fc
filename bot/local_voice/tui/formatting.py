"""Turns a `View` into the app's texts. Pure."""

from dataclasses import replace
from typing import Final, NamedTuple

from bot import sanitize
from bot.figures import money
from bot.i18n import words_for
from bot.local_voice.view import Doing, TalkMode, View
from bot.money import micro

_SIGNS: Final = {
    Doing.LOADING: "…",
    Doing.READY: "○",
    Doing.PAUSED: "‖",
    Doing.RECORDING: "●",
    Doing.WAITING: "◌",
    Doing.THINKING: "◔",
    Doing.ANSWERING: "▶",
}


QUIET_DBFS: Final = -60.0
"""The lowest level that the level check shows."""
_STEP_DB: Final = 3.0
"""The check draws the level in such steps: a room's noise needs no redrawing."""


def shown(view: View) -> View:
    """The part of a view that the app draws: clean names, and no level while it is not live."""
    level = 0.0
    if is_level_shown(view):
        level = view.level_dbfs
    elif not view.entries:
        level = max(QUIET_DBFS, round(view.level_dbfs / _STEP_DB) * _STEP_DB)
    return replace(
        view,
        level_dbfs=level,
        person=clean(view.person),
        assistant=clean(view.assistant),
        place=clean(view.place),
    )


def state(view: View) -> str:
    """What is going on, in letters that are readable from across the room."""
    words = words_for(view.interface)
    sign, told = _SIGNS[view.doing], words(f"talk.state.{view.doing}")
    if is_listening(view):
        sign, told = "◉", words("talk.state.listening")
    if view.doing is Doing.RECORDING:
        seconds = int(view.recording_s)
        told = f"{told} {seconds // 60}:{seconds % 60:02}"
    return f"{sign} {told}"


def is_listening(view: View) -> bool:
    """Whether a turn begins as soon as somebody speaks."""
    return view.doing is Doing.READY and view.mode is TalkMode.HANDS_FREE and view.can_hear


def is_level_shown(view: View) -> bool:
    """Whether the microphone is live; while it is not, its noise would only cause redrawing."""
    return view.doing is Doing.RECORDING or is_listening(view)


def advice(view: View) -> str:
    """What the person can do now."""
    return words_for(view.interface)(f"talk.advice.{_advice(view)}")


def _advice(view: View) -> str:
    match view.doing:
        case Doing.RECORDING if view.mode is TalkMode.HANDS_FREE:
            return "recording_free"
        case Doing.RECORDING:
            return "recording_held" if view.has_release else "recording_tapped"
        case Doing.READY if not view.can_hear:
            return "no_microphone"
        case Doing.READY if view.mode is TalkMode.HANDS_FREE:
            return "free"
        case Doing.READY:
            return "held" if view.has_release else "tapped"
        case doing:
            return doing.value


def who(view: View) -> tuple[str, str]:
    """The two names, and where the services run."""
    return f"{view.person} ⇄ {view.assistant}", view.place


def standing(view: View) -> str:
    """The talk mode, and the cost so far."""
    words = words_for(view.interface)
    is_free = view.mode is TalkMode.HANDS_FREE
    mode = words("talk.free_mode" if is_free else "talk.key_mode")
    return f"{mode} · {money(micro(view.cost_usd), words.language)}" if view.cost_usd else mode


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
    words = words_for(view.interface)
    is_free = view.mode is TalkMode.HANDS_FREE
    shown = [
        Key(words("talk.key.enter"), words("talk.key.send"))
        if is_typing
        else Key(words("talk.key.space"), words(f"talk.key.{_space(view)}"), "tap"),
        Key("Esc", words("talk.key.stop"), "stop"),
        Key("F1", words("talk.key.help"), "help"),
        Key("F2", words("talk.key.settings"), "settings"),
        Key("F3", words("talk.key.past"), "past"),
        Key("F4", words("talk.key.times"), "times"),
        Key("^T", words("talk.key_mode" if is_free else "talk.free_mode"), "mode"),
        Key("^F", words("talk.key.find"), "find"),
        Key("^S", words("talk.key.save"), "save"),
        Key("^Y", words("talk.key.copy"), "copy"),
        Key("^Q", words("talk.key.quit"), "quit"),
    ]
    spare = (
        *("copy", "save", "times", "find", "past"),
        *("mode", "stop", "settings", "help", "quit"),
    )
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


def clean_line(text: str) -> str:
    """The same, in one line."""
    return sanitize.clean_line(text).expandtabs(4)
