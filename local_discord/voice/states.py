"""Who is in which voice channel, muted or not, as the main gateway tells it."""

from __future__ import annotations

import secrets

from local_discord import permissions, wire
from local_discord.values import Channel, ChannelType, Guild, Intent, Json, Permission, User
from local_discord.world import Event, World

FRESH: Json = {
    "deaf": False,
    "mute": False,
    "self_deaf": False,
    "self_mute": False,
    "self_video": False,
    "suppress": False,
    "request_to_speak_timestamp": None,
}


class VoiceStates:
    """The voice states of all guilds; every change goes out as VOICE_STATE_UPDATE."""

    def __init__(self, world: World) -> None:
        self._world = world

    def where(self, user: User, guild: Guild) -> Channel | None:
        """The voice channel somebody is in."""
        state = guild.voice_states.get(user.id)
        return guild.channels.get(int(state["channel_id"])) if state else None

    def session_id(self, user: User, guild: Guild) -> str:
        """Of somebody who is in a voice channel."""
        return str(guild.voice_states[user.id]["session_id"])

    def enter(self, user: User, channel: Channel, guild: Guild, **flags: bool) -> None:
        """Put somebody into a channel; in the same one, change how they are there."""
        before = guild.voice_states.get(user.id) or {"session_id": secrets.token_hex(16), **FRESH}
        state = {"user_id": str(user.id), **before, **flags}
        if self.where(user, guild) is not channel:
            state |= {"channel_id": str(channel.id), "suppress": _suppressed(user, channel)}
        guild.voice_states[user.id] = state
        self._tell(user, channel, guild, state)

    def leave(self, user: User, guild: Guild) -> None:
        """Put somebody out of all channels."""
        if guild.voice_states.pop(user.id, None) is not None:
            state = {"user_id": str(user.id), "channel_id": None, **FRESH}
            self._tell(user, None, guild, {**state, "session_id": secrets.token_hex(16)})

    def set(self, user: User, guild: Guild, **flags: object) -> None:
        """Change flags of somebody who is in a channel; nothing when they are in none."""
        channel = self.where(user, guild)
        if channel is not None:
            guild.voice_states[user.id] |= flags
            self._tell(user, channel, guild, guild.voice_states[user.id])

    def full(self, channel: Channel, guild: Guild) -> bool:
        """Whether nobody more may come."""
        inside = sum(s["channel_id"] == str(channel.id) for s in guild.voice_states.values())
        return bool(0 < channel.user_limit <= inside)

    def _tell(self, user: User, channel: Channel | None, guild: Guild, state: Json) -> None:
        whole = {**state, "guild_id": str(guild.id)}
        if user.id in guild.members:
            whole["member"] = wire.member(guild.members[user.id])
        intent = Intent.GUILD_VOICE_STATES
        self._world.publish(Event("VOICE_STATE_UPDATE", lambda _: whole, guild, channel, intent))


def _suppressed(user: User, channel: Channel) -> bool:
    """Whether somebody who comes may only listen; a bot on a stage is of its audience."""
    if channel.type is ChannelType.STAGE:
        return user.bot
    return not permissions.may(channel, user, Permission.SPEAK)
