"""What Discord's client sends when somebody uses buttons, menus and modals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import CannotDo
from .options import Resolved
from .reply import Modal
from .values import Channel, ComponentType, Json, Message, Role, User

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
    """The data of a click on the button with this label, emoji or custom id."""
    for name, button in message.buttons.items():
        if label in (name, button.get("custom_id")):
            if button.get("disabled"):
                raise CannotDo(f"the button {label!r} is greyed out")
            if button["style"] == LINK:
                raise CannotDo(f"the button {label!r} is a link to {button['url']}")
            return _component(button)
    raise CannotDo(f"there is no button {label!r}; there are {list(message.buttons)}")


def choose(message: Message, menu: str | None, picked: tuple[Any, ...], resolved: Resolved) -> Json:
    """The data of a choice in the menu with this placeholder or custom id, or in the only one."""
    fitting = [s for s in message.selects if menu in (None, s.get("placeholder"), s["custom_id"])]
    if len(fitting) != 1:
        known = [s.get("placeholder") or s["custom_id"] for s in message.selects]
        raise CannotDo(f"expected one menu {menu or ''}, there are {known}")
    select = fitting[0]
    if select.get("disabled"):
        raise CannotDo(f"the menu {menu!r} is greyed out")
    values = pick(select, picked, resolved)
    data = _component(select) | {"values": values}
    return data | ({"resolved": resolved.objects} if resolved.objects else {})


def pick(select: Json, picked: tuple[Any, ...], resolved: Resolved) -> list[str]:
    """The values behind what was picked; their number must fit."""
    values = [_value(select, item, resolved) for item in picked]
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not least <= len(values) <= most:
        raise CannotDo(f"the menu takes {least} to {most}, not {len(values)}")
    return values


def _value(select: Json, item: Any, resolved: Resolved) -> str:
    who = getattr(item, "user", item)
    if select["type"] in OF_OPTIONS:
        for option in select["options"]:
            if item in (option["label"], option["value"]):
                return str(option["value"])
        raise CannotDo(f"the menu offers {[o['label'] for o in select['options']]}, not {item!r}")
    if isinstance(who, User) and select["type"] in OF_PEOPLE:
        return resolved.user(who)
    if isinstance(who, Role) and select["type"] in OF_ROLES:
        return resolved.role(who)
    if isinstance(who, Channel) and select["type"] == ComponentType.CHANNEL_SELECT:
        return resolved.place(who, resolved.world.owner)
    raise CannotDo(f"this menu does not offer {item!r}")


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
        raise CannotDo(f"there is no field {sorted(left)}; there are {list(modal.fields)}")
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
    names = (label, component["custom_id"], label.lower().replace(" ", "_"))
    value = next((left.pop(name) for name in names if name in left), None)
    return (
        number | {"custom_id": component["custom_id"]} | _field(component, value, label, resolved)
    )


def _field(component: Json, value: Any, label: str, resolved: Resolved) -> Json:
    kind = component["type"]
    if kind == ComponentType.TEXT_INPUT:
        return {"value": _typed(component, value, label)}
    if value is None and component.get("required", True) and kind != ComponentType.CHECKBOX:
        raise CannotDo(f"the field {label!r} is required")
    if kind == ComponentType.CHECKBOX:
        return {"value": bool(component.get("default") if value is None else value)}
    if kind == ComponentType.FILE_UPLOAD:
        files = value if isinstance(value, list | tuple) else [value] if value else []
        return {"values": [resolved.file(file) for file in files]}
    picked = tuple(value) if isinstance(value, list | tuple) else () if value is None else (value,)
    values = pick(component, picked, resolved) if picked else []
    if kind == ComponentType.RADIO_GROUP:
        return {"value": values[0] if values else None}
    return {"values": values}


def _typed(component: Json, value: Any, label: str) -> str:
    text = component.get("value") or "" if value is None else str(value)
    if not text and component.get("required", True):
        raise CannotDo(f"the field {label!r} is required")
    least, most = component.get("min_length") or 0, component.get("max_length") or 4000
    if text and not least <= len(text) <= most:
        raise CannotDo(f"the field {label!r} takes {least} to {most} characters, not {len(text)}")
    return text
