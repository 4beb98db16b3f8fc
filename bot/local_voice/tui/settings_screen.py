"""The screen for devices and their tests, mode, language and voice."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widgets import Button, Label, Select, Static

from bot.i18n import Words
from bot.local_voice.choices import interface_choices, language_choices, theme_choices
from bot.local_voice.controller import TalkController
from bot.local_voice.tui.formatting import clean
from bot.local_voice.tui.modal import Modal
from bot.local_voice.tui.safe_callback import steady
from bot.local_voice.view import Choice, TalkMode

_DEFAULT = "\0default"
"""Stands for None, which Textual takes for no choice."""


def _modes(words: Words) -> Sequence[Choice]:
    return [
        Choice(TalkMode.KEY, words("talk.settings.mode_key")),
        Choice(TalkMode.HANDS_FREE, words("talk.settings.mode_free")),
    ]


class SettingsScreen(Modal):
    """Everything that the person can choose. A choice takes effect at once, and is remembered."""

    AUTO_FOCUS = "#microphone"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f2", "close", "Close", priority=True),
    ]

    def __init__(self, controller: TalkController) -> None:
        super().__init__()
        devices = controller.devices
        conversation = controller.conversation
        self._words = words = controller.words
        self._choices: dict[str, Callable[[], Sequence[Choice]]] = {
            "microphone": devices.microphones,
            "loudspeaker": devices.loudspeakers,
            "mode": lambda: _modes(words),
            "language": lambda: language_choices(words),
            "voice": conversation.voices,
            "interface": lambda: interface_choices(words),
            "theme": lambda: theme_choices(words),
        }
        self._message = ""
        view = controller.view()
        self._chosen: dict[str, str | None] = {
            "microphone": view.microphone,
            "loudspeaker": view.loudspeaker,
            "mode": view.mode,
            "language": view.language,
            "voice": view.voice,
            "interface": controller.interface,
            "theme": view.theme,
        }
        self._choose: dict[str, Callable[[str | None], None]] = {
            "microphone": devices.choose_microphone,
            "loudspeaker": devices.choose_loudspeaker,
            "mode": lambda mode: controller.set_mode(TalkMode(mode or TalkMode.KEY)),
            "language": conversation.set_language,
            "voice": conversation.set_voice,
            "interface": controller.set_interface,
            "theme": controller.set_theme,
        }
        self._tests: dict[str, tuple[str, Callable[[], Awaitable[str]]]] = {
            "test-microphone": ("talk.settings.speak_now", devices.test_microphone),
            "test-loudspeaker": ("talk.settings.listen_now", devices.test_loudspeaker),
        }

    def compose(self) -> ComposeResult:
        """Lay it out."""
        words = self._words
        with VerticalScroll(id="box") as box:
            box.border_title = words("talk.settings.title")
            box.border_subtitle = words("talk.settings.keys")
            yield self._row("microphone")
            yield self._row("loudspeaker")
            with Horizontal(classes="row"):
                yield Label(words("talk.settings.try"))
                with Container(id="tests"):
                    for end in ("microphone", "loudspeaker"):
                        label = words(f"talk.settings.try_{end}")
                        yield Button(label, id=f"test-{end}", compact=True)
            yield Static(id="message", markup=False)
            yield from map(self._row, ("mode", "language", "voice", "interface", "theme"))
            yield Static(words("talk.settings.hint"), id="hint")

    def on_mount(self) -> None:
        """Show what went wrong during the layout."""
        super().on_mount()
        self._tell(self._message)

    def _row(self, name: str) -> Horizontal:
        label = self._words(f"talk.settings.{name}")
        options: list[tuple[str, str]] = []
        with steady(self._tell, self._words):
            choices = self._choices[name]()
            options += [(clean(one.label), one.name or _DEFAULT) for one in choices]
        now = self._chosen[name] or _DEFAULT
        if now not in (value for _, value in options):
            label_now = self._words("talk.device.system")
            if now != _DEFAULT:
                label_now = self._words("talk.settings.absent", name=clean(now))
            options.append((label_now, now))
        select = Select(options, value=now, allow_blank=False, id=name, compact=True)
        return Horizontal(Label(label), select, classes="row")

    def on_select_changed(self, event: Select.Changed) -> None:
        """Carry out another choice."""
        name = event.select.id or ""
        chosen = None if event.value == _DEFAULT else str(event.value)
        if chosen != self._chosen[name]:
            self._chosen[name] = chosen
            with steady(self._tell, self._words):
                self._choose[name](chosen)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Test a device without blocking the screen."""
        told, test = self._tests[event.button.id or ""]
        self._tell(self._words(told))

        async def run() -> None:
            with steady(self._tell, self._words):
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
