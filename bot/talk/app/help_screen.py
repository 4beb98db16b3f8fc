"""All keys, and what can be typed."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

HELP = """\
Space         talk: hold it where your terminal tells when a key is let go,
              else press to begin and press again when you are done.
              Hands free: stop listening, or go on.
Esc           stop the answer, the task, or what you are saying
Enter         send what you typed: a question, or a /command
Tab           complete a /command        Up, Down   what you typed before
PgUp, PgDn    scroll
F2            settings: microphone, loudspeaker, mode, language, voice
Ctrl-T        hands free, or not
Ctrl-Y        copy the latest answer      Ctrl-S     save the conversation
Ctrl-Q        leave (Ctrl-C, too)

What you say is sent when you let go; a little from before the key and after it
is kept, so nothing is clipped. Speaking stops the answer.
/help lists all commands: /summarize, /translate, /build and more.
Without a text they work on what was said so far.

Esc closes this."""


class HelpScreen(ModalScreen[None]):
    """Read, and go back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter,space", "dismiss", "Close", priority=True),
    ]

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="box"):
            yield Static(HELP, markup=False)
