"""`skydeck modules`: what the services can do."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from bot import terminal
from bot.catalogue import ModuleEntry, list_modules
from bot.cli.options import JsonOption, service_named
from bot.settings import load_settings


def modules(
    service: Annotated[str | None, typer.Argument(help="penny, grace or factory.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the modules of the services, with their options.

    Example: skydeck modules grace
    """
    entries = list_modules(load_settings(), service_named(service) if service else None)
    if as_json:
        for entry in entries:
            terminal.out_json(entry.model_dump(mode="json"))
        return
    _print_table(entries)


def _print_table(entries: Sequence[ModuleEntry]) -> None:
    table = Table("Service", "Module", "What it does", "Options", box=None, pad_edge=False)
    for entry in entries:
        options = ", ".join(f"{o.name}={o.default}" for o in entry.options)
        table.add_row(entry.service.value.lower(), entry.name.lower(), entry.purpose, options)
    terminal.console().print(table)
