"""What Discord lets the bot itself do in a place, checked before anything costs money."""

from typing import Any, Final

import discord

from bot.errors import MissingPermission
from cogs.shared.presence import is_guest

_OF_ANSWERS: Final = frozenset({"attach_files", "embed_links"})
"""What an interaction's answer may not have without a permission."""


def require_permissions(allowed: discord.Permissions, *names: str) -> None:
    """Check what the bot may do in a place.

    Args:
        allowed: Its permissions there.
        names: The permissions that it needs, by discord.py's names.

    Raises:
        MissingPermission: It lacks some of them.
    """
    lacking = tuple(name for name in names if not getattr(allowed, name))
    if lacking:
        raise MissingPermission(lacking)


def require_posting(interaction: discord.Interaction[Any], *more: str) -> None:
    """Check that the bot can still post here after the interaction has expired.

    Args:
        interaction: It tells the bot's permissions here.
        more: Further permissions that it needs.

    Raises:
        MissingPermission: It lacks some of them.
    """
    may = interaction.app_permissions
    if is_guest(interaction):  # what is answered there needs no more than the answer's own parts
        require_permissions(may, *(one for one in more if one in _OF_ANSWERS))
    elif interaction.guild_id is not None:
        posting = posting_permission(interaction.channel)
        require_permissions(may, "view_channel", posting, *more)


def permissions_at(message: discord.Message) -> discord.Permissions:
    """What the bot may do where a message is; in a DM, everything that a DM has."""
    channel, guild = message.channel, message.guild
    if guild is None or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return discord.Permissions.all()
    return channel.permissions_for(guild.me)


def may_write(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot can keep posting there with its own token.

    It cannot where it is present only as an app that the person has installed: in group messages,
    and on servers that it is not a member of.
    """
    if is_guest(interaction):
        return False
    if interaction.guild_id is None:
        return True
    may = interaction.app_permissions
    posts: bool = getattr(may, posting_permission(interaction.channel))
    return may.view_channel and posts


def posting_permission(channel: object) -> str:
    """The permission to post in a channel or thread, by discord.py's name."""
    is_thread = isinstance(channel, discord.Thread)
    return "send_messages_in_threads" if is_thread else "send_messages"
