"""`skydeck backup`, `restore` and `database`: they save, restore and downgrade the database."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot import terminal
from bot.clock import Clock, SystemClock
from bot.settings import load_settings
from bot.store.address import Address
from bot.store.maintenance.backup import OnProgress
from bot.store.maintenance.backup import backup as write
from bot.store.maintenance.backup import restore as read
from bot.store.maintenance.downgrade import revise, revision
from bot.store.maintenance.migrate import head

T = TypeVar("T")
_QUIET_S = 2.0
_EVERY_S = 1.0

database_app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The schema of the database.",
    epilog="Example: skydeck database show",
)


def backup(
    file: Annotated[Path, typer.Argument(help="A new file, such as skydeck-2026-11-23.gz.")],
) -> None:
    """Save everything that the bot remembers to a file; the bot may keep running.

    The file holds people's words, so only you can read it. It can be restored into SQLite or
    PostgreSQL. SKYDECK_DATABASE_URL names the database.

    Example: skydeck backup skydeck-2026-11-23.gz
    """
    rows = _run(
        lambda address, clock, on_progress: write(address, file, clock, on_progress=on_progress),
        "saved",
    )
    sys.stdout.write(f"{file}: {rows} rows, {file.stat().st_size} bytes\n")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `skydeck backup` made.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Replace existing data, after saving it.")
    ] = False,
) -> None:
    """Replace the database's contents with a backup's; stop the bot first.

    Example: skydeck restore skydeck-2026-11-23.gz
    """
    done = _run(
        lambda address, clock, on_progress: read(
            address, file, clock, replace=yes, on_progress=on_progress
        ),
        "restored",
    )
    if done.kept is not None:
        sys.stdout.write(f"The previous contents are in {done.kept}.\n")
    if done.ended:
        sys.stdout.write(f"{done.ended} jobs were running then; they are marked as ended.\n")
    sys.stdout.write(f"{done.rows} rows restored.\n")


@database_app.command("show")
def show() -> None:
    """Show where the database is, and its schema.

    Example: skydeck database show
    """
    address = _address()
    found = _run(lambda address, _clock, _tell: revision(address), "")
    state = "none yet" if found is None else f"schema {found}"
    sys.stdout.write(f"{address.label}: {state}; this skydeck uses {head()}\n")


@database_app.command("to")
def to(
    revision: Annotated[str, typer.Argument(help="The schema, such as 0005.")],
    keep: Annotated[Path, typer.Argument(help="A new file; everything is saved in it first.")],
) -> None:
    """Downgrade the database to an older schema, to go back to the skydeck that used it.

    Run this with the newer skydeck, while the bot is stopped. Data that the older schema cannot
    hold is deleted from the database, and remains only in the file.

    Example: skydeck database to 0005 before-rollback.gz
    """
    rows = _run(
        lambda address, clock, on_progress: revise(
            address, revision, clock, keep=keep, on_progress=on_progress
        ),
        "saved",
    )
    sys.stdout.write(f"The database has schema {revision}; {rows} rows are saved in {keep}.\n")


def _run(work: Callable[[Address, Clock, OnProgress], Coroutine[Any, Any, T]], verb: str) -> T:
    clock = SystemClock()
    progress = _Progress(clock, verb)
    try:
        return asyncio.run(work(_address(), clock, progress))
    finally:
        progress.close()


def _address() -> Address:
    return Address.parse(load_settings().skydeck_database_url.get_secret_value())


class _Progress:
    """Shows the progress of work that takes more than two seconds, once a second."""

    def __init__(self, clock: Clock, verb: str) -> None:
        self._clock = clock
        self._verb = verb
        self._next = clock.now() + _QUIET_S
        self._shown = False

    def __call__(self, done: int, of: int) -> None:
        now = self._clock.now()
        if now < self._next:
            return
        self._next = now + _EVERY_S
        self._shown = True
        ahead, end = ("\r", "") if terminal.is_screen() else ("", "\n")
        stream = terminal.raw(sys.stderr)  # a clean stream would drop the carriage return
        stream.write(f"{ahead}{done} of {of} rows {self._verb}{end}")
        stream.flush()

    def close(self) -> None:
        """End the line."""
        if self._shown and terminal.is_screen():
            sys.stderr.write("\n")
