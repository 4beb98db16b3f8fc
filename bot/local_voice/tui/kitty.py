"""Detects the release of a key in terminals that speak kitty's keyboard protocol.

Textual turns the protocol on without asking for releases, and its parser does not know them. This
module patches a private method of Textual. If that method has changed, the patch does nothing, and
people tap the talk key instead of holding it; a test checks that.

Source: https://sw.kovidgoyal.net/kitty/keyboard-protocol/ (progressive enhancement, event types)
"""

import re
from typing import Any, Final

from textual import events
from textual.app import App

RELEASED_SPACE: Final = "release+space"
"""The name of the space bar's release."""
REPEATED_SPACE: Final = "repeat+space"
"""The name of a held space bar's repeat."""
_IGNORED: Final = "<ignored>"
_ASK: Final = "\x1b[=2;2u"
"""Also report event types; Textual resets the protocol at the end."""
_KEY: Final = re.compile(r"\x1b\[(\d*)(?::[\d:]*)?;(\d*):([123])((?:;[\d:]*)?)([u~A-HPQRS])")
_SPACE: Final = "32"
_REPEATED, _RELEASED = "2", "3"
_SAMPLE: Final = {"\x1b[32;1:1u": "space", "\x1b[32;1:3u": RELEASED_SPACE, "\x1b[97u": "a"}


def teach() -> bool:
    """Make Textual's parser report repeats and releases of the space bar; return whether it can."""
    try:
        from textual._xterm_parser import XTermParser  # noqa: PLC0415
    except ImportError:
        return False
    stock = getattr(XTermParser, "_parse_extended_key", None)
    if stock is None or getattr(stock, "knows_releases", False):
        return stock is not None
    XTermParser._parse_extended_key = _taught(stock)  # type: ignore[method-assign]  # noqa: SLF001
    if all(_read(XTermParser, typed) == [name] for typed, name in _SAMPLE.items()):
        return True
    XTermParser._parse_extended_key = stock  # type: ignore[method-assign]  # noqa: SLF001
    return False


def ask(app: App[Any]) -> None:
    """Ask the terminal for releases; a terminal that does not understand ignores this."""
    driver = app._driver  # noqa: SLF001  (there is no public way to write a control sequence)
    if driver is not None and not app.is_headless:
        driver.write(_ASK)
        driver.flush()


def _read(parser: Any, typed: str) -> list[str]:
    """The keys that a parser finds in a sequence; none if the parser works differently."""
    try:
        found = [*parser().feed(typed)]
    except Exception:  # noqa: BLE001  (another version of Textual may raise anything)
        return []
    return [event.key for event in found if isinstance(event, events.Key)]


def _taught(stock: Any) -> Any:
    def parse(self: Any, sequence: str) -> Any:
        match = _KEY.fullmatch(sequence)
        if match is None:
            return stock(self, sequence)
        code, modifiers, kind, text, end = match.groups()
        is_space = code == _SPACE and end == "u"
        if kind == _RELEASED:
            # Not an empty list: the rest of the sequence would be typed as text.
            return [events.Key(RELEASED_SPACE if is_space else _IGNORED, None)]
        if kind == _REPEATED and is_space:
            return [events.Key(REPEATED_SPACE, None)]
        return stock(self, f"\x1b[{code};{modifiers or 1}{text}{end}")

    parse.knows_releases = True  # type: ignore[attr-defined]
    return parse
