"""Slash commands from Grace's catalogue: one per module, with the module's options.

discord.py reads a command's options from its callback's signature. Here a module's options are
data, so the signature is built as an `inspect.Signature` and set on the callback (PEP 362).
"""

import inspect
import itertools
import logging
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import app_commands

from bot.contract.grace import Module
from bot.contract.options import Option, OptionType
from bot.discord_client import SkyDeck
from bot.i18n import DEFAULT, INTERFACE_LANGUAGES, Words, words_for
from cogs.grace._inputs import MAX_MESSAGES
from cogs.grace._option_values import MAX_OFFERS, Offer, offer_choices, offer_languages
from cogs.shared.commands import for_people, text

log = logging.getLogger(__name__)

MAX_SUBCOMMANDS: Final = 25
MAX_OPTIONS: Final = 25
MAX_CHARS: Final = 8_000
"""In a command's names, descriptions and values together. Source: Discord's reference, "Application
Commands": the longest localization of each counts."""
_MAX_TEXT_CHARS: Final = 6_000
_MAX_NUMBER: Final = 2**53
_VALUE_CHARS: Final = 100

_OPTION: Final = "option_"
"""Prefix of a module's options, whose names may be any word, even a Python keyword."""

_OPTION_TYPES: Final = {
    OptionType.INTEGER: discord.AppCommandOptionType.integer,
    OptionType.BOOLEAN: discord.AppCommandOptionType.boolean,
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The ways to give a job its text; only one of them may be used.

    Attributes:
        wants_json: Whether the result is to come as a JSON file, too.
    """

    text: str | None = None
    file: discord.Attachment | None = None
    message: str | None = None
    last: int | None = None
    wants_json: bool = False


_INPUTS: Final[Mapping[str, Any]] = {
    "text": app_commands.Range[str, 1, _MAX_TEXT_CHARS],
    "file": discord.Attachment,
    "message": app_commands.Range[str, 1, 200],
    "last": app_commands.Range[int, 1, MAX_MESSAGES],
}

_JSON: Final = "json"
"""The option of modules whose result is a JSON value."""

Run = Callable[
    [discord.Interaction[SkyDeck], Module, Inputs, dict[str, Any]],
    Awaitable[None],
]
"""What a subcommand runs, with the interaction, the module, its inputs, and the given options."""


async def make_groups(
    catalogue: Mapping[str, Module], run: Run, tree: app_commands.CommandTree[SkyDeck]
) -> list[app_commands.Group]:
    """`/grace` with a subcommand per module; what does not fit goes into `/grace-2`, and so on."""
    groups: list[app_commands.Group] = []
    room = 0
    for command in _commands(catalogue, run):
        size = await _size(command, tree)
        if not groups or size > room or len(groups[-1].commands) == MAX_SUBCOMMANDS:
            groups.append(_group(len(groups) + 1))
            room = MAX_CHARS - await _size(groups[-1], tree)
        groups[-1].add_command(command)
        room -= size
    return groups


def _group(number: int) -> app_commands.Group:
    name = words_for(DEFAULT)("grace.group.name")
    return for_people(
        app_commands.Group(
            name=name if number == 1 else f"{name}-{number}", description=text("grace.group.about")
        )
    )


def _commands(
    catalogue: Mapping[str, Module], run: Run
) -> list[app_commands.Command[Any, ..., Any]]:
    made: dict[str, app_commands.Command[Any, ..., Any]] = {}
    for module in catalogue.values():
        command = make_command(module, run)
        command.name = _distinct(command.name, made)
        made[command.name] = command
    return list(made.values())


def _distinct(name: str, taken: Container[str]) -> str:
    """A unique name: an operator's module that is named like another one gets a number."""
    numbered = (f"{name[:28]}-{number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if one not in taken)


def make_command(module: Module, run: Run) -> app_commands.Command[Any, ..., Any]:
    """A module's subcommand."""
    key = f"grace.module.{module.name.lower()}"
    common: dict[str, Any] = {**_INPUTS, **({_JSON: bool} if module.output == "json" else {})}
    offered = module.options[: MAX_OPTIONS - len(common)]
    if len(offered) < len(module.options):
        log.warning("Grace's module %s has more options than a command can take", module.name)

    async def callback(interaction: discord.Interaction[SkyDeck], **values: Any) -> None:
        given_inputs = {name: values[name] for name in _INPUTS}
        inputs = Inputs(**given_inputs, wants_json=bool(values.get(_JSON)))
        given = {o.name: values[_OPTION + o.name] for o in offered}
        await run(interaction, module, inputs, given)

    callback.__signature__ = _signature(common, offered)  # type: ignore[attr-defined]
    names = {_OPTION + o.name: _option_label(module, o) for o in offered}
    about = {_OPTION + o.name: text(_option_key(module, o), o.description) for o in offered}
    names |= {name: text(f"grace.common.{name}") for name in common}
    about |= {name: text(f"grace.common_about.{name}") for name in common}
    app_commands.rename(**names)(callback)
    app_commands.describe(**about)(callback)
    return app_commands.Command(
        name=text(f"{key}.name", module.name.lower()),
        description=text(f"{key}.about", module.purpose),
        callback=callback,
        auto_locale_strings=False,
    )


def _signature(common: Mapping[str, Any], options: list[Option]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    keyword = inspect.Parameter.KEYWORD_ONLY
    first = inspect.Parameter("interaction", kind, annotation=discord.Interaction)
    fields = {**common} | {_OPTION + o.name: _transformer(o) for o in options}
    return inspect.Signature(
        [first]
        + [
            inspect.Parameter(name, keyword, default=None, annotation=annotation | None)
            for name, annotation in fields.items()
        ]
    )


def _option_key(module: Module, option: Option) -> str:
    return f"grace.module.{module.name.lower()}.option.{option.name}"


def _option_label(module: Module, option: Option) -> app_commands.locale_str:
    if option.name in _INPUTS or option.name == _JSON:
        return app_commands.locale_str(f"{option.name}-option")
    if not words_for(DEFAULT).has(_option_key(module, option)):
        return app_commands.locale_str(option.name)  # an operator's own module
    return text(f"grace.option.{option.name}", option.name)


# -- one option --------------------------------------------------------------------------------


class OptionTransformer(app_commands.Transformer[SkyDeck]):
    """How Discord asks for an option; the value is checked later, in the person's language."""

    def __init__(self, option: Option) -> None:
        self.option = option

    @property
    def type(self) -> discord.AppCommandOptionType:
        """A number, a boolean, or text."""
        return _OPTION_TYPES.get(self.option.type, discord.AppCommandOptionType.string)

    @property
    def min_value(self) -> int | None:
        """The minimum of a number, or the minimum length of a text."""
        if self.option.type in {OptionType.INTEGER, OptionType.STRING}:
            return _within(self.option.min)
        return None

    @property
    def max_value(self) -> int | None:
        """The maximum of a number, or the maximum length of a text."""
        match self.option.type:
            case OptionType.INTEGER:
                return _within(self.option.max)
            case OptionType.STRING:
                return min(self.option.max or _MAX_TEXT_CHARS, _MAX_TEXT_CHARS)
        return None

    @property
    def choices(self) -> list[app_commands.Choice[str | int | float]] | None:
        """A menu's choices, if they fit into one."""
        if not _fits_menu(self.option):
            return None
        return [
            app_commands.Choice(name=text(f"grace.choice.{c}", c), value=c)
            for c in self.option.choices
        ]

    async def transform(self, _interaction: discord.Interaction[SkyDeck], value: Any, /) -> Any:
        """Return the value unchanged."""
        return value


class OfferingTransformer(OptionTransformer):
    """An option that suggests values while a person types."""

    async def autocomplete(  # type: ignore[override]  # discord.py's own is a union of all kinds
        self, interaction: discord.Interaction[SkyDeck], value: str, /
    ) -> list[app_commands.Choice[str]]:
        """Matching values, in the language of the person's Discord."""
        offers = self._offers(str(value), words_for(str(interaction.locale)))
        return [app_commands.Choice(name=o.name, value=o.value) for o in offers[:MAX_OFFERS]]

    def _offers(self, typed: str, words: Words) -> list[Offer]:
        if self.option.type is OptionType.LANGUAGE:
            return offer_languages(typed, self.option, words, map(words_for, INTERFACE_LANGUAGES))
        return offer_choices(typed, self.option)


def _transformer(option: Option) -> Any:
    is_long_choice = option.type is OptionType.CHOICE and not _fits_menu(option)
    if option.type is OptionType.LANGUAGE or is_long_choice:
        return OfferingTransformer(option)
    return OptionTransformer(option)


def _fits_menu(option: Option) -> bool:
    fitting = all(0 < len(choice) <= _VALUE_CHARS for choice in option.choices)
    return 0 < len(option.choices) <= MAX_OFFERS and fitting


def _within(number: int | None) -> int | None:
    return None if number is None else max(-_MAX_NUMBER, min(_MAX_NUMBER, number))


# -- how much room a command takes ---------------------------------------------------------------


async def _size(
    command: app_commands.Command[Any, ..., Any] | app_commands.Group,
    tree: app_commands.CommandTree[SkyDeck],
) -> int:
    translator = tree.translator
    if translator is None:
        return count_chars(command.to_dict(tree))
    return count_chars(await command.get_translated_payload(tree, translator))


def count_chars(item: Mapping[str, Any]) -> int:
    """How many characters of a command, an option or a choice Discord counts."""
    size = len(item["value"]) if isinstance(item.get("value"), str) else 0
    for name in ("name", "description"):
        localized = item.get(f"{name}_localizations") or {}
        size += max(len(word) for word in (item.get(name) or "", *localized.values()))
    inner = [*(item.get("options") or []), *(item.get("choices") or [])]
    return size + sum(count_chars(one) for one in inner)
