"""Keeps short what stops all threads of this process: garbage collection, and the wait for a turn.

A full collection looks at every object that there is: 160,000 once the bot is loaded, which takes
0.1 s and stops the event loop and voice meanwhile; beside busy processes, several times as long.
Almost all of those objects live until the end, so they need not be looked at again.

Python's threads take turns, and one that returns from the kernel may have to wait for 5 ms by
default. The event loop returns from the kernel after each packet and request: with a thread that
decodes fifty voices beside it, one round of the loop could take most of a second.
"""

import gc
import sys
from typing import Final

SWITCH_INTERVAL_S: Final = 0.001


def shorten_turns() -> None:
    """Let threads take shorter turns; once, at the start of a process that serves people."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def spare_long_lived(*, was_replaced: bool = False) -> None:
    """Exempt all objects that exist now from garbage collection, after something was loaded.

    They are still freed when nothing refers to them; only circles among them no longer are.

    Args:
        was_replaced: What was exempt may be garbage by now: a new session with Discord replaces all
            servers, which their channels refer to. Collect it first, in a full collection.
    """
    if was_replaced:
        gc.unfreeze()
        gc.collect()
    else:
        gc.collect(1)  # what was made last and is garbage already, which takes a few milliseconds
    gc.freeze()
