"""How much memory this process may use: less than the machine has where something limits it."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bot.control_groups import ROOT, control_groups


def usable_memory_bytes(root: Path = ROOT) -> int:
    """The machine's memory, or the least that limits this process; 0: nobody can tell.

    Args:
        root: Where `proc` and `sys` are.
    """
    return min([_installed(), *(limit for limit in _limits(root) if limit > 0)])


def _installed() -> int:
    if sys.platform != "win32":
        with suppress(AttributeError, OSError, ValueError):
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        import psutil  # noqa: PLC0415  (an extra)
    except ImportError:
        return 0
    return int(psutil.virtual_memory().total)


def _limits(root: Path) -> Iterator[int]:
    for group in control_groups("memory", root=root):
        names = ("memory.max", "memory.high") if group.is_unified else ("memory.limit_in_bytes",)
        for name in names:
            with suppress(ValueError):  # no such file, or "max"
                yield int(group.read(name))
    yield from _own_limits()


def _own_limits() -> list[int]:
    """What `ulimit -v` and `ulimit -d` allow."""
    allowed: list[int] = []
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  (not on Windows)

        kinds = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
        found = (resource.getrlimit(kind)[0] for kind in kinds)
        allowed = [one for one in found if one != resource.RLIM_INFINITY]
    return allowed
