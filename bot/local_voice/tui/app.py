"""The app: the transcript, a state that is readable from across the room, and keys.

It takes the controller's view fifteen times a second and draws what has changed, which is nothing
while nobody speaks.
"""

import os
from typing import Any, ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from bot.local_voice.controller import TalkController
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
from bot.local_voice.view import TalkMode, View

_EVERY_S: Final = 1 / 15
_BELOW: Final = ("talk", "tap", "stop", "help", "settings", "mode")


class TalkApp(App[None]):
    """Shows a conversation, and reads its keys.

    Args:
        controller: The conversation.
    """

    CSS = theme.STYLE
    TITLE = "skydeck talk"
    AUTO_FOCUS = "#prompt"
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

    def __init__(self, controller: TalkController) -> None:
        super().__init__(ansi_color=True)  # before the theme: this reads NO_COLOR
        for name in ("COLUMNS", "LINES"):  # Textual prefers them to the terminal's own size
            os.environ.pop(name, None)  # noqa: TID251 - a window that is resized would stay as it was
        self.register_theme(theme.THEME)
        self.theme = theme.THEME.name
        self.controller = controller
        self._shown: View | None = None
        self._is_held = False

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield HeadLine()
        yield StateLine()
        yield TroubleLine()
        yield Conversation()
        yield TurnTime()
        yield PromptInput(self._completions)
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to draw."""
        if kitty.teach():
            kitty.ask(self)
            self.app_resume_signal.subscribe(self, kitty.ask)
        self.set_interval(_EVERY_S, self.update_view)
        self.update_view()

    # -- what the person sees --------------------------------------------------------------------

    def update_view(self) -> None:
        """Take the controller's view, and show what has changed."""
        if not self.screen_stack:  # a last tick while the app closes
            return
        with steady(self.tell_fault):
            view = formatting.shown(self.controller.view())
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
        """Show the app's own fault until the next key."""
        self.screen_stack[0].query_one(TroubleLine).tell(fault)

    def on_resize(self) -> None:
        """Lay everything out again for the new size."""
        self._shown = None
        self.call_after_refresh(self.update_view)

    # -- keys ------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Take releases and repeats of the space bar."""
        if event.key == kitty.RELEASED_SPACE:
            event.stop()
            with steady(self.tell_fault):
                self.controller.saw_release()
                self._let_go()
        elif event.key == kitty.REPEATED_SPACE:
            event.stop()
            if not self._is_held:
                self._prompt.insert_text_at_cursor(" ")

    def on_app_blur(self) -> None:
        """Release the key: another window has the keyboard now, and gets the release."""
        if self._shown is not None and self._shown.has_release:
            with steady(self.tell_fault):
                self._let_go()

    def _let_go(self) -> None:
        if self._is_held:
            self._is_held = False
            self.controller.key_up()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Turn the conversation's keys off while another screen is above it."""
        is_above = len(self.screen_stack) > 1
        return not (is_above and action in _BELOW)

    async def run_action(self, action: Any, *args: Any, **kwargs: Any) -> bool:
        """Run what a key or a click asks for, and show a fault in it."""
        self.tell_fault("")
        was_run = True
        with steady(self.tell_fault):
            was_run = await super().run_action(action, *args, **kwargs)
            self.update_view()
        return was_run

    def action_talk(self) -> None:
        """Press the talk key."""
        self._is_held = True
        self.action_tap()

    def action_tap(self) -> None:
        """Press the talk key with the mouse, which sends no release."""
        self._conversation.follow()
        self.controller.key_down()

    def action_stop(self) -> None:
        """Stop the answer."""
        self.controller.stop()

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(HelpScreen())

    def action_settings(self) -> None:
        """Show everything that can be chosen."""
        self.push_screen(SettingsScreen(self.controller))

    def action_mode(self) -> None:
        """Switch between push to talk and hands free."""
        is_key = self.controller.view().mode is TalkMode.KEY
        self.controller.set_mode(TalkMode.HANDS_FREE if is_key else TalkMode.KEY)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text without what a terminal obeys: people paste it there."""
        super().copy_to_clipboard(formatting.clean(text))

    def notify(self, message: str, **options: Any) -> None:
        """Show a message for a moment."""
        super().notify(formatting.clean(message), **{"markup": False, **options})

    def action_copy(self) -> None:
        """Copy the latest answer to the clipboard."""
        text = self.controller.transcript.latest_answer
        if text:
            self.copy_to_clipboard(text)
        self.notify("Copied." if text else "There is no answer yet.", timeout=2)

    def action_copy_or_quit(self) -> None:
        """Copy the selected text to the clipboard; leave if nothing is selected."""
        text = self.screen.get_selected_text() or self._prompt.selected_text
        if not text:
            self.exit()
            return
        self.copy_to_clipboard(text)
        self.screen.clear_selection()
        self.notify("Copied the selection.", timeout=2)

    def action_save(self) -> None:
        """Save the conversation to a folder."""

        async def save() -> None:
            with steady(self.tell_fault):
                self.notify(await self.controller.save(), timeout=6)

        self.run_worker(save())

    def action_scroll(self, pages: int) -> None:
        """Scroll to what was said before."""
        step = pages * max(1, self._conversation.size.height - 2)
        self._conversation.scroll_relative(y=step, animate=False)

    def action_follow(self) -> None:
        """Go back to what is said now."""
        self._conversation.follow()

    # -- the prompt ------------------------------------------------------------------------------

    @property
    def _prompt(self) -> PromptInput:
        return self.screen_stack[0].query_one(PromptInput)

    @property
    def _conversation(self) -> Conversation:
        return self.screen_stack[0].query_one(Conversation)

    def _completions(self, text: str) -> list[str]:
        found: list[str] = []
        with steady(self.tell_fault):
            found += self.controller.completions(text)
        return found

    def on_input_changed(self) -> None:
        """Let the space bar write spaces while the person types."""
        keys = self.screen_stack[0].query_one(KeyLine)
        keys.is_typing = bool(self._prompt.value)
        if self._shown is not None:
            keys.show(self._shown)

    def on_input_submitted(self) -> None:
        """Submit the text."""
        text = self._prompt.take()
        if text.strip():
            with steady(self.tell_fault):
                self._conversation.follow()
                self.controller.submit(text)
                self.update_view()
