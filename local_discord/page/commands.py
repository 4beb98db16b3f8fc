"""What a tab does with commands, menus, buttons and dialogs.

An act answers with what the page shows next: the dialog that the bot opened (`modal`), or nothing,
since messages come on their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from local_discord.client_words import Phrase
from local_discord.errors import CannotDo, NotSeen
from local_discord.interactions import Answer, Interaction
from local_discord.options import Id, Resolved, convert, find_command
from local_discord.reply import Modal, Reply
from local_discord.typed import with_mentions
from local_discord.values import Json, Message, User, walk

from . import described
from .acts import act, message_of, number, text
from .tab import Act

if TYPE_CHECKING:
    from .tab import Tab

T = TypeVar("T")

ACTS: Final[dict[str, Act]] = {}
_VALUES_MAX: Final = 25
_NAMES_OF_THINGS: Final = {
    "user": Phrase("person"),
    "role": Phrase("role"),
    "mentionable": Phrase("person or role"),
    "channel": Phrase("channel"),
}
_NUMBERS: Final = {"integer": int, "number": float}
_TYPED_MAX: Final = 6_000
"""Characters of one option or field; Discord takes no more."""


# --- commands ------------------------------------------------------------------------------------


@act("commands", ACTS)
async def commands(tab: Tab, _: Json) -> Json:
    """All commands that the person may use where they are."""
    return described.commands(tab.desk.sim.backend.application, tab.user, tab.here)


@act("find", ACTS)
async def find(tab: Tab, fields: Json) -> Json:
    """People, roles or channels by a part of their names: `kind`, `typed`, `types`."""
    types = [one for one in _list(fields, "types") if isinstance(one, int)]
    kind, typed = text(fields, "kind", most=20), text(fields, "typed", most=100)
    world = tab.desk.sim.backend.world
    found = described.found_by_name(world, tab.user, tab.here, kind, typed, types)
    return {"options": found}


@act("complete", ACTS)
async def complete(tab: Tab, fields: Json) -> Json:
    """What the bot offers while somebody types: `command`, `option`, `typed`, `options`."""
    path, option = text(fields, "command", most=100), text(fields, "option", most=100)
    given = _Given(tab)
    others = given.options(path, fields, typing=option)
    typed = text(fields, "typed", most=_TYPED_MAX)
    choices = await _answered(tab, tab.me.autocompletes(path, option, typed, tab.here, **others))
    return {"options": described.offered(choices, tab.user.locale)}


@act("slash", ACTS)
async def slash(tab: Tab, fields: Json) -> Json:
    """Use a slash command: `command`, its names for the wire, and `options` by theirs."""
    path, given = text(fields, "command", most=100), _Given(tab)
    options = given.options(path, fields)
    reply = await _answered(tab, tab.me.slash(path, tab.here, **options))
    given.forget_uploads()
    return _opened(tab, reply)


@act("menu", ACTS)
async def menu(tab: Tab, fields: Json) -> Json:
    """Use a command of the right click on a `message` or a `person`: its `name`."""
    name = text(fields, "name", most=100)
    if fields.get("message") is not None:
        on: Any = message_of(tab, fields)
    else:
        on = tab.desk.person(_person(tab, fields), tab.here.guild)
    return _opened(tab, await _answered(tab, tab.me.menu(name, on=on)))


def _person(tab: Tab, fields: Json) -> User:
    world = tab.desk.sim.backend.world
    found = described.found_by_id(world, tab.user, tab.here, number(fields, "person"))
    if not isinstance(found, User):
        raise CannotDo("that person is not here")
    return found


# --- components ----------------------------------------------------------------------------------


@act("press", ACTS)
async def press(tab: Tab, fields: Json) -> Json:
    """Press the button with this custom id (`component`) under a `message`."""
    on, name = message_of(tab, fields), Id(text(fields, "component", most=100))
    return _opened(tab, await _answered(tab, tab.me.clicks(name, on=on), "This interaction failed"))


@act("open", ACTS)
async def open_(tab: Tab, fields: Json) -> Json:
    """What the menu with this custom id (`component`) under a `message` offers, as a field."""
    select = _select(message_of(tab, fields), text(fields, "component", most=100))
    return _field(tab, select)


@act("select", ACTS)
async def select(tab: Tab, fields: Json) -> Json:
    """Choose `values` in the menu with this custom id (`component`) under a `message`."""
    on, name = message_of(tab, fields), Id(text(fields, "component", most=100))
    kind, given = _field(tab, _select(on, name))["kind"], _Given(tab)
    picked = [given.value(kind, one) for one in _list(fields, "values")]
    return _opened(
        tab,
        await _answered(tab, tab.me.selects(*picked, on=on, menu=name), "This interaction failed"),
    )


@act("submit", ACTS)
async def submit(tab: Tab, fields: Json) -> Json:
    """Send the dialog with this id (`dialog`), filled in with `values` by custom id."""
    interactions = tab.desk.sim.backend.interactions
    dialog = Modal(interactions.dialog(number(fields, "dialog"), tab.user))
    given, values = _Given(tab), _object(fields, "values")
    filled: dict[Any, Any] = {}
    for component in walk(dialog.json["components"]):
        name = component.get("custom_id")
        if name in values:
            filled[Id(name)] = given.field(_field(tab, component), values[name])
    reply = await _answered(tab, tab.me.submits(dialog, filled), "This interaction failed")
    given.forget_uploads()
    return _opened(tab, reply)


def _select(message: Message, name: str) -> Json:
    for one in message.selects:
        if one["custom_id"] == name and not one.get("disabled"):
            return one
    raise CannotDo("that menu is greyed out or gone")


def _field(tab: Tab, component: Json) -> Json:
    return described.field(component, tab.desk.sim.backend.world, tab.user, tab.here)


# --- what comes back -----------------------------------------------------------------------------


async def _answered(
    tab: Tab, reply: Awaitable[T], words: str = "The application did not respond"
) -> T:
    """The bot's answer; what Discord's client says where none comes in time."""
    try:
        return await reply
    except NotSeen:
        raise CannotDo(words) from None


def _opened(tab: Tab, reply: Reply) -> Json:
    one: Interaction = reply.interaction
    backend = tab.desk.sim.backend
    if one.answer is Answer.DEFERRED:
        wait = backend.interactions.token_seconds
        asyncio.get_running_loop().call_later(wait, backend.interactions.give_up, one)
    if one.modal is None:
        return {}
    told = described.modal(one.id, one.modal, backend.world, tab.user, one.channel)
    for field in told["fields"]:
        if "content" in field:
            field["html"] = tab.view.html(field.pop("content"))
    return {"modal": told}


# --- what was filled in --------------------------------------------------------------------------


class _Given:
    """Reads what somebody filled in: ids become people, roles, channels and files."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._uploads: list[str] = []

    def options(self, path: str, fields: Json, *, typing: str = "") -> dict[str, Any]:
        """The options of a command by their names.

        While somebody types into one (`typing`), that one and those that do not fit yet are left
        out.
        """
        given = _object(fields, "options")
        application = self._tab.desk.sim.backend.application
        found = find_command(application, path, self._tab.user, self._tab.here)
        if unknown := given.keys() - {one["name"] for one in found.options}:
            raise CannotDo("there is no option “{name}”", name=min(unknown)[:40])
        read: dict[str, Any] = {}
        for option in found.options:
            name = option["name"]
            if given.get(name) in (None, "") or name == typing:
                continue
            with suppress(CannotDo) if typing else nullcontext():
                read[_keyword(name)] = self._option(option, given[name], checks=bool(typing))
        return read

    def _option(self, option: Json, given: object, *, checks: bool) -> Any:
        world, here = self._tab.desk.sim.backend.world, self._tab.here
        kind = described.kind_of(option)
        value = self.value(kind, given)
        if kind == "text" and isinstance(value, str) and not option.get("choices"):
            value = with_mentions(world, value, here)
        if checks:
            convert(option, value, self._tab.user, Resolved(world, here))
        return value

    def field(self, field: Json, value: object) -> Any:
        """One field of a dialog."""
        if field["kind"] in ("text", "paragraph") and not isinstance(value, str):
            raise CannotDo("the field “{label}” takes text", label=field["id"][:40])
        if isinstance(value, list):
            return [self.value(field["kind"], one) for one in value[:_VALUES_MAX]]
        return self.value(field["kind"], value)

    def value(self, kind: str, value: object) -> Any:
        """One value as Person's methods take it; what does not fit is left to their checks."""
        if kind in _NAMES_OF_THINGS:
            found = described.found_by_id(
                self._tab.desk.sim.backend.world, self._tab.user, self._tab.here, value
            )
            if found is None:
                raise CannotDo("there is no {what} of that name here", what=_NAMES_OF_THINGS[kind])
            return found
        if kind == "file":
            keys = [value] if isinstance(value, str) else []
            files = self._tab.desk.take(keys)
            self._uploads += keys
            return files[0] if files else None
        if kind in _NUMBERS and isinstance(value, str):
            return _number(kind, value)
        return Id(value[: _TYPED_MAX + 1]) if isinstance(value, str) else value

    def forget_uploads(self) -> None:
        """They were sent."""
        self._tab.desk.forget(self._uploads)


def _keyword(name: str) -> str:
    """An option's name for Person's methods, which have parameters of their own, such as `wait`."""
    return name if name.endswith("_") else f"{name}_"


def _number(kind: str, typed: str) -> object:
    """What was typed as a number, in either way of writing a decimal; else as it was typed."""
    try:
        return _NUMBERS[kind](typed.strip()[:40].replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        return typed[:40]


def _list(fields: Json, name: str) -> list[Any]:
    value = fields.get(name) or []
    if not isinstance(value, list) or len(value) > _VALUES_MAX:
        raise CannotDo("{field} is no list of up to {most}", field=name, most=_VALUES_MAX)
    return value


def _object(fields: Json, name: str) -> Json:
    value = fields.get(name) or {}
    if not isinstance(value, dict) or len(value) > _VALUES_MAX:
        raise CannotDo("{field} is no object of up to {most} fields", field=name, most=_VALUES_MAX)
    return value
