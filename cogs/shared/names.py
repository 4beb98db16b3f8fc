"""The names that Discord's mentions stand for, as far as everybody in a place may know them."""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import discord

from bot.sanitize import is_blank
from cogs.shared.mentions import Names, Own, as_words
from cogs.shared.message_parts import whole
from cogs.shared.presence import server_of

_HIDDEN: Final = "…"
_LOOK_UP_S: Final = 1.0
"""Discord waits for three seconds for the answer to a command."""
_MAX_LOOKED_UP: Final = 50
_MAX_FETCHED: Final = 5
"""How many people are fetched for a DM, which has no members: one request each."""


def own_ids(client: discord.Client, guild: discord.Guild | None) -> Own:
    """The ids by which people call the bot in a server, or in a DM."""
    role = guild.self_role if guild is not None else None
    return Own(client.user.id if client.user else 0, role.id if role is not None else 0)


@dataclass(slots=True)
class People:
    """The names of people.

    A message brings the names of those whom its author mentions, but not of those in its embeds and
    forwarded messages; a command's text brings none, and discord.py does not keep all members.

    Attributes:
        guild: Where their names are needed; None for a DM.
        names: The known names by id.
        unknown: The ids whose names are not known, to look up.
    """

    client: discord.Client
    guild: discord.Guild | None
    names: dict[int, str] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)

    def add(self, people: Iterable[discord.abc.User]) -> None:
        """Note the names of people whom Discord describes."""
        self.names |= {one.id: one.display_name for one in people}

    def get(self, user_id: int) -> str | None:
        """A person's name; None if it has to be looked up."""
        member: discord.abc.User | None = None
        if user_id not in self.names:
            member = self.guild.get_member(user_id) if self.guild is not None else None
            member = member or self.client.get_user(user_id)
        name = self.names.get(user_id) if member is None else member.display_name
        if name is None:
            self.unknown.add(user_id)
        return name

    async def look_up(self) -> bool:
        """Look up unknown names, if Discord answers at once. Returns whether it found any."""
        wanted = sorted(self.unknown)[:_MAX_LOOKED_UP]
        if not wanted:
            return False
        before = len(self.names)
        with contextlib.suppress(discord.HTTPException, discord.ClientException, OSError):
            async with asyncio.timeout(_LOOK_UP_S):
                if self.guild is not None and self._is_there:
                    self.add(await self.guild.query_members(user_ids=wanted, cache=False))
                else:
                    await asyncio.gather(*map(self._fetch, wanted[:_MAX_FETCHED]))
        self.unknown.clear()
        return len(self.names) > before

    @property
    def _is_there(self) -> bool:
        """Whether the bot is a member, so that it can ask for the others."""
        return self.guild is not None and self.client.get_guild(self.guild.id) is not None

    async def _fetch(self, user_id: int) -> None:
        with contextlib.suppress(discord.NotFound):
            self.add([await self.client.fetch_user(user_id)])


def names_in(message: discord.Message, people: People) -> Names:
    """The names for a message's mentions."""
    people.add(whole(message).mentions)
    return names_at(message.channel.id, people)


def names_at(channel_id: int | None, people: People) -> Names:
    """The names for the mentions in a text.

    All members of a server can know the names of its channels, but not those of its private
    threads, so a private thread is not named elsewhere.

    Args:
        channel_id: The channel or thread of the text.
        people: The names of people there.
    """
    guild = people.guild
    if guild is None:
        return Names(person=people.get)

    def role(role_id: int) -> str | None:
        found = guild.get_role(role_id)
        return None if found is None else found.name

    def channel(place_id: int) -> str | None:
        found = guild.get_channel_or_thread(place_id)
        is_private = isinstance(found, discord.Thread) and found.is_private()
        if is_private and place_id != channel_id:
            return _HIDDEN
        return None if found is None else found.name

    return Names(people.get, role, channel)


async def typed_words(interaction: discord.Interaction, text: str) -> str:
    """A text that a person has typed into a command, with words in place of mentions.

    A text of invisible characters is empty.
    """
    if is_blank(text):
        return ""
    people = People(interaction.client, server_of(interaction))
    people.add([interaction.user])
    names = names_at(interaction.channel_id, people)
    words = as_words(text, names)
    return as_words(text, names) if await people.look_up() else words
