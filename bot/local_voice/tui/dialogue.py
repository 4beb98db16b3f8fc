"""Formats an entry of the transcript: the name at the left, the text beside it."""

from collections.abc import Iterator
from typing import Final

from textual.content import Content

from bot.local_voice.tui.formatting import clean
from bot.local_voice.view import Entry, Kind, View

_WIDEST_NAME: Final = 14
_NARROW: Final = 40


def entry_text(entry: Entry, view: View, width: int) -> Content:
    """Format an entry.

    Args:
        entry: The entry.
        view: Has the names of the person and the assistant.
        width: In cells.
    """
    gutter = gutter_of(view)
    parts = [hang(label, text, gutter, width) for label, text in _parts(entry, view) if text]
    return Content("\n").join(parts)


def gutter_of(view: View) -> int:
    """The width of the names' column, in cells."""
    names = (view.person, view.assistant, "Error")
    return min(_WIDEST_NAME, max(Content(name).cell_length for name in names)) + 2


def hang(label: Content, text: Content, gutter: int, width: int) -> Content:
    """Set a text of several lines beside a label, or below it on a narrow screen."""
    if width < _NARROW:
        parts = (label, text) if label else (text,)
        return Content("\n").join(line for part in parts for line in part.wrap(max(1, width)))
    head = label.truncate(gutter - 1).pad_right(max(0, gutter - label.cell_length))
    lines = text.wrap(max(1, width - gutter))
    first, rest = lines[0], lines[1:]
    return Content("\n").join([head + first, *(line.pad_left(gutter) for line in rest)])


def _parts(entry: Entry, view: View) -> Iterator[tuple[Content, Content]]:
    answered = Content(clean(entry.answered))
    if entry.was_cut:
        answered = Content.assemble(answered, (" — stopped" if answered else "stopped", "dim"))
    match entry.kind:
        case Kind.TURN:
            asked = clean(entry.asked) or ("" if entry.is_over or answered else "…")
            if asked or not answered:  # else the assistant asks, and nobody has said anything
                yield Content.styled(view.person, "bold"), Content(asked)
            yield Content.styled(view.assistant, "bold $accent"), answered
        case Kind.TASK:
            yield Content.styled(view.person, "bold"), Content(clean(entry.asked))
            yield Content.styled("→", "bold $accent"), answered
        case Kind.NOTE:
            yield Content.styled("Note", "dim"), answered
        case Kind.ERROR:
            yield Content.styled("Error", "bold $error"), answered
    yield Content(""), Content.styled(clean(entry.progress), "dim italic")
