"""`skydeck modules`: what the services can do."""

from collections.abc import Sequence
from typing import Annotated

from rich.table import Table

from bot import terminal
from bot.catalogue import ModuleEntry, find_module, list_modules
from bot.cli.options import (
    JsonOption,
    complete_module,
    complete_service,
    optional_argument,
    service_named,
)
from bot.contract import Service
from bot.contract.options import Option
from bot.did_you_mean import did_you_mean
from bot.errors import UnknownModule
from bot.module_names import find_module_name
from bot.sanitize import quoted
from bot.settings import load_settings


def modules(
    service: Annotated[
        str | None, optional_argument("penny, grace or factory; or a module.", complete_service)
    ] = None,
    module: Annotated[
        str | None, optional_argument("One of its modules, in detail.", complete_module)
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the modules of the services, with their options.

    Example: skydeck modules grace

    Example: skydeck modules summarize
    """
    entries, is_one = _named(service, module)
    if as_json:
        for entry in entries:
            line = entry.model_dump(mode="json")
            terminal.out_json(line | {"name": entry.command, "contract_name": entry.name})
    elif is_one:
        _print_one(entries[0])
    else:
        _print_table(entries)


def _named(service: str | None, module: str | None) -> tuple[list[ModuleEntry], bool]:
    """The modules that somebody names, and whether they name one.

    Raises:
        UnknownModule: There is no such service, or no such module.
    """
    settings = load_settings()
    if service is None:
        return list_modules(settings), False
    if module is not None:
        return [find_module(settings, service_named(service), module)], True
    if service.strip().upper() in list(Service):
        return list_modules(settings, service_named(service)), False
    entries = {entry.name: entry for entry in list_modules(settings)}
    if known := find_module_name(service, entries):
        return [entries[known]], True
    names = [*(one.value.lower() for one in Service), *(one.command for one in entries.values())]
    hint = did_you_mean(service, names) or "The services are penny, grace and factory."
    raise UnknownModule(f"There is no service and no module {quoted(service)}.", hint=hint)


def _print_table(entries: Sequence[ModuleEntry]) -> None:
    table = Table("Service", "Module", "What it does", "Options", box=None, pad_edge=False)
    for entry in entries:
        options = ", ".join(f"{o.name}={_shown(o)}" for o in entry.options)
        table.add_row(entry.service.value.lower(), entry.command, entry.purpose, options)
    terminal.console().print(table)


def _print_one(entry: ModuleEntry) -> None:
    console = terminal.console(highlight=False)
    service = entry.service.value.lower()
    console.print(f"{service} {entry.command}: {entry.purpose}")
    if entry.options:
        table = Table("Option", "Default", "Values", "What it is", box=None, pad_edge=False)
        for option in entry.options:
            table.add_row(option.name, _shown(option), _values(option), option.description)
        console.print("", table, sep="\n")
    example = f'skydeck call {service} {entry.command} "…"'
    with_option = f" -o {entry.options[0].name}={_shown(entry.options[0])}" if entry.options else ""
    console.print("", f"Example: {example}{with_option}", sep="\n", soft_wrap=True)


def _shown(option: Option) -> str:
    """The default as people type it."""
    value = option.default
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)


def _values(option: Option) -> str:
    match option.type.value:
        case "choice" | "boolean":
            return ", ".join(option.known_values())
        case "integer" if option.min is not None and option.max is not None:
            return f"{option.min} to {option.max}"
    return {"language": "a language", "list": "words, with commas", "integer": "a number"}.get(
        option.type.value, "a text"
    )
