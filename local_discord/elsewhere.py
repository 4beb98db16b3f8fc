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

from .pointing import pointed_at

WITH_PARENT = "--with-parent"


async def start(base_url: str, module: str, *arguments: str, **environment: str) -> Process:
    """Start a bot that lives no longer than this process, in a process group of its own.

    A Ctrl-C in the terminal is for this process, which ends the bot in its own time.
    """
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, WITH_PARENT, base_url, module, *arguments),
        stdin=PIPE,
        env={**os.environ, **environment},  # noqa: TID251 - passed on, not read
        start_new_session=True,
    )


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
