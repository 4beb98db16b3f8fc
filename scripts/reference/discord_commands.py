"""The page of Discord's commands, from what the bot registers there, with the Spanish names."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final
from unittest.mock import MagicMock

import discord
from discord import AppCommandOptionType, AppCommandType
from discord.ext import commands

from bot.catalogue import load_grace
from bot.discord_client import COGS
from bot.settings import Settings
from scripts.reference.markdown import NOTE, cell, table

Payload = dict[str, Any]
SPANISH: Final = discord.Locale.spain_spanish.value
INTRO: Final = """
# Commands in Discord

People whose Discord is in Spanish see and type the Spanish names. `/help` lists the commands that
you may use where you are; [who may do what](../rights.md) says what a command checks. "Also for
yourself": who has [installed the bot to their account][own] has it everywhere.

[own]: ../discord.md#for-yourself-in-groups-and-on-other-servers
"""
_OF_A_PERSON: Final = "Also for yourself."
_GROUPS: Final = {
    AppCommandOptionType.subcommand.value,
    AppCommandOptionType.subcommand_group.value,
}


class _Catalogue(commands.AutoShardedBot):
    """A bot that is never online: it has the commands, and stand-ins for all that runs them."""

    def __init__(self) -> None:
        super().__init__(
            command_prefix=(), help_command=None, intents=discord.Intents.none(), proxy=None
        )
        self.settings = Settings(_env_file=None)
        self.grace = load_grace(self.settings)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        stand_in = MagicMock(name=name)
        setattr(self, name, stand_in)
        return stand_in


async def payloads() -> list[Payload]:
    """Every command as Discord gets it, in both languages."""
    bot = _Catalogue()
    for name in COGS:
        await import_module(name).setup(bot)
    translator = bot.tree.translator
    if translator is None:
        raise AssertionError("each cog sets the translator")
    return [
        await command.get_translated_payload(bot.tree, translator)
        for kind in AppCommandType
        for command in bot.tree.get_commands(type=kind)
    ]


async def discord_page() -> str:
    """The page."""
    registered = await payloads()
    slash = [one for one in registered if one["type"] == AppCommandType.chat_input.value]
    menus = [one for one in registered if one not in slash]
    parts = [NOTE + INTRO]
    for command in slash:
        parts += _command(command)
    parts.append("## Right-click a message, then Apps\n")
    if all(1 in (one.get("integration_types") or ()) for one in menus):
        parts.append(f"{_OF_A_PERSON}\n")
    rows = ((cell(one["name"]), cell(_spanish(one, "name"))) for one in menus)
    parts.append(table(("entry", "in Spanish"), rows))
    return "\n".join(parts)


def _command(command: Payload) -> Iterator[str]:
    yield f"## `/{command['name']}`\n"
    leaves = list(_leaves(command, f"/{command['name']}", f"/{_spanish(command, 'name')}"))
    is_group = len(leaves) > 1 or leaves[0][0] != f"/{command['name']}"
    notes = [command["description"]] if is_group else []
    if command.get("default_member_permissions"):
        notes.append("For people with Manage Server, unless the server decides otherwise.")
    if 1 in (command.get("integration_types") or ()):
        notes.append(_OF_A_PERSON)
    yield " ".join(f"{note.rstrip('.')}." for note in notes) + "\n" if notes else ""
    for path, spanish, leaf in leaves:
        if is_group:
            yield f"### `{path}`\n"
        yield f"{leaf['description'].rstrip('.')}. In Spanish: `{spanish}`.\n"
        yield table(("option", "in Spanish", "what it is"), _options(leaf))


def _leaves(command: Payload, path: str, spanish: str) -> Iterator[tuple[str, str, Payload]]:
    inner = [one for one in command.get("options", []) if one["type"] in _GROUPS]
    if not inner:
        yield path, spanish, command
    for one in inner:
        yield from _leaves(one, f"{path} {one['name']}", f"{spanish} {_spanish(one, 'name')}")


def _options(command: Payload) -> Iterator[tuple[str, str, str]]:
    for option in command.get("options", []):
        about = cell(option["description"]).rstrip(".") + "."
        choices = ", ".join(cell(str(one["name"])) for one in option.get("choices") or [])
        about += f" One of: {choices}." if choices else ""
        about += " Required." if option.get("required") else ""
        yield f"`{option['name']}`", f"`{_spanish(option, 'name')}`", about


def _spanish(thing: Payload, what: str) -> str:
    return str((thing.get(f"{what}_localizations") or {}).get(SPANISH) or thing[what])
