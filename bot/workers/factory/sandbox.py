"""Runs untrusted code: without network, home or environment, and with little of everything else.

It uses bubblewrap where that works, else user namespaces through `unshare`. Where neither works
there is no sandbox, and code is only parsed. `isolation.py` builds the commands, `sandbox_guest/`
runs in them, `cgroup.py` sets the kernel's limits where it may, `resource_watch.py` enforces those
that the kernel lacks, and `reports.py` reads the result.
"""

import asyncio
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.clock import SystemClock
from bot.contract.factory import File
from bot.workers.factory import isolation, reports, resource_watch
from bot.workers.factory.cgroup import Cgroups, Group, find_cgroups
from bot.workers.factory.reports import ProcessEnd
from bot.workers.factory.verdict import ExampleRun

WALL_SECONDS = 10
CPU_SECONDS = 8

_PROBE = [File(name="probe.py", content="assert 1 + 1 == 2\n")]

_PREFIX = "skydeck-factory-"
_STALE_S = 3600.0
"""So old, no folder of a run is in use: a run takes seconds."""
_POLL_S = 0.05
_MAX_REMOVALS = 100
"""What is then still there, the next process removes."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A way to run code apart from everything.

    Attributes:
        name: For a person.
        command: How; None where the system has no way.
        cgroups: Where the kernel counts all memory, also its own; None where we may not ask it to.
    """

    name: str
    command: isolation.Command | None
    cgroups: Cgroups | None = None

    def describe(self) -> str:
        """One line for a person."""
        if self.command is None:
            return "none: code is only parsed (to have it run: apt-get install bubblewrap)"
        memory = f"{isolation.MEMORY_BYTES // isolation.MIB} MB"
        by = "by cgroup" if self.cgroups else "by rlimits; no cgroup is delegated to skydeck"
        return f"{self.name}: code is run with {WALL_SECONDS} s, {memory} ({by}) and no network"

    async def run(self, files: Sequence[File], example: str) -> ExampleRun:
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
        with _folder_with(files) as folder, tempfile.TemporaryFile() as out:
            command = self.command(folder, _guest_command(self.command, example))
            async with _cgroup_for_run(self.cgroups) as group:
                ended = await _run(command, out, group)
            return reports.read_run(out, ended, wall_s=WALL_SECONDS, cpu_s=CPU_SECONDS)


@functools.cache
def find_sandbox() -> Sandbox:
    """The best sandbox that works here, found out by running something in it, once. Blocking."""
    _sweep()
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
    """Bubblewrap may be installed and forbidden, as in most containers; only a try can tell."""
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


def _sweep() -> None:
    """Delete what processes that were killed have left in the folder for temporary files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            is_left = found.st_mtime < SystemClock().wall() - _STALE_S
            if is_left and found.st_uid == os.getuid():
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
    """A cgroup for one run; none where it cannot be made (any more): the other limits hold."""
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


async def _run(command: Sequence[str], out: IO[bytes], group: Group | None) -> ProcessEnd:
    """Run it to its end, or until it has taken too much.

    The output goes into a file, which the limit on files bounds. A pipe would have to be read to
    its end before the event loop says that the process is over, however it ended.
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
        excess = "It needs more memory than the limit."
    return ProcessEnd(code=process.returncode or 0, excess=excess)


async def _watched(process: asyncio.subprocess.Process) -> str:
    """Wait for its end, or for what it has too much of."""
    waiting = asyncio.ensure_future(process.wait())
    try:
        while True:
            done, _ = await asyncio.wait([waiting], timeout=_POLL_S)
            if done:
                return ""
            if excess := resource_watch.excess(process.pid):
                return excess
    finally:
        waiting.cancel()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the whole group, and with it all that is inside; wait for it, even when cancelled."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
