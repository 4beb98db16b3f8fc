"""The app: the transcript, a state that is readable from across the room, and keys.

It takes the controller's view fifteen times a second and draws what has changed, which is nothing
while nobody speaks.
"""

import asyncio
import os
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.filter import NoColor

from bot.i18n import Words, words_for
from bot.local_voice.commands import Instruction
from bot.local_voice.tui import clipboard, formatting, kitty, theme
from bot.local_voice.tui.command_menu import CommandMenu
from bot.local_voice.tui.find_bar import FindBar
from bot.local_voice.tui.help_screen import HelpScreen
from bot.local_voice.tui.markdown import code_blocks
from bot.local_voice.tui.prompt_input import PromptInput
from bot.local_voice.tui.safe_callback import steady
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
from bot.local_voice.view import Doing, MenuItem, TalkMode, Theme, View

if TYPE_CHECKING:  # the window comes before what it shows
    from bot.local_voice.controller import TalkController

_EVERY_S: Final = 1 / 15
_BELOW: Final = ("talk", "tap", "stop", "help", "settings", "mode", "past", "times", "find")
_ALONE: Final = ("talk", "tap", "help", "scroll", "follow", "quit", "copy_or_quit")
"""What a key can do before there is a controller."""
_THEMES: Final = {
    Theme.TERMINAL: theme.TERMINAL,
    Theme.DARK: theme.DARK,
    Theme.LIGHT: theme.LIGHT,
    Theme.NONE: theme.TERMINAL,
}


class TalkApp(App[None]):
    """Shows a conversation, and reads its keys.

    Args:
        controller: The conversation; None: `take` brings it.
        first: What is shown until then.

    Attributes:
        is_drawn: Whether the person sees the window.
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
        Binding("f3", "past"),
        Binding("f4", "times"),
        Binding("ctrl+f", "find", priority=True),
        Binding("ctrl+k", "copy_code", priority=True),
        Binding("ctrl+t", "mode", priority=True),
        Binding("ctrl+y", "copy", priority=True),
        Binding("ctrl+s", "save", priority=True),
        Binding("ctrl+q", "quit", priority=True),
        Binding("ctrl+c", "copy_or_quit", priority=True),
        Binding("pageup", "scroll(-1)"),
        Binding("pagedown", "scroll(1)"),
        Binding("ctrl+end", "follow"),
    ]

    def __init__(self, controller: "TalkController | None", *, first: View | None = None) -> None:
        super().__init__(ansi_color=True)  # before the theme: this reads NO_COLOR
        for name in ("COLUMNS", "LINES"):  # Textual prefers them to the terminal's own size
            os.environ.pop(name, None)  # noqa: TID251 - a window that is resized would stay as it was
        self._is_colourless = self.no_color  # by NO_COLOR, whatever the person chooses here
        for one in (theme.TERMINAL, theme.DARK, theme.LIGHT):
            self.register_theme(one)
        self.theme = theme.TERMINAL.name
        self._colours = Theme.TERMINAL
        self._no_colour = NoColor()
        self._controller = controller
        self._first = first
        self.is_drawn = asyncio.Event()
        self._shown: View | None = None
        self._is_held = False
        self._is_submitted = False

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield HeadLine()
        yield StateLine()
        yield TroubleLine()
        yield Conversation()
        yield TurnTime()
        yield FindBar()
        yield CommandMenu()
        yield PromptInput(self._menu, lambda: self.words)
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to draw."""
        if kitty.teach():
            kitty.ask(self)
            self.app_resume_signal.subscribe(self, kitty.ask)
        self.set_interval(_EVERY_S, self.update_view)
        self.update_view()
        self.call_after_refresh(self.is_drawn.set)

    @property
    def controller(self) -> "TalkController":
        """The conversation.

        Raises:
            LookupError: It is not there yet.
        """
        if self._controller is None:
            raise LookupError
        return self._controller

    def take(self, controller: "TalkController") -> None:
        """Show this conversation from now on."""
        self._controller = controller
        self.update_view()

    # -- what the person sees --------------------------------------------------------------------

    def update_view(self) -> None:
        """Take the controller's view, and show what has changed."""
        if not self.screen_stack:  # a last tick while the app closes
            return
        with steady(self.tell_fault, self.words):
            view = formatting.shown(self._view())
            if view != self._shown:
                if view.theme is not self._colours:  # to read all CSS again takes 50 ms
                    self._use_theme(view.theme)
                self._shown = view
                self._show(view)
            if self._is_submitted and view.doing is not Doing.LOADING:
                self.on_input_submitted()

    def _view(self) -> View:
        if self._controller is None and self._first is not None:
            return self._first
        return self.controller.view()

    def _show(self, view: View) -> None:
        base = self.screen_stack[0]
        self._prompt.placeholder = words_for(view.interface)("talk.placeholder")
        base.set_class(is_roomy(self), "-roomy")
        base.set_class(is_low(self), "-low")
        for part in base.query(Part):
            part.show(view)
        base.query_one(Conversation).show(view)

    def _use_theme(self, wanted: Theme) -> None:
        """Use these colours; NO_COLOR has the last word."""
        self._colours = wanted
        chosen = theme.TERMINAL if self._is_colourless else _THEMES[wanted]
        self.no_color = self._is_colourless or wanted is Theme.NONE
        if not self._is_colourless and self._no_colour in self._filters:
            self._filters.remove(self._no_colour)
        if self.no_color and not self._is_colourless:
            self._filters.append(self._no_colour)
        self.ansi_color = chosen.ansi
        self.theme = chosen.name
        self.refresh_css()
        self.refresh(layout=True)

    @property
    def words(self) -> Words:
        """The words of the screen's language."""
        if self._controller is None:
            return words_for(self._view().interface)
        return self._controller.words

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
            with steady(self.tell_fault, self.words):
                if self._controller is not None:
                    self._controller.saw_release()
                self._let_go()
        elif event.key == kitty.REPEATED_SPACE:
            event.stop()
            if not self._is_held:
                self._prompt.insert_text_at_cursor(" ")

    def on_app_blur(self) -> None:
        """Release the key: another window has the keyboard now, and gets the release."""
        if self._shown is not None and self._shown.has_release:
            with steady(self.tell_fault, self.words):
                self._let_go()

    def _let_go(self) -> None:
        if self._is_held and self._controller is not None:
            self._controller.key_up()
        self._is_held = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Turn the conversation's keys off before it is there, or while a screen is above it."""
        is_above = len(self.screen_stack) > 1
        is_alone = self._controller is None and hasattr(self, f"action_{action}")
        return not (is_above and action in _BELOW) and (not is_alone or action in _ALONE)

    async def run_action(self, action: Any, *args: Any, **kwargs: Any) -> bool:
        """Run what a key or a click asks for, and show a fault in it."""
        self.tell_fault("")
        was_run = True
        with steady(self.tell_fault, self.words):
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
        if self._view().doing is Doing.LOADING:
            self.notify(self.words("talk.still_loading"), timeout=3)
        if self._controller is not None:
            self._controller.key_down()

    def action_stop(self) -> None:
        """Stop the answer."""
        self.controller.stop()

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(HelpScreen(self.words))

    def action_settings(self) -> None:
        """Show everything that can be chosen."""
        from bot.local_voice.tui.settings_screen import (  # noqa: PLC0415  (as the controller is)
            SettingsScreen,
        )

        self.push_screen(SettingsScreen(self.controller))

    def action_past(self) -> None:
        """Show earlier conversations."""
        from bot.local_voice.tui.past_screen import PastScreen  # noqa: PLC0415  (as the controller is)

        controller = self.controller
        if controller.memory is None:
            self.notify(self.words("talk.past.none"), timeout=3)
            return
        screen = PastScreen(
            controller.memory,
            self.words,
            go_on=controller.go_on,
            set_keeps=controller.set_keeps,
            assistant=controller.view().assistant,
        )
        self.push_screen(screen)

    def action_times(self) -> None:
        """Show where the latest turn's time went, or hide it."""
        self.controller.show_times(not self.controller.view().shows_times)

    def action_find(self) -> None:
        """Open the search."""
        self._find("")

    def _find(self, text: str) -> None:
        self.screen_stack[0].query_one(FindBar).open(text, self.words)

    def action_mode(self) -> None:
        """Switch between push to talk and hands free."""
        is_key = self.controller.view().mode is TalkMode.KEY
        self.controller.set_mode(TalkMode.HANDS_FREE if is_key else TalkMode.KEY)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text without what a terminal obeys: people paste it there."""
        self._clipboard = cleaned = formatting.clean(text)
        if self._driver is not None and not self.is_headless:
            self._driver.write(clipboard.sequences(cleaned))
        self.run_worker(clipboard.hand_to_tmux(cleaned))

    def notify(self, message: str, **options: Any) -> None:
        """Show a message for a moment."""
        super().notify(formatting.clean(message), **{"markup": False, **options})

    def action_copy(self) -> None:
        """Copy the latest answer to the clipboard."""
        self._copy(self.controller.transcript.latest_answer)

    def action_copy_code(self) -> None:
        """Copy the latest answer's last block of code, else all of it."""
        text = self.controller.transcript.latest_answer
        self._copy(next(reversed(code_blocks(text)), text))

    def _copy(self, text: str) -> None:
        if text:
            self.copy_to_clipboard(text)
        self.notify(self.words("talk.copied" if text else "talk.nothing_to_copy"), timeout=2)

    def action_copy_or_quit(self) -> None:
        """Copy the selected text to the clipboard; leave if nothing is selected."""
        text = self.screen.get_selected_text() or self._prompt.selected_text
        if not text:
            self.exit()
            return
        self.copy_to_clipboard(text)
        self.screen.clear_selection()
        self.notify(self.words("talk.copied_selection"), timeout=2)

    def action_save(self) -> None:
        """Save the conversation to a folder."""

        async def save() -> None:
            with steady(self.tell_fault, self.words):
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

    def _menu(self, text: str) -> list[MenuItem]:
        found: list[MenuItem] = []
        with steady(self.tell_fault, self.words):
            found += [] if self._controller is None else self._controller.menu(text)
        return found

    def on_prompt_input_menu_changed(self, event: PromptInput.MenuChanged) -> None:
        """Show the menu as it is now."""
        menu = self.screen_stack[0].query_one(CommandMenu)
        menu.show_items(event.items, event.at, self.words)

    def on_command_menu_taken(self, event: CommandMenu.Taken) -> None:
        """Take what was clicked."""
        self._prompt.take_item(event.at)
        self._prompt.focus()

    def on_find_bar_wanted(self, event: FindBar.Wanted) -> None:
        """Look for it, and say how much there is."""
        at, count = self._conversation.find(event.text, event.step)
        keys = self.words("talk.find.keys")
        told = self.words("talk.find.none") if event.text else keys
        if count:
            told = f"{self.words('talk.find.at', at=at, number=count)} · {keys}"
        self.screen_stack[0].query_one(FindBar).tell(told)

    def on_find_bar_closed(self) -> None:
        """Mark nothing more, and stay where it was found."""
        self._conversation.find("", 0)
        self._prompt.focus()

    def on_input_changed(self) -> None:
        """Let the space bar write spaces while the person types."""
        keys = self.screen_stack[0].query_one(KeyLine)
        keys.is_typing = bool(self._prompt.value)
        if self._shown is not None:
            keys.show(self._shown)

    def on_input_submitted(self) -> None:
        """Submit the text, as soon as it can be answered."""
        text, controller = self._prompt.value, self._controller
        instruction = controller.instruction(text) if controller and text.strip() else None
        is_loading = self._view().doing is Doing.LOADING
        self._is_submitted = is_loading and instruction is None and bool(text.strip())
        if self._is_submitted:
            self.notify(self.words("talk.sent_later"), timeout=3)
            return
        text = self._prompt.take()
        if instruction is Instruction.PAST:
            self.action_past()
        elif instruction is Instruction.FIND:
            self._find(text.strip().partition(" ")[2].strip())
        elif text.strip():
            with steady(self.tell_fault, self.words):
                self._conversation.follow()
                self.controller.submit(text)
                self.update_view()
