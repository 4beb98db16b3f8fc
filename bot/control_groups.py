"""This process's control groups: what a container, a systemd unit or an administrator allows it.

Each group's limit holds for all below it, so whoever asks takes the least of all that there are.
Source: cgroups(7); both versions, each with its own files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path("/")


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """The folder of a group that this process is in.

    Attributes:
        is_unified: Whether it is of version 2, whose files are named otherwise.
    """

    folder: Path
    is_unified: bool

    def read(self, name: str) -> str:
        """The content of one of its files; empty if there is none."""
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return ""


def control_groups(
    controller: str, mounts: Sequence[str] = (), root: Path = ROOT
) -> Iterator[ControlGroup]:
    """This process's groups for a controller, and all groups above them.

    Args:
        controller: Such as `memory`.
        mounts: Where version 1 may have it, in `sys/fs/cgroup`; empty: in a folder of its name.
        root: Where `proc` and `sys` are.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if number == "0" and not controllers:
            for folder in _folders(root / "sys/fs/cgroup", group):
                yield ControlGroup(folder, is_unified=True)
        elif controller in controllers.split(","):
            for mount in mounts or (controller,):
                for folder in _folders(root / "sys/fs/cgroup" / mount, group):
                    yield ControlGroup(folder, is_unified=False)


def _folders(mount: Path, group: str) -> Iterator[Path]:
    """The group's folder and all above it. In a container only the last may exist."""
    path = PurePosixPath(group.lstrip("/"))
    if ".." not in path.parts:
        yield from (mount / one for one in (path, *path.parents))
