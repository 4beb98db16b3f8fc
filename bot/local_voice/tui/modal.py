"""A screen above the conversation."""

from textual.screen import ModalScreen

from bot.local_voice.tui.widgets import is_roomy

_NARROW = 72
"""Columns; in fewer, what stands side by side stands one below the other."""


class Modal(ModalScreen[None]):
    """A screen that covers the conversation until the person closes it."""

    def on_mount(self) -> None:
        """Drop the margins if the terminal is small."""
        self._suit_terminal()

    def on_resize(self) -> None:
        """Do the same for the new size."""
        self._suit_terminal()

    def _suit_terminal(self) -> None:
        self.set_class(is_roomy(self), "-roomy")
        self.set_class(self.app.size.width < _NARROW, "-narrow")
