"""Puts `/help` together, of `locales/*/help.toml` and of the commands that are registered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.i18n import Words
from bot.settings import Settings

Payload = Mapping[str, Any]
"""A command as it is registered with Discord."""

_SLASH, _ON_MESSAGE = 1, 3
_SUBCOMMAND, _GROUP = 1, 2
_IN_DIRECT_MESSAGES: Final = 1
"""One of a command's contexts; a command without contexts is available everywhere."""
_FEW: Final = 4
"""Up to this many subcommands get a line each; if there are more, only their names are listed."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The person who reads the help.

    Attributes:
        locale: The locale in which their Discord shows the commands.
        permissions: Their permissions in the channel, as Discord's bits.
        in_guild: Whether they are on a server.
    """

    locale: str
    permissions: int
    in_guild: bool

    def may_use(self, command: Payload) -> bool:
        """Whether their Discord offers them the command there."""
        needed = int(command.get("default_member_permissions") or 0)
        if not self.in_guild:
            return _IN_DIRECT_MESSAGES in (command.get("contexts") or [_IN_DIRECT_MESSAGES])
        return self.permissions & needed == needed

    def name(self, thing: Payload) -> str:
        """A name, in their language."""
        return str(self._localized(thing, "name"))

    def about(self, thing: Payload) -> str:
        """A description, in their language."""
        return str(self._localized(thing, "description"))

    def _localized(self, thing: Payload, what: str) -> Any:
        return (thing.get(f"{what}_localizations") or {}).get(self.locale) or thing.get(what, "")


def help_text(
    words: Words, reader: Reader, registered: list[Payload], settings: Settings, *, me: str
) -> str:
    """What the bot can do, and the commands that this reader may use; `me` mentions the bot."""
    parts = [words("help.intro", me=me), words("help.examples", me=me)]
    parts.append(f"{words('help.told')}\n{words('help.told_examples')}")
    parts.append("\n".join([words("help.commands"), *command_lines(registered, reader)]))
    menus = menu_names(registered, reader)
    if menus:
        parts.append(words("help.menus", names=" · ".join(menus)))
    about = [words("help.local" if settings.embedded else "help.remote")]
    if settings.embedded and settings.anthropic_api_key is not None:
        about.append(words("help.claude"))
    about.append(
        words(
            "help.privacy",
            export=find_name(registered, reader, "privacy", "export"),
            forget=find_name(registered, reader, "privacy", "forget"),
        )
    )
    return "\n\n".join([*parts, " ".join(about)])


def command_lines(commands: Iterable[Payload], reader: Reader) -> list[str]:
    """One line per slash command that the reader may use."""
    return [
        line
        for command in commands
        if command["type"] == _SLASH and reader.may_use(command)
        for line in _lines(command, reader, "/")
    ]


def menu_names(commands: Iterable[Payload], reader: Reader) -> list[str]:
    """The names in the context menu of messages."""
    return [
        reader.name(command)
        for command in commands
        if command["type"] == _ON_MESSAGE and reader.may_use(command)
    ]


def find_name(commands: Iterable[Payload], reader: Reader, *path: str) -> str:
    """A command's name in the reader's language, by its English name: `/privacy export`."""
    names: list[str] = []
    things: Iterable[Payload] = commands
    for word in path:
        thing = next(one for one in things if one["name"] == word)
        names.append(reader.name(thing))
        things = thing.get("options") or ()
    return f"`/{' '.join(names)}`"


def _lines(command: Payload, reader: Reader, before: str) -> Iterator[str]:
    name = f"{before}{reader.name(command)}"
    inner = [o for o in command.get("options") or () if o["type"] in {_SUBCOMMAND, _GROUP}]
    if not inner:
        yield f"`{name}` {reader.about(command)}"
    elif len(inner) <= _FEW:
        for one in inner:
            yield from _lines(one, reader, f"{name} ")
    else:
        about = reader.about(command).rstrip(".")
        yield f"`{name}` {about}: " + " · ".join(reader.name(o) for o in inner)
