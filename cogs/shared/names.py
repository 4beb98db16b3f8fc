"""The names that Discord's mentions stand for, as far as everybody in a place may know them."""

from collections.abc import Mapping

import discord

from cogs.shared.mentions import Names, Own
from cogs.shared.whole import whole

_HIDDEN = "…"


def own_ids(client: discord.Client, guild: discord.Guild | None) -> Own:
    """The ids by which people call the bot in a server, or in a DM."""
    role = guild.self_role if guild is not None else None
    return Own(client.user.id if client.user else 0, role.id if role is not None else 0)


def names_in(message: discord.Message) -> Names:
    """The names for a message's mentions."""
    people = {one.id: one.display_name for one in whole(message).mentions}
    return names_at(message.guild, message.channel.id, people)


def names_at(
    guild: discord.Guild | None, channel_id: int | None, people: Mapping[int, str]
) -> Names:
    """The names for the mentions in a text.

    All members of a server can know the names of its channels, but not those of its private
    threads, so a private thread is not named elsewhere.

    Args:
        guild: Where the text is; None for a DM.
        channel_id: Its channel or thread.
        people: The names of people by their ids; others are known only if discord.py keeps them.
    """
    if guild is None:
        return Names(person=people.get)

    def person(user_id: int) -> str | None:
        member = None if user_id in people else guild.get_member(user_id)
        return people.get(user_id) if member is None else member.display_name

    def role(role_id: int) -> str | None:
        found = guild.get_role(role_id)
        return None if found is None else found.name

    def channel(place_id: int) -> str | None:
        found = guild.get_channel_or_thread(place_id)
        is_private = isinstance(found, discord.Thread) and found.is_private()
        if is_private and place_id != channel_id:
            return _HIDDEN
        return None if found is None else found.name

    return Names(person, role, channel)
