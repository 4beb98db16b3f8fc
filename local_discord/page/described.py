"""What a page is told of commands, menus and dialogs, as JSON in its person's language. Pure.

A field is described alike wherever it is: an option of a command, a menu under a message, a part
of a dialog. `kind` says what to show:

- `text`, `paragraph`, `integer`, `number`: typed; `least` and `most` are lengths, or a number's
- `boolean`, `box`: yes or no
- `choices`, `radio`, `boxes`: one or several of `options`
- `user`, `role`, `mentionable`, `channel`: one or several of the server's, which the page looks up
- `file`: one or several files; `words`: nothing to fill in, `content` is Markdown
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from local_discord import dialogs, options, permissions
from local_discord.application import Application
from local_discord.localized import localized
from local_discord.validate_commands import SUB_COMMAND, SUB_GROUP
from local_discord.values import (
    THREADS,
    Channel,
    ChannelType,
    ComponentType,
    Json,
    Permission,
    Role,
    User,
    walk,
)
from local_discord.world import World

OFFERED_MAX: Final = 25
"""How many people, roles or channels are offered at once, as Discord offers choices."""

_KINDS: Final = {
    options.STRING: "text",
    options.INTEGER: "integer",
    options.BOOLEAN: "boolean",
    options.USER: "user",
    options.CHANNEL: "channel",
    options.ROLE: "role",
    options.MENTIONABLE: "mentionable",
    options.NUMBER: "number",
    options.ATTACHMENT: "file",
}
_FIELDS: Final = {
    ComponentType.STRING_SELECT: "choices",
    ComponentType.USER_SELECT: "user",
    ComponentType.ROLE_SELECT: "role",
    ComponentType.MENTIONABLE_SELECT: "mentionable",
    ComponentType.CHANNEL_SELECT: "channel",
    ComponentType.FILE_UPLOAD: "file",
    ComponentType.RADIO_GROUP: "radio",
    ComponentType.CHECKBOX_GROUP: "boxes",
    ComponentType.CHECKBOX: "box",
}
_ON: Final = {2: "person", 3: "message"}
_PARAGRAPH: Final = 2
_ID_MAX: Final = 20
"""Digits."""


# --- commands ----------------------------------------------------------------------------------


def commands(application: Application, user: User, channel: Channel) -> Json:
    """All that this person may use in this channel: `commands`, and `menus` of the right click.

    A command with sub-commands is one entry for each of them; `path` has the names for the wire,
    `name` those that the person reads.
    """
    allowed = [
        (kind, command)
        for kind in (1, *_ON)
        for command in options.commands_here(application, channel, kind, user)
        if options.is_allowed(command, user, channel)
    ]
    slash = [c for kind, c in allowed if kind == 1]
    return {
        "commands": [each for one in slash for each in _innermost(one, user.locale, "", "")],
        "menus": [
            {"path": one["name"], "name": localized(one, "name", user.locale), "on": _ON[kind]}
            for kind, one in allowed
            if kind in _ON
        ],
    }


def _innermost(item: Json, locale: str, path: str, name: str) -> Iterator[Json]:
    path = f"{path} {item['name']}".lstrip()
    name = f"{name} {localized(item, 'name', locale)}".lstrip()
    inside: list[Json] = item.get("options") or []
    nested = [one for one in inside if one["type"] in (SUB_COMMAND, SUB_GROUP)]
    for one in nested:
        yield from _innermost(one, locale, path, name)
    if not nested and item["type"] != SUB_GROUP:
        yield {
            "path": path,
            "name": name,
            "description": localized(item, "description", locale),
            "options": [_option(one, locale) for one in inside],
        }


def kind_of(option: Json) -> str:
    """What an option takes; a choice of numbers is a number."""
    return _KINDS[option["type"]]


def _option(option: Json, locale: str) -> Json:
    kind = kind_of(option)
    limits = ("min_length", "max_length") if kind == "text" else ("min_value", "max_value")
    return {
        "id": option["name"],
        "label": localized(option, "name", locale),
        "description": localized(option, "description", locale),
        "kind": "choices" if option.get("choices") else kind,
        "required": bool(option.get("required")),
        "complete": bool(option.get("autocomplete")),
        "options": offered(option.get("choices") or [], locale),
        "least": option.get(limits[0]),
        "most": option.get(limits[1]),
        "types": option.get("channel_types") or [],
    }


def offered(choices: Iterable[Json], locale: str) -> list[Json]:
    """Choices of an option, registered or offered while typing."""
    return [{"label": localized(one, "name", locale), "value": one["value"]} for one in choices]


# --- menus and dialogs -------------------------------------------------------------------------


def modal(number: int, body: Json, world: World, user: User, channel: Channel) -> Json:
    """A dialog: its `id` (the interaction's that it answers), `title` and `fields`."""
    fields: list[Json] = []
    for component in walk(body["components"]):
        if component["type"] == ComponentType.LABEL:
            inner = field(component["component"], world, user, channel)
            fields.append(inner | _heading(component))
        elif component["type"] == ComponentType.TEXT_INPUT and component.get("label"):
            fields.append(field(component, world, user, channel) | _heading(component))
        elif component["type"] == ComponentType.TEXT_DISPLAY:
            fields.append({"kind": "words", "content": component["content"]})
    return {"id": str(number), "title": body["title"], "fields": fields}


def _heading(component: Json) -> Json:
    return {"label": component["label"], "description": component.get("description") or ""}


def field(component: Json, world: World, user: User, channel: Channel) -> Json:
    """A menu, or a part of a dialog."""
    told: Json = {
        "id": component["custom_id"],
        "label": component.get("placeholder") or "",
        "required": component.get("required", True),
        "placeholder": component.get("placeholder") or "",
    }
    if component["type"] == ComponentType.TEXT_INPUT:
        return told | {
            "kind": "paragraph" if component["style"] == _PARAGRAPH else "text",
            "value": component.get("value") or "",
            "least": component.get("min_length"),
            "most": component.get("max_length"),
        }
    least, most = dialogs.bounds(component)
    told |= {"kind": _FIELDS[component["type"]], "least": least, "most": most}
    if component["type"] == ComponentType.CHECKBOX:
        return told | {"value": bool(component.get("default")), "required": False}
    if component["type"] in dialogs.OF_OPTIONS:
        return told | {"options": [_choice(one) for one in component["options"]]}
    chosen = [found_by_id(world, user, channel, number) for number in dialogs.preset(component)]
    return told | {
        "types": component.get("channel_types") or [],
        "chosen": [_thing(one, channel) for one in chosen if one is not None],
    }


def _choice(option: Json) -> Json:
    return {
        "label": option["label"],
        "value": option["value"],
        "description": option.get("description") or "",
        "emoji": (option.get("emoji") or {}).get("name") or "",
        "chosen": bool(option.get("default")),
    }


# --- people, roles and channels ----------------------------------------------------------------

Thing = User | Role | Channel


def found_by_id(world: World, user: User, channel: Channel, number: object) -> Thing | None:
    """Whom or what an id stands for, as far as this person knows of it here."""
    digits = str(number)[:_ID_MAX]
    key = int(digits) if digits.isascii() and digits.isdecimal() else 0
    guild = channel.guild
    if guild is None:
        around = {one.id: one for one in (*channel.recipients, world.bot)}
        return around.get(key)
    if key in guild.members:
        return guild.members[key].user
    if key in guild.roles:
        return guild.roles[key]
    place = world.channels.get(key)
    if place is None or place.guild is not guild:
        return None
    return place if permissions.may(place, user, Permission.VIEW_CHANNEL) else None


def found_by_name(
    world: World, user: User, channel: Channel, kind: str, typed: str, types: Iterable[int] = ()
) -> list[Json]:
    """The people, roles or channels with these letters in their names, `OFFERED_MAX` at most.

    Args:
        world: Where to look.
        user: Who looks: channels that they do not see are left out.
        channel: Where they are.
        kind: `user`, `role`, `mentionable` or `channel`.
        typed: What they typed; nothing for the first ones.
        types: Which types of channel; none for all.
    """
    wanted, fitting = typed.casefold(), []
    for one in _known(world, user, channel, kind, frozenset(types)):
        told = _thing(one, channel)
        if wanted in told["label"].casefold():
            fitting.append(told)
        if len(fitting) == OFFERED_MAX:
            break
    return fitting


def _known(
    world: World, user: User, channel: Channel, kind: str, types: frozenset[int]
) -> Iterator[Thing]:
    guild = channel.guild
    if kind in ("user", "mentionable"):
        around = [m.user for m in guild.members.values()] if guild else [*channel.recipients]
        yield from around if guild else [*around, world.bot]
    if guild is None:
        return
    if kind in ("role", "mentionable"):
        yield from guild.roles.values()
    if kind == "channel":
        for place in [*guild.channels.values(), *world.threads(guild)]:
            if (not types or place.type in types) and permissions.may(
                place, user, Permission.VIEW_CHANNEL
            ):
                yield place


def _thing(one: Thing, channel: Channel) -> Json:
    """A person, role or channel as it is offered."""
    name = one.name
    if isinstance(one, User):
        member = channel.guild.members.get(one.id) if channel.guild else None
        name = f"@{member.display_name if member else one.name}"
    elif isinstance(one, Role):
        name = f"@{one.name.removeprefix('@')}"
    elif one.type in (ChannelType.TEXT, *THREADS):
        name = f"#{one.name}"
    return {"label": name, "value": str(one.id)}
