"""A cgroup for each run, where one is delegated to us: there the kernel counts all memory.

The limit on a process's address space does not see what the kernel holds for it. A cgroup does, and
counts processes, too. It takes version 2, and a cgroup that we may write to and that hands `memory`
and `pids` on to its children: as systemd gives with `Delegate=` and `DelegateSubgroup=`. In an
ordinary container there is none; the other limits hold all the same.

Source: the kernel's admin-guide/cgroup-v2.
"""

import contextlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.workers.factory.isolation import MAX_THREADS, MEMORY_BYTES, MIB

_PREFIX = "skydeck-factory-"
_NEEDED = {"memory", "pids"}
_BESIDE_BYTES = 64 * MIB
"""For the kernel's own, and for bubblewrap."""
_BESIDE_PIDS = 16
_ENTER = 'echo 0 > "$0/cgroup.procs" && exec "$@"'


@dataclass(frozen=True, slots=True)
class Group:
    """The cgroup of one run."""

    folder: Path

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The command, run in it from the start."""
        return ["sh", "-c", _ENTER, str(self.folder), *command]

    def ran_out_of_memory(self) -> bool:
        """Whether something in it was killed for want of memory."""
        with contextlib.suppress(OSError):
            for line in (self.folder / "memory.events").read_text().splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill":
                    return count != "0"
        return False

    def kill(self) -> None:
        """Kill all that is in it."""
        with contextlib.suppress(OSError):  # before Linux 5.14
            (self.folder / "cgroup.kill").write_text("1")

    def remove(self) -> bool:
        """Remove it. Returns whether it is gone; while a process is in it, it is not."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()
        return not self.folder.exists()


@dataclass(frozen=True, slots=True)
class Cgroups:
    """The cgroup under which those of the runs are made."""

    folder: Path

    def make(self) -> Group:
        """A new one, with its limits.

        Raises:
            OSError: It cannot be made.
        """
        group = Group(self.folder / f"{_PREFIX}{uuid.uuid4().hex}")
        group.folder.mkdir()
        try:
            (group.folder / "memory.max").write_text(str(MEMORY_BYTES + _BESIDE_BYTES))
            (group.folder / "pids.max").write_text(str(MAX_THREADS + _BESIDE_PIDS))
            (group.folder / "memory.oom.group").write_text("1")
            with contextlib.suppress(OSError):  # a kernel without swap has none
                (group.folder / "memory.swap.max").write_text("0")
        except OSError:
            group.remove()
            raise
        return group


def find_cgroups() -> Cgroups | None:
    """The nearest cgroup that is delegated to us; what killed processes left there is removed."""
    folder = _delegated()
    if folder is None:
        return None
    for left in folder.glob(f"{_PREFIX}*"):
        Group(left).remove()  # one in use stays
    return Cgroups(folder)


def _delegated() -> Path | None:
    try:
        mounts = Path("/proc/self/mountinfo").read_text()
        own = Path("/proc/self/cgroup").read_text()
    except OSError:
        return None
    for folder in candidates(mounts, own):
        with contextlib.suppress(OSError):
            handed_on = set((folder / "cgroup.subtree_control").read_text().split())
            is_ours = os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)
            if handed_on >= _NEEDED and is_ours:
                return folder
    return None


def candidates(mounts: str, own: str) -> list[Path]:
    """The cgroups of version 2 that this process is in, its own first, up to where it is mounted.

    Args:
        mounts: /proc/self/mountinfo.
        own: /proc/self/cgroup.
    """
    place = next((line[3:] for line in own.splitlines() if line.startswith("0::/")), None)
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        words = left.split()
        if place is None or not right.startswith("cgroup2 "):
            continue
        root, point = Path(words[3]), Path(words[4])
        inner = Path(place)
        if root not in (inner, *inner.parents):
            continue
        below = inner.relative_to(root)
        return [point / part for part in (below, *below.parents)]
    return []
