"""A screen above the conversation."""

from textual.screen import ModalScreen

from bot.local_voice.tui.widgets import is_roomy


class Modal(ModalScreen[None]):
    """A screen that covers the conversation until the person closes it."""

    def on_mount(self) -> None:
        """Drop the margins if the terminal is small."""
        self.set_class(is_roomy(self), "-roomy")

    def on_resize(self) -> None:
        """Do the same for the new size."""
        self.set_class(is_roomy(self), "-roomy")
