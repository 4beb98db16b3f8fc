"""A cgroup for each run, if skydeck has a delegated one: there the kernel counts all memory.

A limit on the address space does not count the memory that the kernel holds for a process. A cgroup
counts it, and processes, too. This needs cgroup version 2, and a writable cgroup that enables
`memory` and `pids` for its children, as systemd's `Delegate=` and `DelegateSubgroup=` give. An
ordinary container has none; the other limits hold all the same.

Source: the kernel's admin-guide/cgroup-v2.
"""

import contextlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.workers.factory.sandbox_limits import CGROUP_MEMORY_BYTES, CGROUP_PIDS

_PREFIX = "skydeck-factory-"
_NEEDED = {"memory", "pids"}
_ENTER = 'echo 0 > "$0/cgroup.procs" && exec "$@"'


@dataclass(frozen=True, slots=True)
class Group:
    """The cgroup of one run."""

    folder: Path

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Return the command that enters the cgroup, then runs another one."""
        return ["sh", "-c", _ENTER, str(self.folder), *command]

    def ran_out_of_memory(self) -> bool:
        """Return whether the kernel killed a process in it for lack of memory."""
        with contextlib.suppress(OSError):
            for line in (self.folder / "memory.events").read_text().splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill":
                    return count != "0"
        return False

    def kill(self) -> None:
        """Kill all its processes."""
        with contextlib.suppress(OSError):  # before Linux 5.14
            (self.folder / "cgroup.kill").write_text("1")

    def remove(self) -> bool:
        """Remove it. Returns whether it is gone, which needs its processes to be gone."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()
        return not self.folder.exists()


@dataclass(frozen=True, slots=True)
class Cgroups:
    """The parent of the runs' cgroups."""

    folder: Path

    def make(self) -> Group:
        """Create a cgroup with its limits.

        Raises:
            OSError: The kernel refuses.
        """
        group = Group(self.folder / f"{_PREFIX}{uuid.uuid4().hex}")
        group.folder.mkdir()
        try:
            (group.folder / "memory.max").write_text(str(CGROUP_MEMORY_BYTES))
            (group.folder / "pids.max").write_text(str(CGROUP_PIDS))
            (group.folder / "memory.oom.group").write_text("1")
            with contextlib.suppress(OSError):  # a kernel without swap does not have this file
                (group.folder / "memory.swap.max").write_text("0")
        except OSError:
            group.remove()
            raise
        return group


def find_cgroups() -> Cgroups | None:
    """Find the nearest delegated cgroup, and remove what killed processes left in it."""
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
    """Return this process's cgroups (version 2), its own first, up to the mount point.

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
