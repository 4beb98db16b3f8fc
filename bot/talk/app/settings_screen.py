"""Devices and their tests, mode, language and voice."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Label, Select, Static

from bot.talk.view import AudioDevice, Desk, TalkMode

_DEFAULT = "\0default"
"""A choice must have a value; None would mean that nothing is chosen."""


class SettingsScreen(ModalScreen[None]):
    """Everything that can be chosen. What is chosen counts at once, and is remembered.

    Args:
        desk: What it drives.
        chosen: The names chosen now: microphone, loudspeaker, language, voice.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f2", "dismiss", "Close", priority=True),
    ]

    def __init__(self, desk: Desk, chosen: dict[str, str | None]) -> None:
        super().__init__()
        self._desk = desk
        self._chosen = chosen
        self._choose: dict[str, Callable[[str | None], None]] = {
            "microphone": desk.choose_microphone,
            "loudspeaker": desk.choose_loudspeaker,
            "language": desk.set_language,
            "voice": desk.set_voice,
        }

    def compose(self) -> ComposeResult:
        """Lay it out."""
        desk = self._desk
        with VerticalScroll(id="box"):
            yield Label("Settings", id="title")
            yield self._choice("microphone", "Microphone", desk.microphones())
            yield self._choice("loudspeaker", "Loudspeaker", desk.loudspeakers())
            with Horizontal(classes="row"):
                yield Label("Try them")
                yield Button("Record 2 s and play it", id="test-microphone", compact=True)
                yield Button("Play a tone", id="test-loudspeaker", compact=True)
            yield Static("", id="told", markup=False)
            modes = [("hold or tap space", "key"), ("hands free", "hands-free")]
            yield _row("Mode", _select(modes, desk.view().mode.value, "mode"))
            yield self._choice("language", "Language spoken", desk.languages())
            yield self._choice("voice", "Voice of answers", desk.voices())
            yield Static("\nEsc closes. What is chosen counts at once.", classes="note")

    def _choice(self, name: str, label: str, found: Sequence[AudioDevice]) -> Horizontal:
        options = [(one.label, one.name or _DEFAULT) for one in found]
        values = [value for _, value in options]
        now = self._chosen[name] or _DEFAULT
        if now not in values:
            options.append((f"{now} (not there)", now))
        return _row(label, _select(options, now, name))

    def on_select_changed(self, event: Select.Changed) -> None:
        """Something else was chosen."""
        name, value = event.select.id or "", str(event.value)
        if name == "mode":
            if TalkMode(value) is not self._desk.view().mode:
                self._desk.set_mode(TalkMode(value))
            return
        chosen = None if value == _DEFAULT else value
        if chosen != self._chosen[name]:
            self._chosen[name] = chosen
            self._choose[name](chosen)

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Try a device; the screen stays alive meanwhile."""
        test = {
            "test-microphone": ("Speak now …", self._desk.test_microphone),
            "test-loudspeaker": ("Listen …", self._desk.test_loudspeaker),
        }[event.button.id or ""]
        self._tell(test[0])

        async def run() -> None:
            self._tell(await test[1]())

        self.run_worker(run(), exclusive=True, exit_on_error=False)

    def _tell(self, text: str) -> None:
        if self.is_mounted:
            self.query_one("#told", Static).update(text)


def _row(label: str, select: Select[str]) -> Horizontal:
    return Horizontal(Label(label), select, classes="row")


def _select(options: list[tuple[str, str]], value: str, name: str) -> Select[str]:
    return Select(options, value=value, allow_blank=False, id=name, compact=True)
