"""Copies a text to the clipboard of whoever sits at the terminal, also through tmux.

A terminal takes a text with OSC 52. tmux, by default, takes it from nobody but itself and passes
nothing on: so inside it the text goes to tmux's own buffer, and tmux hands it to the terminal.
Where its command cannot be run, the sequence is also written as it is (for `set-clipboard on`) and
wrapped (for `allow-passthrough on`).

Sources: https://invisible-island.net/xterm/ctlseqs (OSC 52), tmux(1) (load-buffer, passthrough)
"""

import asyncio
import base64
import contextlib
from typing import Final

from bot.settings import is_in_tmux

_TIMEOUT_S: Final = 2.0
MAX_BYTES: Final = 1_000_000
"""More than terminals take; xterm's own limit is lower."""


def osc52(text: str) -> str:
    """The sequence that hands a text to the terminal."""
    data = base64.b64encode(text.encode(errors="replace")[:MAX_BYTES]).decode("ascii")
    return f"\x1b]52;c;{data}\a"


def through_tmux(sequence: str) -> str:
    """The same, wrapped so that tmux passes it on to the terminal around it."""
    return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"


def sequences(text: str) -> str:
    """What to write to the terminal; in tmux both forms, of which it obeys what it is set to."""
    plain = osc52(text)
    return plain + through_tmux(plain) if is_in_tmux() else plain


async def hand_to_tmux(text: str) -> bool:
    """Put a text into tmux's buffer and, by it, on the terminal's clipboard; False: not in tmux."""
    if not is_in_tmux():
        return False
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_TIMEOUT_S):
            process = await asyncio.create_subprocess_exec(
                "tmux",
                *("load-buffer", "-w", "-"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                await process.communicate(text.encode(errors="replace")[:MAX_BYTES])
            finally:
                if process.returncode is None:
                    process.kill()
            return process.returncode == 0
    return False
