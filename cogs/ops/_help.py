"""Puts `/help` together, of `locales/*/help.toml` and of the commands that are registered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.i18n import Words
from bot.settings import Settings

Payload = Mapping[str, Any]
"""A command as it is registered with Discord, with its `id` if that is known."""

_SLASH, _ON_MESSAGE = 1, 3
_SUBCOMMAND, _GROUP = 1, 2
_TO_PEOPLE: Final = 1
"""One of a command's integration types: it is installed to a person's account."""
_ON_SERVERS: Final = 0
_IN_DIRECT_MESSAGES: Final = 1
_BETWEEN_PEOPLE: Final = 2
"""Each one of a command's contexts; a command without contexts is available everywhere."""
_FEW: Final = 4
"""Up to this many subcommands get a line each; if there are more, only their names are listed."""
FIELD_CHARS: Final = 1024
TOTAL_CHARS: Final = 5_900
"""Discord accepts 6000 in the texts of an embed; the rest is for its title."""

_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "talk": ("ask", "chat", "say", "transcribe"),
    "texts": ("grace",),
    "builds": ("factory",),
    "voice": ("join", "leave", "voice", "minutes"),
    "own": ("jobs", "costs", "budget", "privacy", "status", "help"),
    "server": ("settings",),
}
"""The commands of each group, by their English names; `grace` is `grace-2`, too."""
_OTHER: Final = "own"


@dataclass(frozen=True, slots=True)
class Reader:
    """The person who reads the help.

    Attributes:
        locale: The locale in which their Discord shows the commands.
        permissions: Their permissions in the channel, as Discord's bits.
        as_guest: Whether the bot is there only as their own app.
    """

    locale: str
    permissions: int
    in_guild: bool
    as_guest: bool = False

    def may_use(self, command: Payload) -> bool:
        """Whether their Discord offers them the command there."""
        needed = int(command.get("default_member_permissions") or 0)
        if self.as_guest:
            here = _ON_SERVERS if self.in_guild else _BETWEEN_PEOPLE
            own = _TO_PEOPLE in (command.get("integration_types") or ())
            return own and here in (command.get("contexts") or [here])
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


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the help, with a heading."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Help:
    """The whole help: what comes first, and the groups of commands."""

    intro: str
    sections: tuple[Section, ...]


def make_help(
    words: Words,
    reader: Reader,
    registered: list[Payload],
    settings: Settings,
    *,
    me: str,
    name: str,
) -> Help:
    """What the bot can do, and the commands that this reader may use.

    Args:
        words: Their language.
        reader: Who they are.
        registered: All commands.
        settings: They say where the services run.
        me: The bot's mention.
        name: What people call the assistant there.
    """
    if reader.as_guest:
        how = [words("help.guest"), words("help.who", name=name)]
    else:
        how = [
            words("help.intro", me=me),
            words("help.who", name=name),
            words("help.examples", me=me),
            f"{words('help.told')}\n{words('help.told_examples')}",
        ]
    parts = [
        *how,
        _about_data(words, reader, registered, settings),
    ]
    sections = [*command_sections(words, registered, reader)]
    menus = menu_names(registered, reader)
    if menus:
        sections.append(Section(words("help.menus"), " · ".join(menus)))
    return _that_fits("\n\n".join(parts), sections)


def _about_data(words: Words, reader: Reader, registered: list[Payload], settings: Settings) -> str:
    about = [words("help.local" if settings.embedded else "help.remote")]
    if settings.embedded and settings.anthropic_api_key is not None:
        about.append(words("help.claude"))
    export, forget = (find_command(registered, reader, "privacy", n) for n in ("export", "forget"))
    return " ".join([*about, words("help.privacy", export=export, forget=forget)])


def _that_fits(intro: str, sections: Iterable[Section]) -> Help:
    room, kept = TOTAL_CHARS - len(intro), []
    for section in sections:
        room -= len(section.title) + len(section.text)
        if room < 0:
            break
        kept.append(section)
    return Help(intro, tuple(kept))


def command_sections(
    words: Words, commands: Iterable[Payload], reader: Reader
) -> Iterator[Section]:
    """The slash commands that the reader may use, in groups."""
    usable = [one for one in commands if one["type"] == _SLASH and reader.may_use(one)]
    for group in _GROUPS:
        inside = sorted((one for one in usable if _group_of(one) == group), key=_rank)
        lines = [line for one in inside for line in _lines(one, reader)]
        for number, text in enumerate(_blocks(lines)):
            yield Section(words(f"help.group.{group}") if number == 0 else "\u200b", text)


def _group_of(command: Payload) -> str:
    name = str(command["name"])
    return next(
        (group for group, names in _GROUPS.items() if name.partition("-")[0] in names), _OTHER
    )


def _rank(command: Payload) -> int:
    order = _GROUPS[_group_of(command)]
    name = str(command["name"]).partition("-")[0]
    return order.index(name) if name in order else len(order)


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """The lines, in as many texts as it takes."""
    block = ""
    for line in lines:
        cut = line[:FIELD_CHARS]
        if block and len(block) + len(cut) + 1 > FIELD_CHARS:
            yield block
            block = ""
        block = f"{block}\n{cut}" if block else cut
    if block:
        yield block


def menu_names(commands: Iterable[Payload], reader: Reader) -> list[str]:
    """The names in the context menu of messages."""
    return [
        reader.name(command)
        for command in commands
        if command["type"] == _ON_MESSAGE and reader.may_use(command)
    ]


def find_command(commands: Iterable[Payload], reader: Reader, *path: str) -> str:
    """A command to click on, by its English name."""
    things: Iterable[Payload] = commands
    found: list[Payload] = []
    for word in path:
        found.append(next(one for one in things if one["name"] == word))
        things = found[-1].get("options") or ()
    return _shown(found, reader)


def _lines(command: Payload, reader: Reader) -> Iterator[str]:
    paths = list(_paths([command]))
    if len(paths) <= _FEW:
        for path in paths:
            yield f"{_shown(path, reader)} {reader.about(path[-1])}"
    else:
        yield reader.about(command)
        yield from _in_rows([_shown(path, reader, is_short=True) for path in paths])


def _in_rows(shown: list[str]) -> Iterator[str]:
    """Many commands, several in a line."""
    row = ""
    for one in shown:
        if len(row) + len(one) > FIELD_CHARS // 2:
            yield row
            row = ""
        row = f"{row} · {one}" if row else one
    yield row


def _paths(above: list[Payload]) -> Iterator[list[Payload]]:
    """Each command that can be used, with the groups that it is in."""
    inner = [o for o in above[-1].get("options") or () if o["type"] in {_SUBCOMMAND, _GROUP}]
    if not inner:
        yield above
    for one in inner:
        yield from _paths([*above, one])


def _shown(path: list[Payload], reader: Reader, *, is_short: bool = False) -> str:
    """A command to click on, and its name in the reader's language where that is another one.

    Discord shows the name that stands in the mention, whatever the reader's language, and reacts
    only to the registered one (discord/discord-api-docs, issues 5462 and 5518).
    """
    own = " ".join(reader.name(one) for one in path)
    number = path[0].get("id")
    if number is None:
        return f"`/{own}`"
    name = " ".join(str(one["name"]) for one in path)
    if own == name:
        return f"</{name}:{number}>"
    return f"</{name}:{number}> ({reader.name(path[-1]) if is_short else f'`/{own}`'})"
