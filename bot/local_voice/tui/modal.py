"""A screen above the conversation."""

from textual.screen import ModalScreen

from bot.local_voice.tui.widgets import is_roomy


class Modal(ModalScreen[None]):
    """It lies over the conversation until it is put away."""

    def on_mount(self) -> None:
        """Leave blanks out where there is no room for them."""
        self.set_class(is_roomy(self), "-roomy")

    def on_resize(self) -> None:
        """The same, at another size."""
        self.set_class(is_roomy(self), "-roomy")
