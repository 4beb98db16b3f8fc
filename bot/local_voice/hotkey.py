"""A talk key that works whichever window is in front, on a desktop that allows it (pynput)."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from bot.errors import BadInput
from bot.extras import extra_command
from bot.sanitize import quoted


@contextlib.contextmanager
def global_key(
    name: str, *, down: Callable[[], object], up: Callable[[], object]
) -> Iterator[None]:
    """Follow a key in all windows; `down` and `up` run on the event loop's thread.

    Args:
        name: Its name in pynput (`f9`, `scroll_lock`, `ctrl_r`), or a single character.
        down: Called when the key is pressed, but not when it repeats.
        up: Called when the key is released.

    Raises:
        BadInput: There is no such key, no desktop, or pynput is not installed.
    """
    keyboard = _pynput()
    wanted = getattr(keyboard.Key, name.lower(), None)
    if wanted is None and len(name) != 1:
        known = ", ".join(key.name for key in keyboard.Key if key.name.startswith("f"))
        raise BadInput(
            f"There is no key {quoted(name)}.", hint=f"Try one of: {known}, scroll_lock."
        )
    loop = asyncio.get_running_loop()
    is_down = False

    def is_it(key: Any) -> bool:
        return key == wanted if wanted is not None else getattr(key, "char", None) == name

    def pressed(key: Any) -> None:
        nonlocal is_down
        if is_it(key) and not is_down:
            is_down = True
            loop.call_soon_threadsafe(down)

    def released(key: Any) -> None:
        nonlocal is_down
        if is_it(key):
            is_down = False
            loop.call_soon_threadsafe(up)

    listener = keyboard.Listener(on_press=pressed, on_release=released)
    listener.start()
    try:
        yield
    finally:
        listener.stop()


def _pynput() -> Any:
    try:
        from pynput import keyboard  # noqa: PLC0415
    except ImportError as e:
        if getattr(e, "name", None) == "pynput":
            raise BadInput(
                "A key for all windows needs pynput.", hint=extra_command("hotkey")
            ) from None
        raise BadInput(
            "There is no desktop here whose keys can be followed.",
            hint="Omit --push-to-talk-key: the space bar works in this window.",
        ) from None
    return keyboard
