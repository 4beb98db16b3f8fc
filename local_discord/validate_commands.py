"""What Discord checks in application commands when a bot registers them."""

from __future__ import annotations

import re

from .form import Form, Path
from .rules import MOST
from .values import Json

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUB_COMMAND, SUB_GROUP = 1, 2
STRING, INTEGER, NUMBER = 3, 4, 10
OPTIONS_MAX = MOST["command options"]
CHOICES_MAX = MOST["option choices"]
TOTAL_MAX = MOST["command size"]
NAME_MAX = MOST["command name length"]
COUNTS = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}

CHOICE_TYPES: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), NUMBER: (int, float)}

NAME = re.compile(r"[-_'\w]{1,}")
_LOCALES = """
id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi
th zh-CN ja zh-TW ko
"""
LOCALES = frozenset(_LOCALES.split())


def check_commands(form: Form, commands: list[Json], *, in_guild: bool = False) -> None:
    """Check a whole set, as a bulk overwrite sends it."""
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        check_command(form, command, (index,), in_guild=in_guild)
        key = (int(command.get("type") or CHAT_INPUT), str(command.get("name")))
        if key in seen:
            message = "Application command names must be unique"
            form.fail((index, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add(key)
    for kind, most in COUNTS.items():
        if sum(1 for k, _ in seen if k == kind) > most:
            message = f"Maximum number of application commands reached ({most})."
            form.fail((), "APPLICATION_COMMANDS_EXCEEDED", message)


def check_command(form: Form, command: Json, path: Path = (), *, in_guild: bool = False) -> None:
    """Check one command."""
    kind = command.get("type") or CHAT_INPUT
    _check_places(form, command, path, in_guild=in_guild)
    if kind == CHAT_INPUT:
        _check_name(form, command, path)
        _check_description(form, command, path)
        _check_options(form, command, path, depth=0)
    else:
        form.text(command, (*path, "name"), least=1, most=NAME_MAX, required=True)
        _check_locales(form, command, (*path, "name_localizations"), most=NAME_MAX)
        if command.get("description"):
            message = "Context menu commands cannot have description"
            form.fail(
                (*path, "description"), "APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED", message
            )
        if command.get("options"):
            message = "Context menu commands cannot have options"
            form.fail((*path, "options"), "APPLICATION_COMMAND_OPTIONS_NOT_ALLOWED", message)
    if (size := command_size(command)) > TOTAL_MAX:
        message = f"Command exceeds maximum size ({TOTAL_MAX}): {size}"
        form.fail(path, "APPLICATION_COMMAND_TOO_LARGE", message)


def _check_places(form: Form, command: Json, path: Path, *, in_guild: bool) -> None:
    """Where a command is offered (`contexts`) and for which kinds of installation."""
    for name, allowed in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        given = command.get(name)
        if given is None:
            continue
        if in_guild:
            code = "APPLICATION_COMMAND_CONTEXTS_NOT_ALLOWED"
            form.fail((*path, name), code, "Only for commands of all guilds")
        for index, value in enumerate(given):
            if value not in allowed or value in given[:index]:
                message = f"Value must be one of {allowed}, once."
                form.fail((*path, name, index), "BASE_TYPE_CHOICES", message)


def command_size(item: Json) -> int:
    """The characters Discord counts: names, descriptions and values, the longest locale each."""
    size = 0
    for name in ("name", "description"):
        words = [str(item.get(name) or ""), *(item.get(f"{name}_localizations") or {}).values()]
        size += max(len(word) for word in words)
    if isinstance(value := item.get("value"), str):
        size += len(value)
    return size + sum(
        command_size(child) for key in ("options", "choices") for child in item.get(key) or []
    )


def _check_name(form: Form, item: Json, path: Path) -> None:
    place = (*path, "name")
    name = form.text(item, place, least=1, most=NAME_MAX, required=True)
    localized = _check_locales(form, item, (*path, "name_localizations"), most=NAME_MAX)
    for where, word in [(place, name), *localized]:
        if word and (not NAME.fullmatch(word) or word != word.lower()):
            form.fail(where, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_description(form: Form, item: Json, path: Path) -> None:
    most = MOST["command description"]
    form.text(item, (*path, "description"), least=1, most=most, required=True)
    _check_locales(form, item, (*path, "description_localizations"), most=most)


def _check_locales(form: Form, item: Json, path: Path, *, most: int) -> list[tuple[Path, str]]:
    table = item.get(str(path[-1])) or {}
    for locale in table:
        place = (*path, locale)
        if locale not in LOCALES:
            message = f"Value must be one of {sorted(LOCALES)}."
            form.fail(place, "BASE_TYPE_CHOICES", message)
        form.text(table, place, least=1, most=most, required=True)
    return [((*path, locale), str(word)) for locale, word in table.items()]


def _check_options(form: Form, item: Json, path: Path, *, depth: int) -> None:
    options = form.items(item, (*path, "options"), most=OPTIONS_MAX)
    _check_nesting(form, options, path, depth)
    optional_before = False
    taken: set[tuple[str, str]] = set()
    for index, option in enumerate(options):
        place = (*path, "options", index)
        _check_option(form, option, place, depth)
        names = {"": str(option.get("name"))} | (option.get("name_localizations") or {})
        for locale, name in names.items():
            if (locale, name) in taken or (locale and ("", name) in taken):
                code = "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"
                form.fail((*place, "name"), code, "Option name already exists")
        taken |= set(names.items())
        if option.get("required") and optional_before:
            message = "Required options must be placed before non-required options"
            form.fail(place, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional_before = optional_before or not option.get("required")


def _check_nesting(form: Form, options: list[Json], path: Path, depth: int) -> None:
    nested = [o for o in options if o.get("type") in (SUB_COMMAND, SUB_GROUP)]
    if nested and len(nested) != len(options):
        message = "Sub-command and sub-command group option types are mutually exclusive to others"
        form.fail((*path, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
    groups = any(o.get("type") == SUB_GROUP for o in options)
    if (nested and depth > 1) or (groups and depth > 0):
        message = "Sub-commands cannot be nested this deeply"
        form.fail((*path, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)


def _check_option(form: Form, option: Json, path: Path, depth: int) -> None:
    kind = form.choice(option, (*path, "type"), range(1, 12))
    _check_name(form, option, path)
    _check_description(form, option, path)
    if kind in (SUB_COMMAND, SUB_GROUP):
        _check_options(form, option, path, depth=2 if kind == SUB_COMMAND else depth + 1)
        return
    choices = form.items(option, (*path, "choices"), most=CHOICES_MAX)
    for index, choice in enumerate(choices):
        _check_choice(form, choice, (*path, "choices", index), int(kind or STRING))
    if option.get("autocomplete") and choices:
        message = "Autocomplete and choices cannot be used together"
        form.fail((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE", message)
    if kind == STRING:
        most = MOST["option text length"]
        form.integer(option, (*path, "min_length"), most=most)
        form.integer(option, (*path, "max_length"), least=1, most=most, default=most)


def _check_choice(form: Form, choice: Json, path: Path, kind: int) -> None:
    most = MOST["choice name"]
    form.text(choice, (*path, "name"), least=1, most=most, required=True)
    _check_locales(form, choice, (*path, "name_localizations"), most=most)
    value = choice.get("value")
    fits = CHOICE_TYPES.get(kind, ())
    if not isinstance(value, fits):
        message = f'Could not interpret "{value}" for this option type.'
        form.fail((*path, "value"), "APPLICATION_COMMAND_OPTIONS_CHOICE_TYPE", message)
    if isinstance(value, str):
        form.text(choice, (*path, "value"), most=MOST["choice value"])


def check_choices(form: Form, choices: list[Json], kind: int) -> None:
    """Check the answer to an autocomplete."""
    if len(choices) > (most := MOST["autocompleted choices"]):
        message = f"Must be {most} or fewer in length."
        form.fail(("data", "choices"), "BASE_TYPE_MAX_LENGTH", message)
    for index, choice in enumerate(choices):
        _check_choice(form, choice, ("data", "choices", index), kind)
