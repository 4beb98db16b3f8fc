"""The `skydeck` command in a process of its own, without the second that its imports take.

The standard library's fork server imports them once, and forks for each command. Nothing else is
shared: each has its own memory, arguments, environment, folder and standard streams. Where the
start of the process is the point, start one (`python -m bot`).
"""

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from multiprocessing import reduction
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from bot.settings import Settings

_PRELOADED: Final = [
    "alembic.context",
    "bot.catalogue",
    "bot.observability.heartbeat",
    "bot.runpod.client",
    "bot.service_calls.client",
    "bot.store.store",
    "discord",
    "rich.progress",
]
"""What takes the time. None of them looks at the streams or the environment when it is imported."""
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(_PRELOADED)


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
    inherited = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    given = (words, _Passed(streams), str(cwd), inherited | dict(environment))
    process = _CONTEXT.Process(target=_run, args=given)
    process.start()
    try:
        yield process
        process.join(60)
    finally:
        if process.is_alive():
            process.kill()
        process.join()


def _run(words: tuple[str, ...], streams: int, cwd: str, environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for fd in range(3):
        os.dup2(streams, fd)
    os.close(streams)
    sys.argv = ["skydeck", *words]
    sys.stdin, sys.stdout, sys.stderr = (open(fd, mode) for fd, mode in enumerate(("r", "w", "w")))  # noqa: PTH123, SIM115
    from bot.cli.main import run

    run()
