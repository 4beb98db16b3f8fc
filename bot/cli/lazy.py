"""A command group that imports a command only when it runs it.

The table holds what `skydeck --help` shows, so that the list needs none of the command modules:
they load the database, discord.py and the codecs, which takes a second.
"""

import gc
import re
import sys
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand
from typer.main import get_command

from bot import terminal
from bot.cli.help_text import PlainCommand, PlainGroup
from bot.errors import BadInput

COMMANDS: Final = {
    "talk": (
        "talk:talk",
        "Talk with Penny at this machine's microphone, or ask her a recorded question.",
    ),
    "ask": ("call:ask", "Ask Penny in writing; with --save she also speaks."),
    "call": ("call:call", "Call any module of any service."),
    "modules": ("modules:modules", "List the modules of the services, with their options."),
    "bot": (
        "bot:bot",
        "Be online in Discord until Ctrl-C: chat, Grace's commands, the Factory's builds.",
    ),
    "try": (
        "try_it:try_",
        "Try the bot in the browser, without an account: a Discord of your own, until Ctrl-C.",
    ),
    "serve": (
        "serve:serve",
        "Serve Penny, Grace and The Factory on this machine with RunPod's routes, until Ctrl-C.",
    ),
    "costs": (
        "costs:costs",
        "Show what the services have cost: by day, service and module, and how the budgets stand.",
    ),
    "health": (
        "health:health",
        "Show how many workers and jobs each service has, and how each running bot is connected.",
    ),
    "doctor": (
        "doctor:doctor",
        "Check settings, keys, endpoints, weights, audio and versions; say what to do about each.",
    ),
    "backup": (
        "backup:backup",
        "Save everything that the bot remembers to a file; the bot may keep running.",
    ),
    "restore": (
        "backup:restore",
        "Replace the database's contents with a backup's; stop the bot first.",
    ),
    "models": ("models:app", "The model files of the services on this machine."),
    "database": ("backup:database_app", "The schema of the database."),
    "contract": ("contract:app", "S-CONTRACT v2.1."),
}
"""Each command: the function or `typer.Typer` in `bot.cli`, and the first line of its help."""


_HALF: Final = re.compile("[\ud800-\udfff]")
"""What Python makes of a byte that is not UTF-8."""


class TextCommand(PlainCommand):
    """A command whose arguments are text: an operating system allows any bytes."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments.

        Raises:
            BadInput: One of them is not UTF-8, or has a NUL.
        """
        rest = super().parse_args(ctx, args)
        for parameter in self.params:
            value = ctx.params.get(parameter.name)
            if _is_no_text(value):
                raise BadInput(f"{parameter.name} is not text (UTF-8).")
        return rest


def _is_no_text(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_no_text, value))
    # A file's name, which is a Path here, may be of any bytes.
    return isinstance(value, str) and ("\0" in value or _HALF.search(value) is not None)


class LazyGroup(PlainGroup):
    """The group of all commands."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        for name, (_, summary) in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the arguments name, and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        _tell_of_start(name, rest)
        return name, load(name) if name in COMMANDS else command, rest


def _tell_of_start(name: str | None, rest: list[str]) -> None:
    """Say at once that the window comes: what it needs takes a second, or more when all is busy."""
    is_window = name == "talk" and not any(
        word.startswith(("--file", "--help", "-h")) for word in rest
    )
    if is_window and sys.stdin.isatty() and sys.stdout.isatty():
        terminal.err("Starting …\n")


def load(name: str) -> Any:
    """Import a command."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(f"bot.cli.{module}"), attribute)
    if not gc.isenabled():  # `main` has switched it off
        gc.freeze()
        gc.enable()
    group = found
    if not isinstance(found, typer.Typer):
        group = typer.Typer(add_completion=False)
        group.command(name)(found)
    group.info.cls = PlainGroup
    for command in group.registered_commands:
        command.cls = TextCommand
    return get_command(group)
