"""Runs code that nobody has read: no network, no home, no environment, and little of everything.

Bubblewrap where it works, user namespaces through `unshare` where it does not, and where neither
does there is no sandbox: code is then only parsed. Both give the code a file system of its own in
which it can write nothing but a small folder in memory. Inside, `inside/confine.py` takes away the
rest, and `inside/examine.py` runs the example.
"""

import asyncio
import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bot.clock import SystemClock
from bot.contract.factory import File
from bot.workers.factory.inside.examine import REPORT
from bot.workers.factory.verdict import Ran

_MIB = 1024 * 1024
WALL_SECONDS = 10
CPU_SECONDS = 8
MEMORY_BYTES = 512 * _MIB
FILE_BYTES = _MIB
"""The longest file, and the most output."""
SCRATCH_BYTES = 16 * _MIB
"""All files together."""

_REPORT_BYTES = 16 * 1024
_PROBE = [File(name="probe.py", content="assert 1 + 1 == 2\n")]

_PREFIX = "skydeck-factory-"
_LEFT_S = 3600.0
"""So old, no folder of a run is in use: a run takes seconds."""
_CODE, _INSIDE, _SCRATCH = "/code", "/inside", "/scratch"
_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib64", "/bin", "/nix/store")

_Command = Callable[[Path, Sequence[str]], list[str]]
"""Builds the command that runs another one inside, with a folder of the host's as `/code`."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A way to run code apart from everything; `command` is None where the system has none."""

    name: str
    command: _Command | None

    def describe(self) -> str:
        """One line for a person."""
        if self.command is None:
            return "none: code is only parsed (to have it run: apt-get install bubblewrap)"
        limits = f"{WALL_SECONDS} s, {MEMORY_BYTES // _MIB} MB and no network"
        return f"{self.name}: code is run with {limits}"

    async def run(self, files: Sequence[File], example: str) -> Ran:
        """Run one of the files with the others beside it.

        Nothing of it outlives this call, also when it is cancelled: no process, no file.

        Args:
            files: With plain names.
            example: The name of the file to run.

        Raises:
            ValueError: There is no sandbox to run it in.
        """
        if self.command is None:
            raise ValueError("there is no sandbox")
        # Small files, written and removed here and not in a thread: who is cancelled while a
        # thread makes a folder never learns of the folder.
        with _laid_out(files) as folder, tempfile.TemporaryFile() as out:
            command = self.command(folder, _examination(example))
            code = await _run(command, out)
            return _read(out, code)


@functools.cache
def find_sandbox() -> Sandbox:
    """The best sandbox that works here, found out by running something in it, once. Blocking."""
    _sweep()
    for name, command in (("bubblewrap", _bubblewrap), ("user namespaces", _unshare)):
        if _works(command):
            return Sandbox(name, command)
    return Sandbox("none", None)


def _works(command: _Command) -> bool:
    """Bubblewrap may be installed and forbidden, as in most containers; only a try can tell."""
    with _laid_out(_PROBE) as folder, tempfile.TemporaryFile() as out:
        try:
            probe = subprocess.run(  # noqa: S603  (our own command, our own file)
                _resolved(command(folder, _examination("probe.py"))),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={},
                timeout=WALL_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return _read(out, probe.returncode).passed


def _sweep() -> None:
    """Delete what processes that were killed have left in the folder for temporary files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            is_left = found.st_mtime < SystemClock().wall() - _LEFT_S
            if is_left and found.st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _laid_out(files: Sequence[File]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for file in files:
            (folder / Path(file.name).name).write_text(file.content, encoding="utf-8")
        yield folder


def _examination(example: str) -> list[str]:
    """The interpreter itself, not a virtual environment's link to it, and without any packages."""
    python = [os.path.realpath(sys.executable), "-I", "-S", "-B", f"{_INSIDE}/examine.py"]
    return [*python, _CODE, example, str(CPU_SECONDS), str(MEMORY_BYTES), str(FILE_BYTES)]


def _visible(folder: Path) -> dict[str, str]:
    """What of the host can be read inside, and where: what an interpreter needs, and the code."""
    base = os.path.realpath(sys.base_prefix)
    folders = [f for f in _SYSTEM_FOLDERS if Path(f).exists()]
    folders += [] if base == "/usr" or base.startswith("/usr/") else [base]
    ours = str(Path(__file__).parent / "inside")
    return {**{path: path for path in folders}, ours: _INSIDE, str(folder): _CODE}


def _bubblewrap(folder: Path, inside: Sequence[str]) -> list[str]:
    binds = [
        word for there, here in _visible(folder).items() for word in ("--ro-bind", there, here)
    ]
    return [
        # the code is process 1: otherwise that is bubblewrap itself, with memory to tamper with
        "bwrap", "--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv",
        "--cap-drop", "ALL", *binds, "--proc", "/proc", "--dev", "/dev",
        "--size", str(SCRATCH_BYTES), "--tmpfs", _SCRATCH, "--symlink", _SCRATCH, "/tmp",  # noqa: S108
        # the root and /dev are file systems in memory without a limit of size
        "--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/",
        "--chdir", _SCRATCH, "--", *inside,
    ]  # fmt: skip


_UNSHARE_SCRIPT = f"""
set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1; shift
mount -t tmpfs -o size={SCRATCH_BYTES},mode=755,nosuid,nodev none "$root"
mkdir "$root/proc" "$root/dev" "$root{_SCRATCH}" "$root/old"
ln -s {_SCRATCH} "$root/tmp"
: > "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro,nosuid "$root$2"
  shift 2
done
shift
mount -t proc -o ro,nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o size={SCRATCH_BYTES},mode=755,nosuid,nodev none "$root{_SCRATCH}"
cd "$root"
pivot_root . old
umount -l old
mount -o remount,bind,ro,nosuid,nodev /
cd {_SCRATCH}
exec env -i "$@"
"""


def _unshare(folder: Path, inside: Sequence[str]) -> list[str]:
    root = folder / "root"
    root.mkdir(exist_ok=True)
    binds = [word for pair in _visible(folder).items() for word in pair]
    return [
        "unshare", "--user", "--map-root-user", "--mount", "--pid", "--ipc", "--uts", "--net",
        "--fork", "--kill-child", "sh", "-c", _UNSHARE_SCRIPT, "sandbox", str(root), *binds,
        "--", *inside,
    ]  # fmt: skip


def _resolved(command: Sequence[str]) -> list[str]:
    """The command with its program's full path, which is found without a PATH.

    Both sandboxes are started in an empty environment, not only the code in them: what a process
    was started with can be read in /proc as long as it lives, and ours holds keys.

    Raises:
        FileNotFoundError: It is not installed.
    """
    program = shutil.which(command[0])
    if program is None:
        raise FileNotFoundError(command[0])
    return [program, *command[1:]]


async def _run(command: Sequence[str], out: IO[bytes]) -> int | None:
    """The exit code; None when the time was up.

    The output goes into a file, which the limit on files bounds. A pipe would have to be read to
    its end before the event loop says that the process is over, however it ended.
    """
    process = await asyncio.create_subprocess_exec(
        *_resolved(command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        env={},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            return await process.wait()
    except TimeoutError:
        return None
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the whole group, and with it all that is inside; wait for it, even when cancelled."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())


def _read(out: IO[bytes], code: int | None) -> Ran:
    size = out.seek(0, os.SEEK_END)
    out.seek(max(0, size - _REPORT_BYTES))
    report = _find_report(out.read())
    if report is not None:
        return report
    if code is None:
        return Ran(problem=f"It did not end within {WALL_SECONDS} seconds.")
    if size >= FILE_BYTES:
        return Ran(problem="It prints without end.")
    number = -code if code < 0 else code - 128
    if number == signal.SIGKILL:
        return Ran(problem=f"It takes more than {CPU_SECONDS} seconds of processor time.")
    if number == signal.SIGSEGV:
        return Ran(problem="It crashed the interpreter.")
    return Ran(problem="It broke off before the end of its example.")


def _find_report(tail: bytes) -> Ran | None:
    """The report in the last bytes of the output; None when there is none that can be read."""
    _, mark, rest = tail.decode("utf-8", "replace").rpartition(REPORT)
    if not mark:
        return None
    try:
        report: dict[str, Any] = json.loads(rest)
        checks, held = int(report["checks"]), int(report["held"])
        failed = tuple(int(line) for line in report["failed"])
        got = {int(line): str(value) for line, value in report["got"].items()}
        problem = " ".join(str(words) for words in report["problems"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Ran(
        ended=report.get("ended") is True,
        checks=max(0, checks),
        held=min(max(0, held), max(0, checks)),
        failed=failed,
        got=got,
        problem=_printable(problem),
    )


def _printable(words: str) -> str:
    return "".join(c if c.isprintable() else " " for c in words)
