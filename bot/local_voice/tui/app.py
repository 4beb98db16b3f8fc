"""The app: a conversation, a state to be read from across the room, and keys.

It asks the desk fifteen times a second how things stand, and draws what has changed: nothing, as
long as nobody speaks.
"""

import os
from typing import Any, ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from bot.local_voice.tui import formatting, kitty, theme
from bot.local_voice.tui.help_screen import HelpScreen
from bot.local_voice.tui.prompt_input import PromptInput
from bot.local_voice.tui.safe_callback import steady
from bot.local_voice.tui.settings_screen import SettingsScreen
from bot.local_voice.tui.widgets import (
    Conversation,
    HeadLine,
    KeyLine,
    Part,
    StateLine,
    TroubleLine,
    TurnTime,
    is_low,
    is_roomy,
)
from bot.local_voice.view import TalkControl, TalkMode, View

_EVERY_S: Final = 1 / 15
_BELOW: Final = ("talk", "tap", "stop", "help", "settings", "mode")


class TalkApp(App[None]):
    """A face of a desk.

    Args:
        desk: What it drives.
    """

    CSS = theme.STYLE
    TITLE = "skydeck talk"
    AUTO_FOCUS = "#line"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "talk"),
        Binding("escape", "stop"),
        Binding("f1", "help"),
        Binding("f2", "settings"),
        Binding("ctrl+t", "mode", priority=True),
        Binding("ctrl+y", "copy", priority=True),
        Binding("ctrl+s", "save", priority=True),
        Binding("ctrl+q", "quit", priority=True),
        Binding("ctrl+c", "copy_or_quit", priority=True),
        Binding("pageup", "scroll(-1)"),
        Binding("pagedown", "scroll(1)"),
        Binding("ctrl+end", "follow"),
    ]

    def __init__(self, desk: TalkControl) -> None:
        super().__init__(ansi_color=True)  # before the theme: NO_COLOR is looked at here
        for name in ("COLUMNS", "LINES"):  # Textual believes them before the terminal itself
            os.environ.pop(name, None)  # noqa: TID251 - a window that is resized would stay as it was
        self.register_theme(theme.THEME)
        self.theme = theme.THEME.name
        self.desk = desk
        self._shown: View | None = None
        self._is_held = False

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield HeadLine()
        yield StateLine()
        yield TroubleLine()
        yield Conversation()
        yield TurnTime()
        yield PromptInput(self._completions)
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to look."""
        if kitty.teach():
            kitty.ask(self)
            self.app_resume_signal.subscribe(self, kitty.ask)
        self.set_interval(_EVERY_S, self.look)
        self.look()

    # -- what is seen ----------------------------------------------------------------------------

    def look(self) -> None:
        """Ask the desk how things stand, and show what has changed."""
        if not self.screen_stack:  # a last tick while it closes
            return
        with steady(self.tell_fault):
            view = formatting.shown(self.desk.view())
            if view != self._shown:
                self._shown = view
                self._show(view)

    def _show(self, view: View) -> None:
        base = self.screen_stack[0]
        base.set_class(is_roomy(self), "-roomy")
        base.set_class(is_low(self), "-low")
        for part in base.query(Part):
            part.show(view)
        base.query_one(Conversation).show(view)

    def tell_fault(self, fault: str) -> None:
        """Show what went wrong in here, until the next key."""
        self.screen_stack[0].query_one(TroubleLine).tell(fault)

    def on_resize(self) -> None:
        """Another size: everything is laid out anew."""
        self._shown = None
        self.call_after_refresh(self.look)

    # -- keys ------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Releases and repeats of the space bar."""
        if event.key == kitty.RELEASED_SPACE:
            event.stop()
            with steady(self.tell_fault):
                self.desk.saw_release()
                self._let_go()
        elif event.key == kitty.REPEATED_SPACE:
            event.stop()
            if not self._is_held:
                self._line.insert_text_at_cursor(" ")

    def on_app_blur(self) -> None:
        """Another window has the keyboard now, and will be told of the release."""
        if self._shown is not None and self._shown.has_release:
            with steady(self.tell_fault):
                self._let_go()

    def _let_go(self) -> None:
        if self._is_held:
            self._is_held = False
            self.desk.key_up()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What belongs to the conversation waits while another screen is above it."""
        is_above = len(self.screen_stack) > 1
        return not (is_above and action in _BELOW)

    async def run_action(self, action: Any, *args: Any, **kwargs: Any) -> bool:
        """What a key or a click asks for; a fault in it is shown."""
        self.tell_fault("")
        was_run = True
        with steady(self.tell_fault):
            was_run = await super().run_action(action, *args, **kwargs)
            self.look()
        return was_run

    def action_talk(self) -> None:
        """The talk key is pressed."""
        self._is_held = True
        self.action_tap()

    def action_tap(self) -> None:
        """The same by the mouse: there is no release to wait for."""
        self._conversation.follow()
        self.desk.key_down()

    def action_stop(self) -> None:
        """No more of the answer."""
        self.desk.stop()

    def action_help(self) -> None:
        """All keys."""
        self.push_screen(HelpScreen())

    def action_settings(self) -> None:
        """Everything that can be chosen."""
        self.push_screen(SettingsScreen(self.desk))

    def action_mode(self) -> None:
        """Hands free, or not."""
        is_key = self.desk.view().mode is TalkMode.KEY
        self.desk.set_mode(TalkMode.HANDS_FREE if is_key else TalkMode.KEY)

    def action_copy(self) -> None:
        """The latest answer, to the clipboard."""
        text = self.desk.latest_answer()
        if text:
            self.copy_to_clipboard(text)
        self.notify("Copied." if text else "There is no answer yet.", timeout=2)

    def action_copy_or_quit(self) -> None:
        """What is marked, to the clipboard; when nothing is, leave."""
        text = self.screen.get_selected_text() or self._line.selected_text
        if not text:
            self.exit()
            return
        self.copy_to_clipboard(text)
        self.screen.clear_selection()
        self.notify("Copied what you marked.", timeout=2)

    def action_save(self) -> None:
        """The conversation, to a folder."""

        async def save() -> None:
            with steady(self.tell_fault):
                self.notify(await self.desk.save(), timeout=6, markup=False)

        self.run_worker(save())

    def action_scroll(self, pages: int) -> None:
        """Read what was said before."""
        step = pages * max(1, self._conversation.size.height - 2)
        self._conversation.scroll_relative(y=step, animate=False)

    def action_follow(self) -> None:
        """Back to what is said now."""
        self._conversation.follow()

    # -- the line --------------------------------------------------------------------------------

    @property
    def _line(self) -> PromptInput:
        return self.screen_stack[0].query_one(PromptInput)

    @property
    def _conversation(self) -> Conversation:
        return self.screen_stack[0].query_one(Conversation)

    def _completions(self, text: str) -> list[str]:
        found: list[str] = []
        with steady(self.tell_fault):
            found += self.desk.completions(text)
        return found

    def on_input_changed(self) -> None:
        """While something is typed, the space bar is a space bar."""
        keys = self.screen_stack[0].query_one(KeyLine)
        keys.is_typing = bool(self._line.value)
        if self._shown is not None:
            keys.show(self._shown)

    def on_input_submitted(self) -> None:
        """Send it."""
        text = self._line.take()
        if text.strip():
            with steady(self.tell_fault):
                self._conversation.follow()
                self.desk.submit(text)
                self.look()
