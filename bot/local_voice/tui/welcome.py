"""What the empty conversation shows: the models that load, what to try, and a level check."""

from typing import Final

from textual.content import Content

from bot.i18n import Words, words_for
from bot.local_voice.hearing import Hearing
from bot.local_voice.load_progress import LoadStep
from bot.local_voice.tui.charts import bar
from bot.local_voice.tui.formatting import QUIET_DBFS, clean_line
from bot.local_voice.view import Doing, TalkMode, View

_LABEL: Final = 24
_NARROW: Final = 56
_BAR: Final = 12
_LEVEL: Final = 24
_MEGA: Final = 1e6
_SIGNS: Final = {
    Hearing.HEARD: ("✓", "bold $accent"),
    Hearing.LOUD: ("▲", "bold $error"),
    Hearing.QUIET: ("▲", "bold $error"),
    Hearing.SILENT: ("▲", "bold $error"),
    Hearing.NONE: ("▲", "bold $error"),
}


def welcome(view: View, width: int, *, is_low: bool = False) -> Content:
    """Everything that a new person needs; only the models once there are entries.

    Args:
        view: What is going on.
        width: In cells.
        is_low: Whether there is no room for all of it at once.
    """
    words = words_for(view.interface)
    lines: list[Content] = []
    if view.doing is Doing.LOADING:
        lines += [_step(step, words, width) for step in view.loading]
    if not view.entries and not (is_low and lines):
        lines += [Content(""), *_try(view, words, width)] if lines else _try(view, words, width)
        lines += [Content(""), *_level(view, words, width)]
    return Content("\n").join(lines)


def _step(step: LoadStep, words: Words, width: int) -> Content:
    label = words(f"talk.load.{step.part}")
    begun = step.seconds is not None
    sign = "✓" if step.is_done else "▸" if begun else "·"
    told = words("talk.load.next")
    if begun:
        told = words("talk.load.seconds", seconds=step.seconds)
    if step.is_done:
        told = f"{words('talk.load.ready')}, {told}"
    if step.total_bytes and not step.is_done:
        done, total = round(step.done_bytes / _MEGA), round(step.total_bytes / _MEGA)
        told = words("talk.load.of", done=done, total=total)
    drawn = "" if width < _NARROW else bar(step.share or 0.0, _BAR) + "  "
    style = "bold $accent" if begun and not step.is_done else "dim"
    names = "" if width < _NARROW else f"  {', '.join(map(clean_line, step.names))}"
    line = Content.assemble(
        (f"{sign} ", style), label.ljust(_LABEL - 2), (drawn, style), told, (names, "dim")
    )
    return line.truncate(width, ellipsis=True)


def _try(view: View, words: Words, width: int) -> list[Content]:
    spoken = "talk.welcome.talk_tapped"
    if view.mode is TalkMode.HANDS_FREE:
        spoken = "talk.welcome.talk_free"
    elif view.has_release:
        spoken = "talk.welcome.talk_held"
    is_mute = view.hearing is Hearing.NONE and view.doing is not Doing.LOADING
    keys = ["talk.welcome.type_instead"] if is_mute else [spoken, "talk.welcome.type"]
    keys.append("talk.welcome.command")
    lines = [Content.styled(words("talk.welcome.try"), "bold")] if not is_mute else []
    for number, key in enumerate(keys, 1):
        head = Content.styled(f"{number}  ", "bold $accent")
        first, *rest = Content(words(key)).wrap(max(8, width - 3))
        lines += [head + first, *(line.pad_left(3) for line in rest)]
    return lines


def _level(view: View, words: Words, width: int) -> list[Content]:
    """The microphone's level, and what that means."""
    key = "say_something" if view.hearing is Hearing.WAITING else view.hearing.value
    sign, style = _SIGNS.get(view.hearing, ("○", "dim"))
    told = Content.assemble((f"{sign} ", style), words(f"talk.welcome.{key}"))
    name = Content.styled(words("talk.welcome.microphone"), "bold")
    if view.hearing is Hearing.NONE:
        return (name + "  " + told).wrap(max(8, width))
    share = (view.level_dbfs - QUIET_DBFS) / -QUIET_DBFS
    room = min(_LEVEL, max(8, width - 14))
    drawn = Content.assemble(name, "  ", (bar(share, room), "$accent"), "  ")
    if drawn.cell_length + told.cell_length <= width:
        return [drawn + told]
    return [drawn, *told.wrap(max(8, width))]
