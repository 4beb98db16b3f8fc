"""`skydeck serve --status` and `--stop`: the service that ask, call and talk share."""

import asyncio
import contextlib
import sys
from typing import Final

import typer

from bot import terminal
from bot.errors import ServiceFailed
from bot.local_service.client import running_service
from bot.local_service.place import CannotShare, Place
from bot.local_service.record import Record

_NONE: Final = "No models are kept loaded. `skydeck ask`, `call` and `talk` load them.\n"
_NOT_RUNNING: Final = 4
_LOOKS: Final = 100
_LOOK_S: Final = 0.1
_MINUTE_S: Final = 60


def show_status() -> None:
    """Say how the service stands; exit code 4: there is none."""
    place = Place()
    record = place.read()
    users = None if record is None else asyncio.run(_users(record))
    if record is None or users is None:
        terminal.out(_NONE)
        raise typer.Exit(_NOT_RUNNING)
    use = {0: "No command uses it", 1: "One command uses it"}.get(users, f"{users} commands use it")
    terminal.out(
        f"The models are kept loaded by process {record.pid} at {record.url}.\n"
        f"{use} now; it ends {_span(record.idle_s)} after the last use, or at once with: "
        f"skydeck serve --stop\nIts log: {place.log}\n"
    )


def in_one_line() -> str:
    """How the service stands, for `skydeck doctor`.

    Raises:
        ServiceFailed: It does not answer.
        CannotShare: There can be none.
    """
    place = Place()
    place.open()
    record = place.read()
    users = None if record is None else asyncio.run(_users(record))
    if record is None or users is None:
        return "no models are kept loaded; `skydeck ask`, `call` and `talk` start it"
    return (
        f"process {record.pid} keeps the models loaded, used by {users} now; it ends "
        f"{_span(record.idle_s)} after the last use"
    )


async def _users(record: Record) -> int | None:
    """How many commands use the service; None: it is gone.

    Raises:
        ServiceFailed: It does not answer.
    """
    try:
        async with running_service(record) as held:
            return None if held is None else await held.users() - 1
    except CannotShare as e:
        raise ServiceFailed(f"{str(e)[:1].upper()}{str(e)[1:]}.") from None


def stop_service() -> None:
    """End the service, also one that does not answer.

    Raises:
        ServiceFailed: It cannot be ended.
    """
    place = Place()
    record = place.read()
    if record is None or not asyncio.run(_end(record)):
        place.forget()
        sys.stdout.write(_NONE)
        return
    place.forget(record)
    terminal.out(f"The service is ended (process {record.pid}).\n")


async def _end(record: Record) -> bool:
    """End the service; returns whether there was one."""
    try:
        async with running_service(record) as held:
            return held is not None and await held.end()
    except CannotShare:
        return await asyncio.to_thread(_kill, record)


def _kill(record: Record) -> bool:
    """End a process that does not answer, if it is still the one that was written down.

    Raises:
        ServiceFailed: It cannot be ended.
    """
    import psutil  # noqa: PLC0415  (an extra)

    try:
        process = psutil.Process(record.pid)
    except psutil.NoSuchProcess:
        return False
    try:
        if abs(process.create_time() - record.began_s) > 1:
            return False  # a later process has its number
        process.kill()
        for _ in range(_LOOKS):
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(_LOOK_S)
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True  # in a container, perhaps nobody collects the dead
    except psutil.NoSuchProcess:
        return True
    except psutil.Error as e:
        raise ServiceFailed(f"Process {record.pid} cannot be ended ({type(e).__name__}).") from None
    raise ServiceFailed(f"Process {record.pid} does not end.")


def _span(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE_S:.0f} min"
