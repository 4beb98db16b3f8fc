"""Who may do what where: Discord's algorithm of roles and overwrites."""

from __future__ import annotations

from .values import ALL_PERMISSIONS, THREADS, Channel, ChannelType, Guild, Member, Permission, User

IN_A_DM = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_VOICE_MESSAGES
)


def in_guild(guild: Guild, user: User) -> Permission:
    """A member's permissions before any channel's exceptions."""
    if guild.owner is user:
        return ALL_PERMISSIONS
    member = guild.members.get(user.id)
    if member is None:
        return Permission(0)
    held = guild.roles[guild.id].permissions
    for role in member.roles:
        held |= guild.roles[role].permissions
    return ALL_PERMISSIONS if Permission.ADMINISTRATOR in held else held


def in_channel(channel: Channel, user: User) -> Permission:
    """What a user may do in a channel; a thread follows its parent.

    A private thread is seen by its members and by who manages threads.
    """
    if channel.type is ChannelType.DM:
        return IN_A_DM if user in channel.recipients or user.bot else Permission(0)
    if channel.type is ChannelType.GROUP_DM:  # the bot is in none
        return IN_A_DM if user in channel.recipients else Permission(0)
    if channel.type in THREADS and channel.parent is not None:
        held = in_channel(channel.parent, user)
        private = channel.type is ChannelType.PRIVATE_THREAD
        outside = channel.thread is None or user.id not in channel.thread.members
        if private and outside and Permission.MANAGE_THREADS not in held:
            return Permission(0)
        return held
    guild = channel.guild
    if guild is None:
        return Permission(0)
    held = in_guild(guild, user)
    member = guild.members.get(user.id)
    if member is None or held == ALL_PERMISSIONS:
        return held
    held = _overwritten(channel, guild, member, held)
    return held if Permission.VIEW_CHANNEL in held else Permission(0)


def _overwritten(channel: Channel, guild: Guild, member: Member, held: Permission) -> Permission:
    """The order of Discord's documentation: @everyone, then all roles together, then the member."""
    if everyone := channel.overwrites.get(guild.id):
        held = held & ~everyone.deny | everyone.allow
    roles = [o for i in member.roles if (o := channel.overwrites.get(i))]
    for overwrite in roles:
        held &= ~overwrite.deny
    for overwrite in roles:
        held |= overwrite.allow
    if own := channel.overwrites.get(member.user.id):
        held = held & ~own.deny | own.allow
    return held


def may(channel: Channel, user: User, *needed: Permission) -> bool:
    """Whether a user has all of these in a channel."""
    held = in_channel(channel, user)
    return all(permission in held for permission in needed)
