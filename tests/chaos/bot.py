"""`skydeck bot` as it is, with a second way in: a pipe through which the campaign speaks to it.

python -m local_discord.elsewhere DISCORD tests.chaos.bot

Lines on standard input: `jump SECONDS` moves the wall clock, `figures` answers with a line of JSON.
When the pipe ends, so does the process: no campaign leaves a bot behind.
"""

import asyncio
import ctypes
import gc
import json
import os
import sys
import threading
import time
from collections import defaultdict, deque
from typing import Any, Final

import aiohttp

import bot.cli.bot

_CLOSED_WITHIN_S: Final = 0.5
_real_time = time.time
_jumped_s = 0.0
_loops: list[asyncio.AbstractEventLoop] = []
_run_bot = bot.cli.bot.run_bot


def _time() -> float:
    """What `time.time` says after the jumps."""
    return _real_time() + _jumped_s


async def _run(*args: Any, **kwargs: Any) -> None:
    _loops.append(asyncio.get_running_loop())
    await _run_bot(*args, **kwargs)


def _close_idle(connector: aiohttp.BaseConnector) -> None:
    """A pool keeps them for up to 90 s, to be used again."""
    idle, connector._conns = connector._conns, defaultdict(deque)
    for connections in idle.values():
        for connection, _ in connections:
            connection.close()


async def _figures() -> dict[str, object]:
    """What the bot holds, once what it need not hold is given back."""
    gc.collect()
    for one in gc.get_objects():
        if isinstance(one, aiohttp.BaseConnector):
            _close_idle(one)
    await asyncio.sleep(_CLOSED_WITHIN_S)
    ctypes.CDLL(None).malloc_trim(0)
    tasks = [task.get_name() for task in asyncio.all_tasks()]
    return {"tasks": len(tasks) - 1, "names": sorted(tasks)}


def _obey(line: str) -> None:
    global _jumped_s  # noqa: PLW0603 - the clock of this process
    word, _, value = line.strip().partition(" ")
    if word == "jump":
        _jumped_s += float(value)
    elif word == "figures":
        asked = asyncio.run_coroutine_threadsafe(_figures(), _loops[0])
        sys.stdout.write(json.dumps(asked.result(60)) + "\n")
        sys.stdout.flush()


def _listen() -> None:
    for line in sys.stdin:
        _obey(line)
    os._exit(0)


if __name__ == "__main__":
    time.time = _time
    bot.cli.bot.run_bot = _run
    threading.Thread(target=_listen, daemon=True).start()
    bot.cli.bot.bot()
