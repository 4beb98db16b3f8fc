"""What Discord's client sends when somebody uses buttons, menus and modals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import NO_SUCH_LENGTH, CannotDo
from .options import Id, Resolved, told
from .reply import Modal
from .values import Channel, ComponentType, Json, Message, Role, User, button_name, walk

LINK = 5
OF_OPTIONS = (
    ComponentType.STRING_SELECT,
    ComponentType.RADIO_GROUP,
    ComponentType.CHECKBOX_GROUP,
)
"""Kinds that offer their own options."""
OF_PEOPLE = (ComponentType.USER_SELECT, ComponentType.MENTIONABLE_SELECT)
OF_ROLES = (ComponentType.ROLE_SELECT, ComponentType.MENTIONABLE_SELECT)


def press(message: Message, label: str) -> Json:
    """The data of a click on the button with this label, emoji or custom id (`Id`: only that)."""
    buttons = (c for c in walk(message.components) if c["type"] == ComponentType.BUTTON)
    for button in buttons:
        if not _is_meant(button, label, button_name(button)):
            continue
        if button.get("disabled"):
            raise CannotDo("the button “{label}” is greyed out", label=label)
        if button["style"] == LINK:
            raise CannotDo(
                "the button “{label}” is a link to {url}", label=label, url=button["url"]
            )
        return _component(button)
    raise CannotDo(
        "there is no button “{label}”; there are: {known}", label=label, known=list(message.buttons)
    )


def _is_meant(component: Json, name: str, *words: str | None) -> bool:
    """Whether this is the component of that custom id or, where it is no `Id`, with those words."""
    return name == component.get("custom_id") or (not isinstance(name, Id) and name in words)


def choose(message: Message, menu: str | None, picked: tuple[Any, ...], resolved: Resolved) -> Json:
    """The data of a choice in the menu with this placeholder or custom id, or in the only one."""
    every = message.selects
    fitting = [s for s in every if menu is None or _is_meant(s, menu, s.get("placeholder"))]
    if len(fitting) != 1:
        known = [s.get("placeholder") or s["custom_id"] for s in message.selects]
        raise CannotDo(
            "there is not one menu “{label}”; there are: {known}", label=menu or "", known=known
        )
    select = fitting[0]
    if select.get("disabled"):
        raise CannotDo("the menu “{label}” is greyed out", label=menu or "")
    values = pick(select, picked, resolved)
    data = _component(select) | {"values": values}
    return data | ({"resolved": resolved.objects} if resolved.objects else {})


def pick(select: Json, picked: tuple[Any, ...], resolved: Resolved) -> list[str]:
    """The values behind what was picked; their number must fit."""
    values = [_value(select, item, resolved) for item in picked]
    least, most = bounds(select)
    if not least <= len(values) <= most:
        raise CannotDo(
            "the menu takes {least} to {most}, not {count}",
            least=least,
            most=most,
            count=len(values),
        )
    if len(set(values)) < len(values):
        raise CannotDo("the menu takes each of its options once")
    return values


def bounds(component: Json) -> tuple[int, int]:
    """How many values a menu, a group of boxes or an upload takes."""
    every = len(component["options"]) if component["type"] == ComponentType.CHECKBOX_GROUP else 1
    least, most = component.get("min_values"), component.get("max_values")
    return 1 if least is None else least, every if most is None else most


def preset(component: Json) -> list[str]:
    """The values that are chosen before anybody has chosen."""
    if component["type"] in OF_OPTIONS:
        return [str(one["value"]) for one in component["options"] if one.get("default")]
    return [str(one["id"]) for one in component.get("default_values") or []]


def _value(select: Json, item: Any, resolved: Resolved) -> str:
    kind, who = select["type"], getattr(item, "user", item)
    if kind in OF_OPTIONS:
        return _option(select, item)
    if isinstance(who, User) and kind in OF_PEOPLE:
        return resolved.user(who)
    if isinstance(who, Role) and kind in OF_ROLES:
        return resolved.role(who)
    if isinstance(who, Channel) and kind == ComponentType.CHANNEL_SELECT:
        types = select.get("channel_types")
        if not types or who.type in types:
            return resolved.place(who, resolved.world.owner)
    raise CannotDo("this menu does not offer {given}", given=told(item))


def _option(select: Json, item: Any) -> str:
    options: list[Json] = select["options"]
    for option in options:
        if item == option["value"] or (item == option["label"] and not isinstance(item, Id)):
            return str(option["value"])
    raise CannotDo(
        "the menu offers {known}; it does not offer {given}",
        known=[o["label"] for o in options],
        given=told(item),
    )


def _component(component: Json) -> Json:
    return {
        "custom_id": component["custom_id"],
        "component_type": component["type"],
        "id": component.get("id", 0),
    }


def fill_modal(modal: Modal, given: Mapping[str, Any], resolved: Resolved) -> Json:
    """The data of a submitted modal; fields are named by label or custom id."""
    left = dict(given)
    components = [
        _filled(component, left, resolved, label="") for component in modal.json["components"]
    ]
    if left:
        raise CannotDo(
            "there is no field {names}; there are: {known}",
            names=sorted(left),
            known=list(modal.fields),
        )
    data: Json = {"custom_id": modal.json["custom_id"], "components": components}
    return data | ({"resolved": resolved.objects} if resolved.objects else {})


def _filled(component: Json, left: dict[str, Any], resolved: Resolved, *, label: str) -> Json:
    kind = component["type"]
    number: Json = {"type": kind, "id": component.get("id", 0)}
    if kind == ComponentType.LABEL:
        inner = _filled(component["component"], left, resolved, label=component["label"])
        return number | {"component": inner}
    if "components" in component:
        inside = [_filled(c, left, resolved, label="") for c in component["components"]]
        return number | {"components": inside}
    if "custom_id" not in component:
        return number
    label = label or component.get("label") or ""
    words = (label, label.lower().replace(" ", "_"))
    given = next((name for name in left if _is_meant(component, name, *words)), None)
    value = None if given is None else left.pop(given)
    return (
        number | {"custom_id": component["custom_id"]} | _field(component, value, label, resolved)
    )


def _field(component: Json, value: Any, label: str, resolved: Resolved) -> Json:
    kind = component["type"]
    if kind == ComponentType.TEXT_INPUT:
        return {"value": _typed(component, value, label)}
    if kind == ComponentType.CHECKBOX:
        return {"value": bool(component.get("default") if value is None else value)}
    values = _values(component, value, resolved)
    if not values and component.get("required", True):
        raise CannotDo("the field “{label}” is required", label=label)
    if kind == ComponentType.RADIO_GROUP:
        return {"value": values[0] if values else None}
    return {"values": values}


def _values(component: Json, value: Any, resolved: Resolved) -> list[str]:
    """What was chosen in a menu, ticked, or uploaded; without that, what was so from the first."""
    if value is None:
        ids = preset(component)
        return ids if component["type"] in OF_OPTIONS else [_known(i, resolved) for i in ids]
    several = tuple(value) if isinstance(value, list | tuple) else (value,)
    if component["type"] != ComponentType.FILE_UPLOAD:
        return pick(component, several, resolved) if several else []
    least, most = bounds(component)
    if several and not least <= len(several) <= most:
        raise CannotDo(
            "the field takes {least} to {most} files, not {count}",
            least=least,
            most=most,
            count=len(several),
        )
    return [resolved.file(file) for file in several]


def _known(number: str, resolved: Resolved) -> str:
    """Note whatever a menu had chosen before; its id."""
    world, guild, key = resolved.world, resolved.channel.guild, int(number)
    if key in world.users:
        return resolved.user(world.users[key])
    if guild is not None and key in guild.roles:
        return resolved.role(guild.roles[key])
    if key in world.channels:
        return resolved.place(world.channels[key], world.owner)
    return number


def _typed(component: Json, value: Any, label: str) -> str:
    text = component.get("value") or "" if value is None else str(value)
    if not text and component.get("required", True):
        raise CannotDo("the field “{label}” is required", label=label)
    least, most = component.get("min_length") or 0, component.get("max_length") or 4000
    if text and not least <= len(text) <= most:
        raise CannotDo(NO_SUCH_LENGTH, label=label, least=least, most=most, length=len(text))
    return text
