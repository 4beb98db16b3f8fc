"""Starts the service in a process of its own, which outlives the command that needed it."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Final

import bot
from bot.local_service.place import CannotShare, Place
from bot.local_service.record import order
from bot.settings import Settings

READY: Final = b"ready\n"
_STARTS_S: Final = 120.0
"""How long a start may take: a busy machine imports our libraries for ten seconds."""
_DETACHED: Final = 0x00000008 | 0x00000200
"""Windows: DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP, so that no Ctrl-C of ours ends it."""


async def start(settings: Settings, kind: str, place: Place) -> None:
    """Start the service, and wait until it is written down.

    Raises:
        CannotShare: It did not start.
    """
    try:
        with place.log.open("wb") as log:
            os.chmod(place.log, 0o600)  # noqa: PTH101
            process = _spawn(log)
    except OSError as e:
        raise CannotShare(f"the service that keeps them cannot be started ({e.strerror})") from None
    said = await _first_line(process, order(settings, kind=kind))
    if said != READY:
        words = said.decode(errors="replace").strip() or place.last_words() or "it said nothing"
        raise CannotShare(f"the service that keeps them did not start ({words})")


def _spawn(log: IO[bytes]) -> "subprocess.Popen[bytes]":
    # As a file and with -P: the current folder may have a module named as one of ours.
    main = Path(bot.__file__).parent / "__main__.py"
    return subprocess.Popen(  # noqa: S603  (our own program)
        [sys.executable, "-P", str(main), "serve", "--on-demand"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=_environment(),
        start_new_session=sys.platform != "win32",
        creationflags=_DETACHED if sys.platform == "win32" else 0,
    )


def _environment() -> dict[str, str]:
    """Ours; where skydeck is not installed, with the folder that it was found in."""
    given = dict(os.environ)  # noqa: TID251  (passed on as it is)
    root = str(Path(bot.__file__).parent.parent)
    if "site-packages" not in root:
        given["PYTHONPATH"] = os.pathsep.join(filter(None, (given.get("PYTHONPATH"), root)))
    return given


async def _first_line(process: "subprocess.Popen[bytes]", told: bytes) -> bytes:
    """Tell the process its order, and wait for what it says.

    In a thread that nobody has to wait for: who presses Ctrl-C meanwhile leaves at once.
    """
    loop, heard = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def answer(line: bytes) -> None:
        if not heard.done():
            heard.set_result(line)

    def talk() -> None:
        line = b""
        with contextlib.suppress(OSError, ValueError), process:
            if process.stdin is None or process.stdout is None:
                raise AssertionError("it was started with pipes")
            process.stdin.write(told)
            process.stdin.close()
            line = process.stdout.readline(1000)
            if sys.platform == "win32":
                process.returncode = 0  # it runs on: nobody waits for it
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(answer, line)

    threading.Thread(target=talk, daemon=True).start()
    try:
        async with asyncio.timeout(_STARTS_S):
            return bytes(await heard)
    except TimeoutError:
        return b"it took too long"


def detach() -> None:
    """Leave the command that started this process: it waits for the first half of us only."""
    if sys.platform != "win32" and os.fork():
        os._exit(0)
