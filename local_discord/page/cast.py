"""Where the page begins: two servers, their channels, and the people whom one can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_discord.people import Person
from local_discord.values import Permission, User

if TYPE_CHECKING:
    from local_discord.local_discord import LocalDiscord
    from local_discord.places import Server

MODERATES = (
    Permission.MANAGE_MESSAGES,
    Permission.MANAGE_THREADS,
    Permission.MUTE_MEMBERS,
    Permission.MOVE_MEMBERS,
    Permission.KICK_MEMBERS,
)
MAY_NOT = (
    Permission.USE_APPLICATION_COMMANDS,
    Permission.ADD_REACTIONS,
    Permission.ATTACH_FILES,
    Permission.CREATE_PUBLIC_THREADS,
    Permission.CREATE_PRIVATE_THREADS,
    Permission.SEND_VOICE_MESSAGES,
    Permission.CONNECT,
    Permission.SPEAK,
)


@dataclass(slots=True)
class Cast:
    """The people whom a tab can be, and what each of them is: `kinds` by user id."""

    users: list[User] = field(default_factory=list)
    kinds: dict[int, str] = field(default_factory=dict)

    def add(self, user: User, kind: str) -> User:
        """One more."""
        self.users.append(user)
        self.kinds[user.id] = kind
        return user

    def kept(self) -> dict[str, str]:
        """What to keep of it for the next time."""
        return {str(number): kind for number, kind in self.kinds.items()}

    @classmethod
    def again(cls, kept: dict[str, str], users: dict[int, User]) -> Cast:
        """The cast of an earlier time."""
        cast = cls()
        for number, kind in kept.items():
            cast.add(users[int(number)], kind)
        return cast

    def __iter__(self) -> Iterator[User]:
        return iter(self.users)

    def find(self, name: str) -> User:
        """By id or name, else the first."""
        found = (one for one in self.users if name in (str(one.id), one.name))
        return next(found, self.users[0])


def furnish(sim: LocalDiscord) -> Cast:
    """Make the servers, the channels and the people.

    A member, a moderator, the owner, somebody who may do next to nothing; members who have their
    client in Spanish and in Japanese. Ana has installed the bot to her account, so that it is with
    her in the group that she has with two of them.
    """
    cast = Cast()
    first = sim.guild("Workshop")
    for name, topic in (("general", "Write to @Alfred here"), ("builds", "/factory build")):
        first.channel(name, topic=topic)
    first.channel("team", topic="Only for who moderates")
    first.voice_channel("Lounge")
    second = sim.guild("Taller", locale="es-ES")
    second.channel("general", topic="Aquí se escribe a @Alfred")
    second.voice_channel("Sala")
    people = {
        "Ana": ("member", "en-US"),
        "Marc": ("moderator", "en-GB"),
        "Lucía": ("member", "es-ES"),
        "Yuki": ("member", "ja"),
        "Nico": ("nobody", "en-US"),
    }
    joined: dict[str, Person] = {}
    for name, (kind, locale) in people.items():
        joined[name] = first.member(name, locale=locale)
        second.member(joined[name])
        cast.add(joined[name].user, kind)
    sim.install(joined["Ana"])
    sim.group("Trip", *(joined[name] for name in ("Ana", "Marc", "Lucía")))
    owner = first.owner().user
    owner.name = "Olga"
    cast.add(owner, "owner")
    for server in (first, second):
        _rights(server, joined, sim.bot)
    return cast


def _rights(server: Server, joined: dict[str, Person], bot: User) -> None:
    moderators = server.role("Moderators", *MODERATES)
    server.give(joined["Marc"], moderators)
    for channel in list(server.guild.channels.values()):
        server.deny(channel, joined["Nico"], *MAY_NOT)
        if channel.name == "team":
            server.deny(channel, server.everyone, Permission.VIEW_CHANNEL)
            server.allow(channel, moderators, Permission.VIEW_CHANNEL)
            server.allow(channel, bot, Permission.VIEW_CHANNEL)
