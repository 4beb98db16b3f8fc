"""Builds the sandbox's commands: bubblewrap's, and `unshare`'s where bubblewrap does not work.

Both give the code its own file system, in which it can write only to a small folder in memory.
Inside, `sandbox_guest/confine.py` removes all other rights, and `sandbox_guest/examine.py` runs the
example.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.workers.factory.sandbox_limits import (
    FILE_BYTES,
    MAX_FILES,
    MAX_THREADS,
    MEMORY_BYTES,
    SCRATCH_BYTES,
)

_CODE, _GUEST, SCRATCH = "/code", "/inside", "/scratch"
_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib64", "/bin", "/nix/store")
_OF_THE_HOST = (
    "cmdline", "config.gz", "consoles", "cpuinfo", "diskstats", "interrupts", "iomem", "kallsyms",
    "kcore", "keys", "key-users", "loadavg", "meminfo", "modules", "partitions", "sched_debug",
    "slabinfo", "stat", "swaps", "timer_list", "uptime", "version", "vmstat", "zoneinfo",
)  # fmt: skip
"""Files in /proc that describe the host and not the process."""

Command = Callable[[Path, Sequence[str]], list[str]]
"""Wraps a command to run in the sandbox, with a folder of the host as `/code`."""


def guest_command(example: str, *, cpu_seconds: int, mounts: bool) -> list[str]:
    """Build the command inside: the interpreter itself, not a virtual environment's link to it.

    Args:
        example: The file to run.
        cpu_seconds: Its limit of CPU time.
        mounts: Whether the guest mounts the file system in memory itself.
    """
    limits = {
        "cpu_seconds": cpu_seconds,
        "memory_bytes": MEMORY_BYTES,
        "file_bytes": FILE_BYTES,
        "threads": MAX_THREADS,
        "scratch": [SCRATCH, SCRATCH_BYTES, MAX_FILES] if mounts else None,
    }
    python = [os.path.realpath(sys.executable), "-I", "-S", "-B", f"{_GUEST}/examine.py"]
    return [*python, _CODE, example, json.dumps(limits)]


def _visible(folder: Path) -> dict[str, str]:
    """Map the host's folders that the guest can read (the interpreter, the code) to its paths."""
    base = os.path.realpath(sys.base_prefix)
    folders = [f for f in _SYSTEM_FOLDERS if Path(f).exists()]
    folders += [] if base == "/usr" or base.startswith("/usr/") else [base]
    ours = str(Path(__file__).parent / "sandbox_guest")
    return {**{path: path for path in folders}, ours: _GUEST, str(folder): _CODE}


def bubblewrap(folder: Path, inside: Sequence[str]) -> list[str]:
    """Build bubblewrap's command with the right to mount, which `confine` drops.

    Bubblewrap's own `--tmpfs` cannot limit the number of files.
    """
    return _bubblewrapped(folder, inside, ("--cap-add", "CAP_SYS_ADMIN"))


def bare_bubblewrap(folder: Path, inside: Sequence[str]) -> list[str]:
    """Build bubblewrap's command without that right, which a setuid bubblewrap cannot give."""
    return _bubblewrapped(folder, inside, ())


def _bubblewrapped(folder: Path, inside: Sequence[str], rights: Sequence[str]) -> list[str]:
    binds = [
        word for there, here in _visible(folder).items() for word in ("--ro-bind", there, here)
    ]
    hidden = [
        word
        for name in _OF_THE_HOST
        if Path("/proc", name).exists()
        for word in ("--ro-bind", "/dev/null", f"/proc/{name}")
    ]
    return [
        # the code is process 1: otherwise that is bubblewrap, whose memory it could tamper with
        "bwrap", "--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv",
        "--cap-drop", "ALL", *rights, *binds, "--proc", "/proc", *hidden, "--dev", "/dev",
        "--size", str(SCRATCH_BYTES), "--tmpfs", SCRATCH, "--symlink", SCRATCH, "/tmp",  # noqa: S108
        # the root and /dev are file systems in memory without a size limit
        "--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/",
        "--chdir", SCRATCH, "--", *inside,
    ]  # fmt: skip


_UNSHARE_SCRIPT = f"""
set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1; shift
memory=size={SCRATCH_BYTES},nr_inodes={MAX_FILES},mode=755,nosuid,nodev
mount -t tmpfs -o "$memory" none "$root"
mkdir "$root/proc" "$root/dev" "$root{SCRATCH}" "$root/old"
ln -s {SCRATCH} "$root/tmp"
: > "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro,nosuid "$root$2"
  shift 2
done
shift
proc=ro,nosuid,nodev,noexec
mount -t proc -o "$proc,subset=pid" proc "$root/proc" 2> /dev/null \\
  || mount -t proc -o "$proc" proc "$root/proc"  # before Linux 5.8
mount -t tmpfs -o "$memory" none "$root{SCRATCH}"
cd "$root"
pivot_root . old
umount -l old
mount -o remount,bind,ro,nosuid,nodev /
cd {SCRATCH}
exec env -i "$@"
"""


def unshare(folder: Path, inside: Sequence[str]) -> list[str]:
    """Build the command that sets up user namespaces by a shell script."""
    root = folder / "root"
    root.mkdir(exist_ok=True)
    binds = [word for pair in _visible(folder).items() for word in pair]
    return [
        "unshare", "--user", "--map-root-user", "--mount", "--pid", "--ipc", "--uts", "--net",
        "--fork", "--kill-child", "sh", "-c", _UNSHARE_SCRIPT, "sandbox", str(root), *binds,
        "--", *inside,
    ]  # fmt: skip
