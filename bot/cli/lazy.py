"""A command group that imports a command only when it runs it.

The table holds what `skydeck --help` shows, so that the list needs none of the command modules:
they load the database, discord.py and the codecs, which takes a second.
"""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

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


class LazyGroup(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        for name, (_, summary) in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the arguments name, and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in COMMANDS else command, rest


def load(name: str) -> Any:
    """Import a command."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(f"bot.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return get_command(found)
    single = typer.Typer(add_completion=False)
    single.command(name)(found)
    return get_command(single)
