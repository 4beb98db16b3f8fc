"""Ports for servers whose port must be known before they start, or must stay the same."""

import contextlib
import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST = 10_000
_dice = random.SystemRandom()  # Hypothesis seeds the common one, in each process alike


def free_port() -> int:
    """A port that nothing listens on, outside those that the kernel hands out by itself.

    One of the kernel's could be taken, by any connection of another process of the run, before the
    server starts or while it is down.
    """
    end = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    for _ in range(100):
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", _dice.randrange(_FIRST, max(end, _FIRST + 1_000))))
            return one.getsockname()[1]
    raise OSError("no free port")
