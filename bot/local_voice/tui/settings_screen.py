"""The screen for devices and their tests, mode, language and voice."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Label, Select, Static

from bot.local_voice.choices import LANGUAGES
from bot.local_voice.controller import TalkController
from bot.local_voice.tui.formatting import clean
from bot.local_voice.tui.modal import Modal
from bot.local_voice.tui.safe_callback import steady
from bot.local_voice.view import Choice, TalkMode

_DEFAULT = "\0default"
"""Stands for None, which Textual takes for no choice."""
_MODES = [
    Choice(TalkMode.KEY, "push to talk (space)"),
    Choice(TalkMode.HANDS_FREE, "hands free"),
]


class SettingsScreen(Modal):
    """Everything that the person can choose. A choice takes effect at once, and is remembered.

    Args:
        controller: The conversation.
    """

    AUTO_FOCUS = "#microphone"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f2", "close", "Close", priority=True),
    ]

    def __init__(self, controller: TalkController) -> None:
        super().__init__()
        self._devices = devices = controller.devices
        conversation = controller.conversation
        self._voices = conversation.voices
        self._message = ""
        view = controller.view()
        self._chosen: dict[str, str | None] = {
            "microphone": view.microphone,
            "loudspeaker": view.loudspeaker,
            "mode": view.mode,
            "language": view.language,
            "voice": view.voice,
        }
        self._choose: dict[str, Callable[[str | None], None]] = {
            "microphone": devices.choose_microphone,
            "loudspeaker": devices.choose_loudspeaker,
            "mode": lambda mode: controller.set_mode(TalkMode(mode or TalkMode.KEY)),
            "language": conversation.set_language,
            "voice": conversation.set_voice,
        }
        self._tests: dict[str, tuple[str, Callable[[], Awaitable[str]]]] = {
            "test-microphone": ("Speak now …", devices.test_microphone),
            "test-loudspeaker": ("Listen …", devices.test_loudspeaker),
        }

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="box") as box:
            box.border_title = "Settings"
            box.border_subtitle = "Tab: next · Esc: done"
            yield self._row("microphone", "Microphone", self._devices.microphones)
            yield self._row("loudspeaker", "Loudspeaker", self._devices.loudspeakers)
            with Horizontal(classes="row"):
                yield Label("Try them")
                yield Button("▸ Speak and listen", id="test-microphone", compact=True)
                yield Button("▸ Play a tone", id="test-loudspeaker", compact=True)
            yield Static(id="message", markup=False)
            yield self._row("mode", "Mode", lambda: _MODES)
            yield self._row("language", "You speak", lambda: LANGUAGES)
            yield self._row("voice", "Voice of answers", self._voices)
            yield Static("A choice takes effect at once, and is remembered.", id="hint")

    def on_mount(self) -> None:
        """Show what went wrong during the layout."""
        super().on_mount()
        self._tell(self._message)

    def _row(self, name: str, label: str, choices: Callable[[], Sequence[Choice]]) -> Horizontal:
        options: list[tuple[str, str]] = []
        with steady(self._tell):
            options += [(clean(one.label), one.name or _DEFAULT) for one in choices()]
        now = self._chosen[name] or _DEFAULT
        if now not in (value for _, value in options):
            label_now = "system default" if now == _DEFAULT else f"{clean(now)} (not there)"
            options.append((label_now, now))
        select = Select(options, value=now, allow_blank=False, id=name, compact=True)
        return Horizontal(Label(label), select, classes="row")

    def on_select_changed(self, event: Select.Changed) -> None:
        """Carry out another choice."""
        name = event.select.id or ""
        chosen = None if event.value == _DEFAULT else str(event.value)
        if chosen != self._chosen[name]:
            self._chosen[name] = chosen
            with steady(self._tell):
                self._choose[name](chosen)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Test a device without blocking the screen."""
        words, test = self._tests[event.button.id or ""]
        self._tell(words)

        async def run() -> None:
            with steady(self._tell):
                self._tell(await test())

        self.run_worker(run(), exclusive=True)

    def action_close(self) -> None:
        """Close the open list, or else the screen."""
        for select in self.query(Select):
            if select.expanded:
                select.expanded = False
                return
        self.dismiss()

    def _tell(self, text: str) -> None:
        self._message = clean(text)
        for line in self.query("#message").results(Static):
            line.update(self._message)
