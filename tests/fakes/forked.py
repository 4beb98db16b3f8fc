"""Processes of their own, without the second that their imports take.

The standard library's fork server imports our libraries once, and forks for each process. Nothing
else is shared: each has its own memory, arguments, environment, folder and standard streams, and
can be killed. Where the start of a process is the point, start one (`python -m bot`).
"""

import asyncio
import contextlib
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import forkserver, reduction
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from tests.environment import without_settings
from tests.paths import ROOT

_PRELOADED: Final = [
    "alembic.context",
    "bot.bot_composition",
    "bot.catalogue",
    "bot.discord_client",
    "bot.observability.heartbeat",
    "bot.runpod.client",
    "bot.store.store",
    "cogs.chat",
    "cogs.factory",
    "cogs.grace",
    "discord",
    "rich.progress",
    "tests.fakes.discord_bot",
    "local_discord.pointing",
]
"""What takes the time. None of them looks at the streams or the environment when it is imported."""
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(_PRELOADED)


def _started(run: Callable[..., None], *given: Any) -> BaseProcess:
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), path)))
    try:
        forkserver.ensure_running()
    finally:
        if path is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = path
    process = _CONTEXT.Process(target=run, args=given, daemon=True)
    process.start()
    return process


class _Passed:
    """An open file that goes to the new process."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __reduce__(self):
        return _received, (reduction.DupFd(self.fd),)


def _received(fd) -> int:
    return fd.detach()


@contextlib.contextmanager
def skydeck(
    *words: str, streams: int, cwd: Path, environment: Mapping[str, str]
) -> Iterator[BaseProcess]:
    """Start the command, and wait for its end.

    Args:
        words: Its arguments.
        streams: A file for its standard input, output and error, such as a terminal.
        cwd: Its folder.
        environment: Settings, on top of this process's environment without any.
    """
    given = without_settings() | dict(environment)
    process = _started(_run, words, _Passed(streams), str(cwd), given)
    try:
        yield process
        process.join(60)
    finally:
        if process.is_alive():
            process.kill()
        process.join()


def _run(words: tuple[str, ...], streams: int, cwd: str, environment: dict[str, str]) -> None:
    _have(environment)
    os.chdir(cwd)
    for fd in range(3):
        os.dup2(streams, fd)
    os.close(streams)
    sys.argv = ["skydeck", *words]
    sys.stdin, sys.stdout, sys.stderr = (open(fd, mode) for fd, mode in enumerate(("r", "w", "w")))  # noqa: PTH123, SIM115
    from bot.cli.main import run

    run()


def _have(environment: dict[str, str]) -> None:
    """The fork server's is that of the first start."""
    os.environ.clear()
    os.environ.update(environment)


class Process:
    """A process, with the methods of asyncio's."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def returncode(self) -> int | None:
        """How it ended; None: it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int | None:
        """Wait for its end; how it ended."""
        if self.returncode is None:
            ended, loop = asyncio.Event(), asyncio.get_running_loop()
            loop.add_reader(self._process.sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(self._process.sentinel)
        return self.returncode


def module(name: str, *arguments: str) -> Process:
    """Start what `python -m NAME ARGUMENTS...` would."""
    return Process(_started(_be, dict(os.environ), name, *arguments))


def _be(environment: dict[str, str], name: str, *arguments: str) -> None:
    _have(environment)
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
