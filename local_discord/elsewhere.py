"""Run a bot in its own process against a local Discord, so that it can be killed.

    python -m local_discord.elsewhere http://127.0.0.1:PORT MODULE [ARGUMENTS...]

runs MODULE as `python -m MODULE ARGUMENTS...` would, with discord.py pointed at the local Discord.
With `--with-parent` first, it ends as on SIGTERM when its standard input is closed: whoever
started it has died, even of SIGKILL.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .pointing import pointed_at

WITH_PARENT = "--with-parent"
LINE_MAX_BYTES = 64 * 1024
"""A longer line of the bot's comes in several."""
LAST_WORDS_S = 1.0


async def start(
    base_url: str, module: str, *arguments: str, stderr: int | None = None, **environment: str
) -> Process:
    """Start a bot that lives no longer than this process, in a process group of its own.

    A Ctrl-C in the terminal is for this process, which ends the bot in its own time.

    Args:
        base_url: The local Discord's.
        module: What runs the bot.
        arguments: The module's.
        stderr: Where it writes its log; None: where this process does.
        environment: What it has of its own.
    """
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, WITH_PARENT, base_url, module, *arguments),
        stdin=PIPE,
        stderr=stderr,
        env={**os.environ, **environment},  # noqa: TID251 - passed on, not read
        start_new_session=True,
    )


@contextmanager
def heard(take: Callable[[str], None]) -> Iterator[int]:
    """A `stderr` for `start`, whose lines a thread takes until the block ends.

    Whatever `take` waits for, such as a terminal that somebody has stopped, holds up the bot's log
    and nothing else.
    """
    reading, writing = os.pipe()
    thread = threading.Thread(target=_hear, args=(reading, take), daemon=True)
    thread.start()
    try:
        yield writing
    finally:
        os.close(writing)
        thread.join(LAST_WORDS_S)  # a process that the bot has left behind holds the pipe


def _hear(reading: int, take: Callable[[str], None]) -> None:
    with open(reading, "rb") as stream:
        while line := stream.readline(LINE_MAX_BYTES):
            take(line.decode(errors="replace").rstrip("\r\n"))


def main() -> None:
    """Point discord.py, then become the module."""
    given = sys.argv[1:]
    if given[0] == WITH_PARENT:
        given = given[1:]
        threading.Thread(target=_end_with_parent, daemon=True).start()
    base_url, module, *arguments = given
    sys.argv = [module, *arguments]
    with pointed_at(base_url):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
