"""Where the bot itself is, and where a person has only brought it along as their own app.

As such a guest it reads nothing, posts nothing with its own token, and knows neither the members
nor the settings: it answers by the interaction alone. That is so in group messages, in people's
messages with each other, and on servers that the bot is no member of.
"""

import hashlib
from typing import Any, Final

import discord

_NO_SNOWFLAKE: Final = 1 << 62
"""Discord's ids reach this bit in the year 2049."""


def is_guest(occasion: discord.Interaction[Any] | discord.Message) -> bool:
    """Whether the bot is there only with a person; messages come from where it is a member."""
    if not isinstance(occasion, discord.Interaction):
        return False
    if occasion.guild_id is None:
        is_group = isinstance(occasion.channel, discord.GroupChannel)
        return is_group or occasion.context.private_channel
    if occasion.is_guild_integration():
        return False
    # Whoever presses a button that another person's app has shown is no user of the integration.
    is_elsewhere = occasion.client.get_guild(occasion.guild_id) is None
    return is_elsewhere or occasion.is_user_integration()


def server_of(occasion: discord.Interaction[Any] | discord.Message) -> discord.Guild | None:
    """The server whose settings, roles and members count there; None: there is none."""
    return None if is_guest(occasion) else occasion.guild


def server_id_of(interaction: discord.Interaction[Any]) -> int | None:
    """That server's id."""
    return None if is_guest(interaction) else interaction.guild_id


def is_private(interaction: discord.Interaction[Any]) -> bool:
    """Whether nobody but the person reads the place: their messages with the bot."""
    return interaction.guild_id is None and not is_guest(interaction)


def answers_alone(interaction: discord.Interaction[Any]) -> bool:
    """Whether the server lets its member's own apps answer this member alone."""
    if interaction.guild_id is None or not is_guest(interaction):
        return False
    return not interaction.permissions.use_external_apps


def guest_conversation(channel_id: int, person_id: int) -> int:
    """The id of what a person and the bot say to each other where it is a guest.

    Others there may have brought the bot along, too: each of them has a conversation of their own.
    """
    both = f"{channel_id}:{person_id}".encode()
    digest = hashlib.blake2b(both, digest_size=8).digest()
    return _NO_SNOWFLAKE | int.from_bytes(digest) >> 2
