"""`skydeck try`: the bot in a Discord of one's own, in the browser."""

import asyncio
import contextlib
import errno
import os
import secrets
import signal
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot import terminal
from bot.cli.try_folder import folder_of_one_run
from bot.errors import BadInput, ServiceUnreachable
from bot.settings import load_settings

if TYPE_CHECKING:
    from local_discord import LocalDiscord
    from local_discord.page.bot_log import BotLog

_KEPT_ENTRIES: Final = 2000
"""How many requests, and as many events, the panel can look back on."""
_END_S: Final = 20.0
"""How long the bot may take to end; a second Ctrl-C ends it at once."""


def try_(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0: any.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    keep: Annotated[
        Path | None,
        typer.Option(help="A folder that keeps messages, people and costs for the next time."),
    ] = None,
) -> None:
    """Try the bot in the browser, without an account: a Discord of your own, until Ctrl-C.

    The services run on this machine, or at RunPod with RUNPOD_API_KEY. Without --keep all is
    forgotten at the end.

    Example: skydeck try --keep my-server
    """
    settings = load_settings()  # says now what is wrong with them
    with contextlib.ExitStack() as stack:
        folder = keep
        if folder is None:
            folder = stack.enter_context(folder_of_one_run())
        else:
            _make(folder)
        asyncio.run(
            _try(
                folder, settings.skydeck_log_level, port=port, opens=browser, keeps=keep is not None
            )
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)  # it has what people write
    except OSError as e:
        raise BadInput(f"{folder} cannot be used as a folder ({e.strerror}).") from None


async def _try(folder: Path, level: str, *, port: int, opens: bool, keeps: bool) -> None:
    """Serve the page, run the bot; ends with Ctrl-C, or with the bot.

    Raises:
        BadInput: The port is taken, or the folder cannot be used.
        ServiceUnreachable: The bot has ended by itself.
    """
    from local_discord.keeping import CannotKeep  # noqa: PLC0415  (it loads discord.py)

    try:
        with _stopping() as stop:  # to the end, so that no Ctrl-C stops what is being saved
            await _serve(folder, level, stop, port=port, opens=opens, keeps=keeps)
    except CannotKeep as e:
        raise BadInput(f"{e}.", hint="Give another folder to --keep.") from None
    except OSError as e:
        if e.errno != errno.EADDRINUSE:
            raise
        raise BadInput(
            f"Port {port} is taken.", hint="Leave --port out, and any is taken."
        ) from None


async def _serve(
    folder: Path, level: str, stop: "_Stop", *, port: int, opens: bool, keeps: bool
) -> None:
    from local_discord import LocalDiscord, elsewhere  # noqa: PLC0415
    from local_discord.page.bot_log import BotLog  # noqa: PLC0415
    from local_discord.page.panel import Panel  # noqa: PLC0415
    from local_discord.page.server import keeping, serving  # noqa: PLC0415

    async with contextlib.AsyncExitStack() as stack:
        discord = LocalDiscord(token=secrets.token_urlsafe(), keeps=_KEPT_ENTRIES)
        sim = await stack.enter_async_context(discord)
        cast = stack.enter_context(keeping(sim, folder / "discord.db")) if keeps else None
        page = await stack.enter_async_context(serving(sim, port=port, cast=cast))
        log = BotLog()
        page.acts["panel"] = Panel(sim, log, _database(folder)).act
        stderr = stack.enter_context(elsewhere.heard(_Heard(log, level)))
        terminal.err(f"Open {page.address}\nCtrl-C ends all of it.\n")
        if opens:
            await asyncio.to_thread(_show, page.address)
        await _run_bot(sim, folder, stop, stderr)


def _show(address: str) -> None:
    """Open the page in a browser that has a window of its own."""
    with contextlib.suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:  # one in this terminal, such as lynx
            browser.open(address)


async def _run_bot(sim: "LocalDiscord", folder: Path, stop: "_Stop", stderr: int) -> None:
    """Run the bot in its own process until it ends or is to be stopped.

    Raises:
        ServiceUnreachable: It ended by itself; it has said why.
    """
    from local_discord import elsewhere  # noqa: PLC0415

    environment = _environment(sim, folder)
    bot = await elsewhere.start(sim.base_url, "bot", "bot", stderr=stderr, **environment)
    async with asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(bot.wait())
        try:
            await _first(ended, stop.asked)
            if not ended.done():
                terminal.err("Ending …\n")
                bot.terminate()
                await _first(ended, stop.again, within=_END_S)
        finally:
            if not ended.done():
                with contextlib.suppress(ProcessLookupError):
                    if sys.platform == "win32":
                        bot.kill()
                    else:
                        os.killpg(bot.pid, signal.SIGKILL)
    if not stop.asked.done():
        raise ServiceUnreachable(f"The bot has ended by itself (exit code {bot.returncode}).")


async def _first(*waited: "asyncio.Future[Any]", within: float | None = None) -> None:
    await asyncio.wait(waited, timeout=within, return_when=asyncio.FIRST_COMPLETED)


def _environment(sim: "LocalDiscord", folder: Path) -> dict[str, str]:
    """What this bot has of its own: nothing of a real one's is used or taken away."""
    return {
        "DISCORD_TOKEN": sim.token,
        "SKYDECK_DATABASE_URL": f"sqlite:///{_database(folder)}",
        "SKYDECK_SHARDS": "",
        "SKYDECK_METRICS_ADDRESS": "",
        "SKYDECK_VOICE_KEEP_DIR": "",
        "SKYDECK_LOG_FORMAT": "json",  # the panel reads it; the terminal gets it as plain lines
        "SKYDECK_LOG_LEVEL": "INFO",  # the level that turns are logged at
    }


def _database(folder: Path) -> Path:
    return folder.absolute() / "skydeck.db"


class _Heard:
    """Takes the bot's log in a thread: for the panel, and for the terminal as the operator set it.

    Args:
        log: The panel's, on this event loop.
        level: What the terminal leaves out is below it.
    """

    def __init__(self, log: "BotLog", level: str) -> None:
        self._log = log
        self._level = level
        self._loop = asyncio.get_running_loop()

    def __call__(self, line: str) -> None:
        """Take a line."""
        from local_discord.page.bot_log import LogLine  # noqa: PLC0415

        read = LogLine.read(line)
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._log.take, read)
        if read.is_for(self._level):
            terminal.err(f"{read}\n")


class _Stop:
    """The first and the second Ctrl-C."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.asked: asyncio.Future[None] = loop.create_future()
        self.again: asyncio.Future[None] = loop.create_future()

    def __call__(self) -> None:
        """One more Ctrl-C."""
        for one in (self.asked, self.again):
            if not one.done():
                one.set_result(None)
                return


@contextlib.contextmanager
def _stopping() -> Iterator[_Stop]:
    stop, loop = _Stop(), asyncio.get_running_loop()
    caught = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with contextlib.suppress(NotImplementedError, AttributeError):  # Windows
            number = getattr(signal, name)
            loop.add_signal_handler(number, stop)
            caught.append(number)
    try:
        yield stop
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
