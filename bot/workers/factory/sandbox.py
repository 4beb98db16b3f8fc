"""Runs untrusted code: without network, home or environment, and with little of everything else.

It uses bubblewrap where that works, else user namespaces through `unshare`. Where neither works
there is no sandbox, and code is only parsed. `sandbox_limits.py` states the limits, `isolation.py`
builds the commands, `sandbox_guest/` runs in them, `cgroup.py` sets the kernel's limits where it
may, `resource_watch.py` enforces those that the kernel lacks, and `reports.py` reads the result.
"""

import asyncio
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.build_notes import note
from bot.clock import SystemClock
from bot.contract.factory import File, Note
from bot.contract.job import MIB
from bot.workers.factory import isolation, reports, resource_watch
from bot.workers.factory.cgroup import Cgroups, Group, find_cgroups
from bot.workers.factory.reports import ProcessEnd
from bot.workers.factory.sandbox_limits import CPU_SECONDS, MEMORY_BYTES, WALL_SECONDS
from bot.workers.factory.verdict import ExampleRun

_PROBE = [File(name="probe.py", content="assert 1 + 1 == 2\n")]

_PREFIX = "skydeck-factory-"
_STALE_S = 3600.0
"""A run takes seconds, so an older folder is not in use."""
_POLL_S = 0.05
_MAX_REMOVALS = 100
"""If the cgroup is still there after this many tries, the next process removes it."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A way to run code in isolation.

    Attributes:
        command: Wraps a command; None if the system has no sandbox.
        cgroups: The parent of the runs' cgroups; None if none is delegated to skydeck.
    """

    name: str
    command: isolation.Command | None
    cgroups: Cgroups | None = None

    def describe(self) -> str:
        """Return one line for a person."""
        if self.command is None:
            return "none: code is only parsed (to run it: apt-get install bubblewrap)"
        memory = f"{MEMORY_BYTES // MIB} MB"
        by = "by cgroup" if self.cgroups else "by rlimits; no cgroup is delegated to skydeck"
        return f"{self.name}: code runs with {WALL_SECONDS} s, {memory} ({by}) and no network"

    async def run(self, files: Sequence[File], example: str) -> ExampleRun:
        """Run one of the files with the others beside it.

        No process and no file outlives this call, even if it is cancelled.

        Args:
            files: Files with plain names.
            example: The name of the file to run.

        Raises:
            ValueError: There is no sandbox.
        """
        if self.command is None:
            raise ValueError("there is no sandbox")
        # Not in a thread, since the files are small: a task that is cancelled while a thread
        # creates a folder never learns of the folder.
        with _folder_with(files) as folder, tempfile.TemporaryFile() as out:
            command = self.command(folder, _guest_command(self.command, example))
            async with _cgroup_for_run(self.cgroups) as group:
                ended = await _run(command, out, group)
            return reports.read_run(out, ended, wall_s=WALL_SECONDS, cpu_s=CPU_SECONDS)


@functools.cache
def find_sandbox() -> Sandbox:
    """Find the best sandbox that works here, once, by running code in each. Blocks."""
    _remove_stale_folders()
    for name, command in (
        ("bubblewrap", isolation.bubblewrap),
        ("bubblewrap", isolation.bare_bubblewrap),
        ("user namespaces", isolation.unshare),
    ):
        if _works(command):
            cgroups = find_cgroups()
            usable = cgroups is not None and _works(command, cgroups)
            return Sandbox(name, command, cgroups if usable else None)
    return Sandbox("none", None)


def _works(command: isolation.Command, cgroups: Cgroups | None = None) -> bool:
    """Try the sandbox: bubblewrap may be installed but forbidden, as in most containers."""
    with _folder_with(_PROBE) as folder, tempfile.TemporaryFile() as out:
        words = command(folder, _guest_command(command, "probe.py"))
        group = None
        try:
            if cgroups is not None:
                group = cgroups.make()
                words = group.wrap(words)
            probe = subprocess.run(  # noqa: S603  (our own command, our own file)
                _resolved(words),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={},
                timeout=WALL_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        finally:
            if group is not None:
                group.kill()
                group.remove()
        ended = ProcessEnd(code=probe.returncode)
        return reports.read_run(out, ended, wall_s=WALL_SECONDS, cpu_s=CPU_SECONDS).passed


def _guest_command(command: isolation.Command, example: str) -> list[str]:
    mounts = command is isolation.bubblewrap
    return isolation.guest_command(example, cpu_seconds=CPU_SECONDS, mounts=mounts)


def _remove_stale_folders() -> None:
    """Delete what killed processes left in the folder for temporary files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            is_left = found.st_mtime < SystemClock().wall() - _STALE_S
            if is_left and (sys.platform == "win32" or found.st_uid == os.getuid()):
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _folder_with(files: Sequence[File]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for file in files:
            (folder / Path(file.name).name).write_text(file.content, encoding="utf-8")
        yield folder


@contextlib.asynccontextmanager
async def _cgroup_for_run(cgroups: Cgroups | None) -> AsyncIterator[Group | None]:
    """Yield a cgroup for one run, or None if there can be none; the other limits still hold."""
    group = None
    if cgroups is not None:
        with contextlib.suppress(OSError):
            group = cgroups.make()
    try:
        yield group
    finally:
        if group is not None:
            group.kill()
            for _ in range(_MAX_REMOVALS):
                if group.remove():
                    break
                await asyncio.sleep(_POLL_S)  # the kernel has no event for "reaped"


def _resolved(command: Sequence[str]) -> list[str]:
    """Return the command with its program's full path, so that it needs no PATH.

    The sandbox itself starts with an empty environment, not only the code in it: /proc shows a
    process's first environment as long as it lives, and ours holds keys.

    Raises:
        FileNotFoundError: The program is not installed.
    """
    program = shutil.which(command[0])
    if program is None:
        raise FileNotFoundError(command[0])
    return [program, *command[1:]]


async def _run(command: Sequence[str], out: IO[bytes], group: Group | None) -> ProcessEnd:
    """Run a command to its end, or until it exceeds a limit.

    The output goes to a file, whose size is limited. With a pipe, the event loop would report the
    end of the process only after reading the pipe to its end.
    """
    words = _resolved(command)
    process = await asyncio.create_subprocess_exec(
        *(words if group is None else _resolved(group.wrap(words))),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        env={},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            excess = await _watched(process)
    except TimeoutError:
        return ProcessEnd(is_late=True)
    finally:
        await _end(process)
    if group is not None and group.ran_out_of_memory():
        excess = note("memory")
    return ProcessEnd(code=process.returncode or 0, excess=excess)


async def _watched(process: asyncio.subprocess.Process) -> Note | None:
    """Wait until the process ends, or exceeds a limit, which is then returned."""
    waiting = asyncio.ensure_future(process.wait())
    try:
        while True:
            done, _ = await asyncio.wait([waiting], timeout=_POLL_S)
            if done:
                return None
            if excess := resource_watch.excess(process.pid):
                return excess
    finally:
        waiting.cancel()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the process group and all that runs inside; wait for it, even if cancelled."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
