"""The screen of earlier conversations: what is kept and where; to open, go on with and delete."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from bot.figures import moment
from bot.i18n import Words
from bot.local_voice.memory import Memory, Past
from bot.local_voice.past_words import kept_where, past_row
from bot.local_voice.tui.dialogue import past_text
from bot.local_voice.tui.formatting import clean
from bot.local_voice.tui.modal import Modal
from bot.local_voice.tui.safe_callback import steady

_MAX_COLUMNS: Final = 76
_MAX_ROWS: Final = 9
_MIN_ROWS: Final = 3


class PastScreen(Modal):
    """Lists the conversations that are kept.

    Args:
        go_on: Goes on with one.
        set_keeps: Keeps conversations from now on, or not.
    """

    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f3", "back", priority=True),
        Binding("c", "go_on"),
        Binding("d,delete", "delete"),
        Binding("a", "delete_all"),
    ]

    def __init__(
        self,
        memory: Memory,
        words: Words,
        *,
        go_on: Callable[[Past], object],
        set_keeps: Callable[[bool], object],
        assistant: str,
    ) -> None:
        super().__init__()
        self._memory = memory
        self._words = words
        self._go_on = go_on
        self._set_keeps = set_keeps
        self._assistant = assistant
        self._rows: list[Past] = []
        self._opened: Past | None = None
        self._asks = ""

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="box") as box:
            box.border_title = self._words("talk.past.title")
            yield Static(id="kept", markup=False)
            yield Button(id="keeps", compact=True)
            yield OptionList(id="rows", compact=True, markup=False)
            yield Static(id="opened", markup=False)
            yield Static(id="message", markup=False)

    def on_mount(self) -> None:
        """Read what is kept."""
        super().on_mount()
        self._show()
        if not self._rows:
            self.query_one(Button).focus()

    def on_resize(self) -> None:
        """Lay what is open out again."""
        super().on_resize()
        if self.is_mounted:
            self._show()

    # -- what is shown ---------------------------------------------------------------------------

    def _show(self, message: str = "") -> None:
        words, memory = self._words, self._memory
        with steady(self._tell, words):
            self._rows = memory.past()
        is_open = self._opened is not None
        self.query_one("#kept", Static).update(kept_where(memory, words))
        button = self.query_one("#keeps", Button)
        button.label = words("talk.past.switch_off" if memory.keeps else "talk.past.switch_on")
        rows = self.query_one(OptionList)
        at = rows.highlighted or 0
        rows.clear_options()
        width = max(8, min(_MAX_COLUMNS, self.app.size.width) - 12)
        listed = (Content(clean(past_row(one, words))) for one in self._rows)
        rows.add_options(Option(row.truncate(width, ellipsis=True)) for row in listed)
        if self._rows:
            rows.highlighted = min(at, len(self._rows) - 1)
        for part in ("#kept", "#keeps", "#rows"):
            self.query_one(part).display = not is_open
        rows.display = bool(self._rows) and not is_open
        self.query_one("#opened").display = is_open
        if self._opened is not None:
            width = min(_MAX_COLUMNS, self.app.size.width) - 8
            text = past_text(self._opened, self._assistant, words, width)
            self.query_one("#opened", Static).update(text)
        self._tell(message or ("" if self._rows or is_open else words("talk.past.none")))
        self._name_keys()

    def _fit(self) -> None:
        """Give the list the room that is left, so that it scrolls and not the screen around it."""
        box, rows = self.query_one("#box"), self.query_one(OptionList)
        over = box.virtual_size.height - box.size.height
        if over > 0 and rows.display:
            rows.styles.max_height = max(_MIN_ROWS, rows.size.height - over)

    def _name_keys(self) -> None:
        words, box = self._words, self.query_one("#box")
        box.border_title = words("talk.past.title")
        if self._opened is not None:
            box.border_title = moment(self._opened.at, words.language)
            box.border_subtitle = words("talk.past.opened_keys")
        elif self._rows:
            listed = f"{words('talk.past.keys')} · {words('talk.past.delete_all')}"
            box.border_subtitle = listed
        else:
            box.border_subtitle = words("talk.help.keys")

    def _tell(self, text: str) -> None:
        self.query_one(OptionList).styles.max_height = _MAX_ROWS
        self.call_after_refresh(self._fit)
        for line in self.query("#message").results(Static):
            line.update(clean(text))
            if text:
                self.call_after_refresh(line.scroll_visible, animate=False)

    @property
    def _chosen(self) -> Past | None:
        if self._opened is not None:
            return self._opened
        at = self.query_one(OptionList).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    # -- what is done ----------------------------------------------------------------------------

    def on_key(self, event: Any) -> None:
        """Any key but the one that confirms takes a question back."""
        if self._asks and event.key not in {self._asks, "delete" if self._asks == "d" else ""}:
            self._asks = ""
            self._tell("")

    def on_button_pressed(self) -> None:
        """Switch keeping on or off."""
        with steady(self._tell, self._words):
            self._set_keeps(not self._memory.keeps)
            self._show()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the one that was chosen."""
        event.stop()
        self._opened = self._chosen
        self._show()
        self.query_one("#box").focus()

    def action_go_on(self) -> None:
        """Go on with the chosen one, and close the screen."""
        chosen = self._chosen
        if chosen is None:
            return
        with steady(self._tell, self._words):
            past = self._memory.read(chosen.name)
            if past is None:
                self._opened = None
                self._show(self._words("talk.past.gone"))
                return
            self._go_on(past)
            self.dismiss()

    def action_delete(self) -> None:
        """Ask first; then delete the chosen one."""
        chosen = self._chosen
        if chosen is None:
            return
        if self._asks != "d":
            self._asks = "d"
            self._tell(self._words("talk.past.sure"))
            return
        self._asks = ""
        with steady(self._tell, self._words):
            self._memory.delete(chosen.name)
            self._opened = None
            self._show(self._words("talk.past.deleted"))
            self.query_one(OptionList).focus()

    def action_delete_all(self) -> None:
        """Ask first; then delete all of them."""
        if not self._rows or self._opened is not None:
            return
        if self._asks != "a":
            self._asks = "a"
            self._tell(self._words("talk.past.sure_all"))
            return
        self._asks = ""
        with steady(self._tell, self._words):
            self._memory.delete_all()
            self._show(self._words("talk.past.deleted_all"))

    def action_back(self) -> None:
        """Close what is open, or else the screen."""
        if self._asks:
            self._asks = ""
            self._tell("")
        elif self._opened is not None:
            self._opened = None
            self._show()
            self.query_one(OptionList).focus()
        else:
            self.dismiss()
