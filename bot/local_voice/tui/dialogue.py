"""Formats an entry of the transcript: the name at the left, the text beside it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from textual.content import Content

from bot.i18n import Words, words_for
from bot.local_voice.tui.formatting import clean
from bot.local_voice.tui.markdown import is_marked, set_markdown
from bot.local_voice.view import Entry, Kind, View

if TYPE_CHECKING:  # the window comes before what it shows
    from bot.local_voice.memory import Past

_MAX_NAME_COLUMNS: Final = 14
_NARROW: Final = 40
_MAX_GROWING: Final = 6_000
"""An answer that still grows is set anew with each sentence; a longer one is set at its end."""

_Part: TypeAlias = tuple[Content, Content, bool]
"""A label, its text, and whether the text is Markdown."""


def entry_text(entry: Entry, view: View, width: int) -> Content:
    """Format an entry.

    Args:
        entry: The entry.
        view: Has the names of the person and the assistant.
        width: In cells.
    """
    return _beside(_parts(entry, view), gutter_of(view), width)


def past_text(past: "Past", assistant: str, words: Words, width: int) -> Content:
    """Format a conversation of before."""
    view = View(words("talk.you"), clean(assistant), "", interface=words.language)
    entries = (
        Entry(
            number,
            Kind.TASK if turn.task else Kind.TURN,
            asked=turn.heard,
            answered=turn.said,
            is_over=True,
            was_cut=turn.interrupted,
        )
        for number, turn in enumerate(past.turns)
    )
    return Content("\n\n").join(entry_text(entry, view, width) for entry in entries)


def gutter_of(view: View) -> int:
    """The width of the names' column, in cells."""
    words = words_for(view.interface)
    names = (view.person, view.assistant, words("talk.error"))
    return min(_MAX_NAME_COLUMNS, max(Content(name).cell_length for name in names)) + 2


def hang(label: Content, text: Content, gutter: int, width: int) -> Content:
    """Set a text of several lines beside a label, or below it on a narrow screen."""
    return _beside([(label, text, False)], gutter, width)


def _beside(parts: Iterator[_Part] | list[_Part], gutter: int, width: int) -> Content:
    is_narrow = width < _NARROW
    room = max(1, width if is_narrow else width - gutter)
    lines: list[Content] = []
    for label, text, is_marked_up in parts:
        if not text:
            continue
        told = list(set_markdown(text.plain, room)) if is_marked_up else list(text.wrap(room))
        if is_narrow:
            lines += [*(label.wrap(room) if label else ()), *told]
            continue
        head = label.truncate(gutter - 1).pad_right(max(0, gutter - label.cell_length))
        first, rest = (told[0], told[1:]) if told else (Content(""), [])
        lines += [head + first, *(line.pad_left(gutter) for line in rest)]
    return Content("\n").join(lines)


def _parts(entry: Entry, view: View) -> Iterator[_Part]:
    words = words_for(view.interface)
    text = clean(entry.answered)
    is_set = _is_set(entry, text)
    answered = Content(text)
    if entry.was_cut:
        stopped = words("talk.stopped")
        if is_set:
            answered = Content(f"{text}\n\n*— {stopped}*")
        else:
            end = (f" — {stopped}" if answered else stopped, "dim")
            answered = Content.assemble(answered, end)
    match entry.kind:
        case Kind.TURN:
            asked = clean(entry.asked) or ("" if entry.is_over or answered else "…")
            if asked or not answered:  # else the assistant asks, and nobody has said anything
                yield Content.styled(view.person, "bold"), Content(asked), False
            yield Content.styled(view.assistant, "bold $accent"), answered, is_set
        case Kind.TASK:
            yield Content.styled(view.person, "bold"), Content(clean(entry.asked)), False
            yield Content.styled("→", "bold $accent"), answered, is_set
        case Kind.NOTE:
            yield Content.styled(words("talk.note"), "dim"), answered, False
        case Kind.ERROR:
            yield Content.styled(words("talk.error"), "bold $error"), answered, False
    yield Content(""), Content.styled(clean(entry.progress), "dim italic"), False


def _is_set(entry: Entry, text: str) -> bool:
    """Whether an answer is shown as Markdown."""
    if entry.kind not in (Kind.TURN, Kind.TASK):
        return False
    return is_marked(text) and (entry.is_over or len(text) <= _MAX_GROWING)
