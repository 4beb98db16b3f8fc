"""What somebody in Discord asks for, in short for the log: never who, nor their words. Pure."""

from collections.abc import Mapping
from typing import Any, Final

_GROUPS: Final = (1, 2)
"""Types of an option that is a subcommand, or a group of them."""
_MENUS: Final = (2, 3)
"""Types of a command in a context menu."""


def request_name(interaction: Mapping[str, Any]) -> str:
    """The command with its subcommand, or the kind of thing that was pressed.

    Args:
        interaction: Discord's `INTERACTION_CREATE`, whatever it has in it.

    Returns:
        The name; empty for what is no request, such as a completion.
    """
    data = interaction.get("data")
    data = data if isinstance(data, Mapping) else {}
    match interaction.get("type"):
        case 2 if data.get("type") in _MENUS:
            return f"menu {data.get('name')}"
        case 2:
            return f"/{' '.join(_path(data))}"
        case 3:
            return "a button or a list"
        case 5:
            return "a form"
    return ""


def _path(data: Mapping[str, Any]) -> list[str]:
    """A command's name, and those of its group and subcommand."""
    found = [str(data.get("name"))]
    options = data.get("options")
    while isinstance(options, list) and len(options) == 1 and isinstance(options[0], Mapping):
        if options[0].get("type") not in _GROUPS:
            break
        found.append(str(options[0].get("name")))
        options = options[0].get("options")
    return found
