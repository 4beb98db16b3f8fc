"""Where Discord offers a command, and by whose installation of the application it runs there.

Source: discord.com/developers/docs/interactions/application-commands#contexts, and
`authorizing_integration_owners` of the interaction object.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from .values import Channel, ChannelType, Json, Message, Permission, User

if TYPE_CHECKING:
    from .application import Application


class Install(IntEnum):
    """To what an application is installed (`integration_types`)."""

    GUILD = 0
    USER = 1


class Context(IntEnum):
    """Where an interaction takes place (`contexts`)."""

    GUILD = 0
    BOT_DM = 1
    PRIVATE_CHANNEL = 2


BY_GUILD: Final = str(int(Install.GUILD))
BY_USER: Final = str(int(Install.USER))
NO_GUILD: Final = "0"
"""Who has installed the application where the bot writes directly."""
FOR_GUESTS: Final = (
    Permission.ATTACH_FILES
    | Permission.EMBED_LINKS
    | Permission.MENTION_EVERYONE
    | Permission.USE_EXTERNAL_EMOJIS
)
"""What an application may do in its answers where only the person has installed it."""


def context_of(channel: Channel) -> Context:
    """The kind of place."""
    if channel.guild is not None:
        return Context.GUILD
    return Context.BOT_DM if channel.type is ChannelType.DM else Context.PRIVATE_CHANNEL


def is_there(channel: Channel, bot: User) -> bool:
    """Whether the bot itself is in the place."""
    if channel.guild is not None:
        return bot.id in channel.guild.members
    return channel.type is ChannelType.DM


def owners_at(channel: Channel, bot: User) -> Json:
    """The `authorizing_integration_owners` of what a bot that is there has posted by itself."""
    if not is_there(channel, bot):
        return {}
    return {BY_GUILD: str(channel.guild.id) if channel.guild else NO_GUILD}


def owners_of(application: Application, command: Json, user: User, channel: Channel) -> Json:
    """The `authorizing_integration_owners` of a command; empty: it is not offered there."""
    there = owners_at(channel, application.bot)
    if "guild_id" in command:
        return there
    contexts = command.get("contexts")
    if context_of(channel) not in (list(Context) if contexts is None else contexts):
        return {}
    if not channel.guild and not command.get("dm_permission"):
        return {}
    types = command.get("integration_types") or [Install.GUILD]
    owners = there if Install.GUILD in types else {}
    if Install.USER in types and user.id in application.installed_by:
        owners = owners | {BY_USER: str(user.id)}
    return owners


def owners_behind(message: Message, bot: User) -> Json:
    """The `authorizing_integration_owners` of a press on a message."""
    told: Json = (message.interaction or {}).get("authorizing_integration_owners") or {}
    return told or owners_at(message.channel, bot)


def is_guest(owners: Json) -> bool:
    """Whether only the person has brought the application there."""
    return BY_GUILD not in owners
