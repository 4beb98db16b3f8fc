"""The app: a conversation, a state to be read from across the room, and keys.

It asks the desk fifteen times a second how things stand, and draws what has changed: nothing, as
long as nobody speaks.
"""

from typing import ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Footer, Input

from bot.talk.app import kitty
from bot.talk.app.help_screen import HelpScreen
from bot.talk.app.settings_screen import SettingsScreen
from bot.talk.app.widgets import (
    Conversation,
    HeadLine,
    Part,
    StateLine,
    TroubleLine,
    Waterfall,
)
from bot.talk.view import Desk, TalkMode, View

_EVERY_S: Final = 1 / 15
_MOST_HISTORY: Final = 100
_SMALL: Final = (50, 12)

_STYLE: Final = """
Screen { layout: vertical; overflow: hidden; }
HeadLine { height: 1; background: $panel; }
StateLine { height: 4; padding: 1 0; }
TroubleLine { height: auto; background: $error 30%; }
Conversation { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
EntryBox { height: auto; margin-bottom: 1; }
EntryBox.error { border-left: heavy $error; padding-left: 1; }
EntryBox.note { color: $text-muted; }
Waterfall { height: auto; max-height: 9; padding: 0 1; border-top: solid $panel; }
#line { border: round $panel; height: 3; }
#line:focus { border: round $accent; }
ModalScreen { align: center middle; }
#box { width: 90%; max-width: 84; height: auto; max-height: 90%; border: round $accent;
       padding: 0 2; background: $surface; }
#title { text-style: bold; }
.row { height: 1; margin-top: 1; }
.row Label { width: 20; }
.row Select { width: 1fr; }
.row Button { margin-right: 2; }
#told { margin-top: 1; height: auto; min-height: 1; }
.note { color: $text-muted; }
"""


class TalkApp(App[None]):
    """A face of a desk.

    Args:
        desk: What it drives.
    """

    CSS = _STYLE
    TITLE = "skydeck talk"
    AUTO_FOCUS = "#line"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "talk", "Talk"),
        Binding("escape", "stop", "Stop"),
        Binding("f1", "help", "Help"),
        Binding("f2", "settings", "Settings"),
        Binding("ctrl+t", "mode", "Hands free"),
        Binding("ctrl+y", "copy", "Copy"),
        Binding("ctrl+s", "save", "Save", priority=True),
        Binding("ctrl+q", "quit", "Quit", priority=True),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True),
        Binding("pageup", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(1)", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._shown: View | None = None
        self._typed: list[str] = []
        self._at = 0

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield HeadLine(markup=False)
        yield StateLine(markup=False)
        yield TroubleLine(markup=False)
        yield Conversation()
        yield Waterfall(markup=False)
        yield Line(
            placeholder="Type a question, or /help",
            id="line",
            suggester=_Commands(self.desk),
            max_length=20_000,
            select_on_focus=False,
        )
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Begin to look."""
        if kitty.teach():
            kitty.ask(self)
        self.set_interval(_EVERY_S, self.look)
        self.look()

    def look(self) -> None:
        """Ask the desk how things stand, and show what has changed."""
        if not self.screen_stack:  # a last tick while it closes
            return
        view = self.desk.view()
        if view == self._shown:
            return
        self._shown = view
        base = self.screen_stack[0]
        for part in base.query("*").results(Part):
            part.show(view)

    def on_resize(self, event: events.Resize) -> None:
        """Another size: everything is laid out anew."""
        width, height = event.size
        self.sub_title = "" if width >= _SMALL[0] and height >= _SMALL[1] else "too small"
        self._shown = None
        self.call_after_refresh(self.look)

    # -- keys ------------------------------------------------------------------------------------

    @property
    def line(self) -> Input:
        """Where things are typed."""
        return self.screen_stack[0].query_one("#line", Input)

    def on_key(self, event: events.Key) -> None:
        """Releases and repeats of the space bar, and what the line does not do by itself."""
        if event.key.startswith(kitty.RELEASE):
            event.stop()
            self.desk.saw_release()
            if not self._is_typing:
                self.desk.key_up()
        elif event.key.startswith(kitty.REPEAT):
            event.stop()
            if self._is_typing:
                self.line.insert_text_at_cursor(" ")
        elif event.key in ("up", "down") and self.focused is self.line:
            event.stop()
            self._recall(-1 if event.key == "up" else 1)
        elif event.key == "tab" and self.focused is self.line and self.line.value.startswith("/"):
            event.prevent_default()
            event.stop()
            self._complete()

    @property
    def _is_typing(self) -> bool:
        """Whether a space is a space."""
        return bool(self.line.value)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The space bar is itself while something is typed, and on screens above."""
        is_above = len(self.screen_stack) > 1
        if action == "talk":
            return not (is_above or self._is_typing)
        if action in ("stop", "help", "settings", "mode"):
            return not is_above
        return True

    def action_talk(self) -> None:
        """The talk key is pressed."""
        self.desk.key_down()
        self.look()

    def action_stop(self) -> None:
        """No more of the answer."""
        self.desk.stop()
        self.look()

    def action_help(self) -> None:
        """All keys."""
        self.push_screen(HelpScreen())

    def action_settings(self) -> None:
        """Everything that can be chosen."""
        view = self.desk.view()
        chosen = {
            "microphone": view.microphone,
            "loudspeaker": view.loudspeaker,
            "language": view.language,
            "voice": view.voice,
        }
        self.push_screen(SettingsScreen(self.desk, chosen))

    def action_mode(self) -> None:
        """Hands free, or not."""
        is_key = self.desk.view().mode is TalkMode.KEY
        self.desk.set_mode(TalkMode.HANDS_FREE if is_key else TalkMode.KEY)
        self.look()

    def action_copy(self) -> None:
        """The latest answer, to the clipboard."""
        text = self.desk.latest_answer()
        if text:
            self.copy_to_clipboard(text)
        self.notify("Copied." if text else "There is no answer yet.", timeout=2)

    def action_save(self) -> None:
        """The conversation, to a folder."""

        async def save() -> None:
            self.notify(await self.desk.save(), timeout=6, markup=False)

        self.run_worker(save(), exit_on_error=False)

    def action_scroll(self, pages: int) -> None:
        """Read what was said before."""
        conversation = self.screen_stack[0].query_one(Conversation)
        step = pages * max(1, conversation.size.height - 2)
        conversation.scroll_relative(y=step, animate=False)

    # -- the line --------------------------------------------------------------------------------

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send it. An empty line is no question."""
        text = event.value
        if not text.strip():
            return
        self._typed = [*self._typed[-_MOST_HISTORY:], text]
        self._at = len(self._typed)
        self.line.value = ""
        self.desk.submit(text)
        self.look()

    def _recall(self, step: int) -> None:
        self._at = max(0, min(len(self._typed), self._at + step))
        self.line.value = self._typed[self._at] if self._at < len(self._typed) else ""
        self.line.cursor_position = len(self.line.value)

    def _complete(self) -> None:
        found = self.desk.completions(self.line.value)
        if found:
            self.line.value = found[0]
            self.line.cursor_position = len(found[0])


class Line(Input):
    """Where things are typed; while it is empty, the space bar is still the talk key.

    It decides that itself, in the order in which keys were typed: whoever types quickly has typed
    the space before the app knows of the letters.
    """

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Whether a key is text for it."""
        return super().check_consume_key(key, character) and (key != "space" or bool(self.value))

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "space" and not self.value:
            event.stop()
            event.prevent_default()
            await self.app.run_action("talk")
        else:
            await super()._on_key(event)


class _Commands(Suggester):
    """Shows how a /command could go on."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._desk = desk

    async def get_suggestion(self, value: str) -> str | None:
        return next(iter(self._desk.completions(value)), None)
