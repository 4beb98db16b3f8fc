"""When a key is let go: told by terminals that speak kitty's keyboard protocol.

Textual turns that protocol on without asking for releases, and its parser does not know them. What
is done about it here touches a private method of Textual's; where that has changed, nothing
happens, and the talk key is tapped instead of held. A test says so.

Source: https://sw.kovidgoyal.net/kitty/keyboard-protocol/ (progressive enhancement, event types)
"""

import re
from typing import Any, Final

from textual import events
from textual.app import App

RELEASED_SPACE: Final = "release+space"
"""The name of the space bar when it is let go."""
REPEATED_SPACE: Final = "repeat+space"
"""The name of a held space bar that is sent again."""
_IGNORED: Final = "<ignored>"
_ASK: Final = "\x1b[=2;2u"
"""Report event types, besides what is on already; Textual takes all of it back at the end."""
_KEY: Final = re.compile(r"\x1b\[(\d*)(?::[\d:]*)?;(\d*):([123])((?:;[\d:]*)?)([u~A-HPQRS])")
_SPACE: Final = "32"
_REPEATED, _RELEASED = "2", "3"
_SAMPLE: Final = {"\x1b[32;1:1u": "space", "\x1b[32;1:3u": RELEASED_SPACE, "\x1b[97u": "a"}


def teach() -> bool:
    """Make Textual's parser tell when the space bar repeats or is let go; whether it can."""
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
    """Ask the terminal to tell; one that does not understand ignores it."""
    driver = app._driver  # noqa: SLF001  (there is no public way to write a control sequence)
    if driver is not None and not app.is_headless:
        driver.write(_ASK)
        driver.flush()


def _read(parser: Any, typed: str) -> list[str]:
    """The keys that a parser makes of what was typed; none when it cannot be asked like that."""
    try:
        found = [*parser().feed(typed)]
    except Exception:  # noqa: BLE001  (another Textual: any error at all may come out of it)
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
