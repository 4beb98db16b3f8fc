"""What Discord's client does when somebody fills in a command: find it, check it, send it."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import permissions, wire
from .client_words import Phrase
from .errors import NO_SUCH_LENGTH, CannotDo
from .files import File
from .installs import owners_of
from .localized import localized
from .validate_commands import SUB_COMMAND, SUB_GROUP
from .values import Attachment, Channel, Json, Message, Permission, Role, User
from .world import World

if TYPE_CHECKING:
    from .application import Application

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
TYPE_NAMES = {
    STRING: Phrase("text"),
    INTEGER: Phrase("a whole number"),
    BOOLEAN: Phrase("true or false"),
    USER: Phrase("a person"),
    CHANNEL: Phrase("a channel"),
    ROLE: Phrase("a role"),
    MENTIONABLE: Phrase("a person or role"),
    NUMBER: Phrase("a number"),
    ATTACHMENT: Phrase("a file"),
}


class Id(str):
    """A custom id or a value as the wire has it, so none of the words that people read.

    A page knows exactly what was pressed; a label may be there twice, or be another's value.
    """

    __slots__ = ()


@dataclass(slots=True)
class Resolved:
    """The objects that an interaction's ids stand for."""

    world: World
    channel: Channel
    objects: dict[str, dict[str, Json]] = field(default_factory=dict)

    def add(self, kind: str, number: int, data: Json) -> str:
        """Note an object; its id as the wire has it."""
        self.objects.setdefault(kind, {})[str(number)] = data
        return str(number)

    def user(self, user: User) -> str:
        """Note a user, and what the guild knows of them."""
        guild = self.channel.guild
        if guild and user.id in guild.members:
            held = {"permissions": str(int(permissions.in_channel(self.channel, user)))}
            member = wire.member(guild.member_of(user.id), with_user=False) | held
            self.add("members", user.id, member)
        return self.add("users", user.id, wire.user(user))

    def message(self, message: Message, whole: Json) -> str:
        """Note a message."""
        return self.add("messages", message.id, whole)

    def file(self, file: File) -> str:
        """Upload a file and note it."""
        stored: Attachment = file.store(self.world, self.channel)
        stored.ephemeral = True
        return self.add("attachments", stored.id, wire.attachment(stored))

    def place(self, channel: Channel, viewer: User) -> str:
        """Note a channel."""
        return self.add("channels", channel.id, wire.channel(channel, viewer=viewer))

    def role(self, role: Role) -> str:
        """Note a role."""
        return self.add("roles", role.id, wire.role(role))


def named(item: Json, name: str, locale: str) -> bool:
    """Whether a person of this locale would call it so (or calls it by its default name)."""
    return name in (item["name"], localized(item, "name", locale))


@dataclass(frozen=True, slots=True)
class Found:
    """A command and, for a sub-command, the way to it."""

    command: Json
    path: tuple[Json, ...]

    @property
    def options(self) -> list[Json]:
        """The options of the innermost command."""
        last = self.path[-1] if self.path else self.command
        options: list[Json] = last.get("options") or []
        return options

    def data(self, options: list[Json], resolved: Resolved) -> Json:
        """The data of the interaction."""
        for step in reversed(self.path):
            options = [{"name": step["name"], "type": step["type"], "options": options}]
        data: Json = {"id": self.command["id"], "name": self.command["name"], "type": 1}
        if "guild_id" in self.command:
            data["guild_id"] = self.command["guild_id"]
        data["options"] = options
        return data | ({"resolved": resolved.objects} if resolved.objects else {})


def find_command(application: Application, text: str, user: User, channel: Channel) -> Found:
    """The slash command a person typed, which they must be allowed to use here.

    Raises:
        CannotDo: The client shows no such command.
    """
    words = text.removeprefix("/").split() or [""]
    for command in commands_here(application, channel, 1, user):
        if named(command, words[0], user.locale):
            check_allowed(command, user, channel)
            return Found(command, _steps(command, words[1:], user.locale, text))
    known = sorted(c["name"] for c in commands_here(application, channel, 1, user))
    raise CannotDo("there is no command “{text}” here; there are: {known}", text=text, known=known)


def called(commands: list[Json], data: Json, locale: str) -> str:
    """A command and its sub-commands as people of a locale see them, such as `/grace resumir`.

    Args:
        commands: All that could be meant.
        data: An interaction's.
        locale: The person's.
    """
    names: list[str] = []
    step: Json | None = data
    while step is not None:
        item = next((one for one in commands if one["name"] == step["name"]), step)
        names.append(localized(item, "name", locale))
        commands = item.get("options") or []
        step = next(
            (o for o in step.get("options") or [] if o["type"] in (SUB_COMMAND, SUB_GROUP)), None
        )
    sign = "/" if data.get("type", 1) == 1 else ""
    return sign + " ".join(names)


def commands_here(application: Application, channel: Channel, kind: int, user: User) -> list[Json]:
    """The commands of a kind that Discord's client offers to a person in a channel."""
    guild = application.commands.get(channel.guild.id, []) if channel.guild else []
    everywhere = application.commands.get(0, [])
    there = [c for c in [*guild, *everywhere] if owners_of(application, c, user, channel)]
    return [c for c in there if c["type"] == kind]


def is_allowed(command: Json, user: User, channel: Channel) -> bool:
    """Whether the client offers a command to this person in this channel.

    `default_member_permissions` of "0" leaves a command to administrators; commands for adults are
    offered in channels for adults.
    """
    held = permissions.in_channel(channel, user)
    if Permission.USE_APPLICATION_COMMANDS not in held:
        return False
    if channel.guild is None:
        return True
    given = command.get("default_member_permissions")
    needed = Permission(int(given or 0)) if str(given) != "0" else Permission.ADMINISTRATOR
    place = channel.parent if channel.thread is not None and channel.parent else channel
    return not needed & ~held and (place.nsfw or not command.get("nsfw"))


def check_allowed(command: Json, user: User, channel: Channel) -> None:
    """Refuse what the client would not offer to this person."""
    if not is_allowed(command, user, channel):
        raise CannotDo(
            "{name} may not use /{command} in {channel}",
            name=user.name,
            command=command["name"],
            channel=channel.name,
        )


def _steps(command: Json, words: list[str], locale: str, text: str) -> tuple[Json, ...]:
    steps: list[Json] = []
    options: list[Json] = command.get("options") or []
    for word in words:
        nested = [o for o in options if o["type"] in (SUB_COMMAND, SUB_GROUP)]
        step = next((o for o in nested if named(o, word, locale)), None)
        if step is None:
            raise CannotDo(
                "/{command}: there is no “{word}”; there are: {known}",
                command=text.removeprefix("/"),
                word=word,
                known=[o["name"] for o in nested],
            )
        steps.append(step)
        options = step.get("options") or []
    if any(o["type"] in (SUB_COMMAND, SUB_GROUP) for o in options):
        raise CannotDo(
            "/{command} needs one of: {known}",
            command=text.removeprefix("/"),
            known=[o["name"] for o in options],
        )
    return tuple(steps)


def fill_in(
    found: Found, given: Mapping[str, Any], user: User, resolved: Resolved, focused: str = ""
) -> list[Json]:
    """The options of an interaction, checked as the client checks them.

    Raises:
        CannotDo: A value the client would refuse, or one that is missing.
    """
    left = dict(given)
    filled: list[Json] = []
    for option in found.options:
        key = _key_for(option, left, user.locale)
        if key is None:
            if option.get("required") and not focused:
                raise CannotDo("the option “{option}” is required", option=option["name"])
            continue
        value = left.pop(key)
        entry: Json = {"name": option["name"], "type": option["type"]}
        if focused and named(option, focused, user.locale):
            filled.append(entry | {"value": value, "focused": True})
        elif value is not None:
            filled.append(entry | {"value": convert(option, value, user, resolved)})
    if left:
        known = [option["name"] for option in found.options]
        raise CannotDo(
            "there is no option {names}; there are: {known}", names=sorted(left), known=known
        )
    return filled


def _key_for(option: Json, given: Mapping[str, Any], locale: str) -> str | None:
    if option["name"] in given:
        return str(option["name"])
    # Python's keywords end in an underscore when quoted (`from_`), and have no hyphen.
    spellings = ((key, key.rstrip("_")) for key in given)
    for key, name in spellings:
        if named(option, name, locale) or named(option, name.replace("_", "-"), locale):
            return key
    return None


def convert(option: Json, value: Any, user: User, resolved: Resolved) -> Any:
    """One value as the wire has it."""
    converter = CONVERTERS[option["type"]]
    return converter(option, value, user, resolved)


def _wrong(option: Json, value: object) -> CannotDo:
    return CannotDo(
        "“{option}” takes {wanted}, not {given}",
        option=option["name"],
        wanted=TYPE_NAMES[option["type"]],
        given=told(value),
    )


def told(value: object) -> str:
    """A value in an error: whole servers hang on a person or a channel."""
    one = getattr(value, "user", value)
    if isinstance(one, User | Role | Channel):
        return one.name
    if isinstance(value, str):
        return f'"{reprlib.repr(str(value))[1:-1]}"'
    return reprlib.repr(value)


def _text(option: Json, value: Any, user: User, _: Resolved) -> str:
    if option.get("choices"):
        return str(_choice(option, value, user))
    if not isinstance(value, str):
        raise _wrong(option, value)
    least, most = option.get("min_length", 0), option.get("max_length", 6000)
    if not least <= len(value) <= most:
        raise CannotDo(
            NO_SUCH_LENGTH, label=option["name"], least=least, most=most, length=len(value)
        )
    return value


def _choice(option: Json, value: Any, user: User) -> Any:
    for choice in option["choices"]:
        if choice["value"] == value:
            return choice["value"]
    for choice in [] if isinstance(value, Id) else option["choices"]:
        if named(choice, value, user.locale):
            return choice["value"]
    names = [choice["name"] for choice in option["choices"]]
    raise CannotDo(
        "“{option}” offers {known}; it does not offer {given}",
        option=option["name"],
        known=names,
        given=told(value),
    )


def _number(option: Json, value: Any, user: User, _: Resolved) -> Any:
    if option.get("choices"):
        return _choice(option, value, user)
    whole = option["type"] == INTEGER
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise _wrong(option, value)
    least, most = option.get("min_value", -(2**53)), option.get("max_value", 2**53)
    if not least <= value <= most:
        raise CannotDo(
            "“{option}” takes {least} to {most}, not {given}",
            option=option["name"],
            least=least,
            most=most,
            given=told(value),
        )
    return value


def _truth(option: Json, value: Any, _user: User, _: Resolved) -> bool:
    if not isinstance(value, bool):
        raise _wrong(option, value)
    return value


def _person(option: Json, value: Any, _user: User, resolved: Resolved) -> str:
    who = getattr(value, "user", value)
    if isinstance(who, Role) and option["type"] == MENTIONABLE:
        return resolved.role(who)
    if not isinstance(who, User):
        raise _wrong(option, value)
    return resolved.user(who)


def _channel(option: Json, value: Any, user: User, resolved: Resolved) -> str:
    kinds = option.get("channel_types")
    if not isinstance(value, Channel) or (kinds and value.type not in kinds):
        raise _wrong(option, value)
    if not permissions.may(value, user, Permission.VIEW_CHANNEL):
        raise _wrong(option, value)
    return resolved.place(value, user)


def _role(option: Json, value: Any, _user: User, resolved: Resolved) -> str:
    if not isinstance(value, Role):
        raise _wrong(option, value)
    return resolved.role(value)


def _file(option: Json, value: Any, _user: User, resolved: Resolved) -> str:
    if not isinstance(value, File):
        raise _wrong(option, value)
    return resolved.file(value)


CONVERTERS: dict[int, Callable[[Json, Any, User, Resolved], Any]] = {
    STRING: _text,
    INTEGER: _number,
    NUMBER: _number,
    BOOLEAN: _truth,
    USER: _person,
    MENTIONABLE: _person,
    CHANNEL: _channel,
    ROLE: _role,
    ATTACHMENT: _file,
}
