"""The gateway events, each made from what changed. Every function returns an `Event`."""

from __future__ import annotations

from . import wire
from .values import Channel, Guild, Intent, Json, Member, Message, Role, User
from .world import Event, World


def _constant(
    name: str, data: Json, guild: Guild | None, intent: Intent, channel: Channel | None = None
) -> Event:
    return Event(name, lambda _: data, guild, channel, intent)


def _messages(channel: Channel) -> Intent:
    return Intent.GUILD_MESSAGES if channel.guild else Intent.DIRECT_MESSAGES


def _place(channel: Channel) -> Json:
    place: Json = {"channel_id": str(channel.id)}
    return place | ({"guild_id": str(channel.guild.id)} if channel.guild else {})


def message(world: World, name: str, one: Message) -> Event:
    """MESSAGE_CREATE or MESSAGE_UPDATE."""
    guild = one.channel.guild
    author = guild.members.get(one.author.id) if guild and one.webhook is None else None

    def data(intents: Intent) -> Json:
        body = wire.message(one, reader=world.bot, intents=intents) | _place(one.channel)
        return body | ({"member": wire.member(author, with_user=False)} if author else {})

    return Event(name, data, guild, one.channel, _messages(one.channel))


def message_delete(one: Message) -> Event:
    """MESSAGE_DELETE."""
    data = {"id": str(one.id)} | _place(one.channel)
    return _constant("MESSAGE_DELETE", data, one.channel.guild, _messages(one.channel), one.channel)


def bulk_delete(channel: Channel, ids: list[int]) -> Event:
    """MESSAGE_DELETE_BULK."""
    data = {"ids": [str(i) for i in ids]} | _place(channel)
    return _constant("MESSAGE_DELETE_BULK", data, channel.guild, _messages(channel), channel)


def reaction(name: str, one: Message, user: User, emoji: str) -> Event:
    """MESSAGE_REACTION_ADD or MESSAGE_REACTION_REMOVE."""
    channel = one.channel
    data: Json = {"user_id": str(user.id), "message_id": str(one.id), **_place(channel)}
    data |= {"emoji": wire.emoji_json(emoji), "burst": False, "type": 0}
    data["message_author_id"] = str(one.author.id)
    if channel.guild and name.endswith("ADD"):
        data["member"] = wire.member(channel.guild.member_of(user.id))
    intent = Intent.GUILD_MESSAGE_REACTIONS if channel.guild else Intent.DIRECT_MESSAGE_REACTIONS
    return _constant(name, data, channel.guild, intent, channel)


def poll_vote(one: Message, user: User, answer_id: int) -> Event:
    """MESSAGE_POLL_VOTE_ADD."""
    data: Json = {"user_id": str(user.id), "message_id": str(one.id), "answer_id": answer_id}
    intent = Intent.GUILD_MESSAGE_POLLS if one.channel.guild else Intent.DIRECT_MESSAGE_POLLS
    data |= _place(one.channel)
    return _constant("MESSAGE_POLL_VOTE_ADD", data, one.channel.guild, intent, one.channel)


def reactions_cleared(one: Message) -> Event:
    """MESSAGE_REACTION_REMOVE_ALL."""
    data = {"message_id": str(one.id)} | _place(one.channel)
    intent = Intent.GUILD_MESSAGE_REACTIONS
    return _constant("MESSAGE_REACTION_REMOVE_ALL", data, one.channel.guild, intent, one.channel)


def typing(channel: Channel, user: User, at: float) -> Event:
    """TYPING_START."""
    data: Json = {"user_id": str(user.id), "timestamp": int(at), **_place(channel)}
    if channel.guild:
        data["member"] = wire.member(channel.guild.member_of(user.id))
    intent = Intent.GUILD_MESSAGE_TYPING if channel.guild else Intent.DIRECT_MESSAGE_TYPING
    return _constant("TYPING_START", data, channel.guild, intent, channel)


def channel(name: str, one: Channel) -> Event:
    """CHANNEL_CREATE, _UPDATE, _DELETE."""
    return _constant(name, wire.channel(one), one.guild, Intent.GUILDS, one)


def thread(name: str, one: Channel, *, new: bool = False) -> Event:
    """THREAD_CREATE, _UPDATE, _DELETE."""
    data = wire.channel(one) | ({"newly_created": True} if new else {})
    return _constant(name, data, one.guild, Intent.GUILDS, one)


def thread_members(one: Channel, added: list[Member], removed: list[int]) -> Event:
    """THREAD_MEMBERS_UPDATE."""
    data: Json = {
        "id": str(one.id),
        "guild_id": str(one.guild.id) if one.guild else None,
        "member_count": len(one.thread.members) if one.thread else 0,
        "added_members": [
            wire.thread_member(one, m.user.id) | {"member": wire.member(m)} for m in added
        ],
        "removed_member_ids": [str(i) for i in removed],
    }
    return _constant("THREAD_MEMBERS_UPDATE", data, one.guild, Intent.GUILDS, one)


def pins(one: Channel) -> Event:
    """CHANNEL_PINS_UPDATE."""
    data = _place(one) | {"last_pin_timestamp": None}
    return _constant("CHANNEL_PINS_UPDATE", data, one.guild, Intent.GUILDS, one)


def member(name: str, guild: Guild, one: Member) -> Event:
    """GUILD_MEMBER_ADD, _UPDATE or _REMOVE."""
    data = wire.member(one) | {"guild_id": str(guild.id)}
    return _constant(name, data, guild, Intent.GUILD_MEMBERS)


def role(name: str, guild: Guild, one: Role) -> Event:
    """GUILD_ROLE_CREATE, _UPDATE or _DELETE."""
    data: Json = {"guild_id": str(guild.id), "role": wire.role(one), "role_id": str(one.id)}
    return _constant(name, data, guild, Intent.GUILDS)


def webhooks(one: Channel) -> Event:
    """WEBHOOKS_UPDATE."""
    return _constant("WEBHOOKS_UPDATE", _place(one), one.guild, Intent.GUILDS, one)


def guild_delete(guild: Guild) -> Event:
    """GUILD_DELETE: the bot was removed."""
    return _constant("GUILD_DELETE", {"id": str(guild.id)}, guild, Intent.GUILDS)


def guild_create(world: World, guild: Guild) -> Event:
    """GUILD_CREATE for a guild that the bot was just invited to."""

    def data(intents: Intent) -> Json:
        # `unavailable: false` is for guilds that READY announced; without it, the bot has joined.
        state = guild_state(world, guild, intents)
        return {key: value for key, value in state.items() if key != "unavailable"}

    return Event("GUILD_CREATE", data, guild, None, Intent.GUILDS)


def guild_state(world: World, guild: Guild, intents: Intent, large_threshold: int = 250) -> Json:
    """What GUILD_CREATE carries.

    All members only with the presence intent and in a small guild; otherwise the bot itself and
    whoever is in voice, and the rest on request (opcode 8).
    """
    everyone = Intent.GUILD_PRESENCES in intents and len(guild.members) <= large_threshold
    known = [
        m
        for m in guild.members.values()
        if everyone or m.user is world.bot or m.user.id in guild.voice_states
    ]
    return wire.guild(guild) | {
        "joined_at": wire.stamp(guild.member_of(world.bot.id).joined_at),
        "large": len(guild.members) > large_threshold,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [wire.member(m) for m in known],
        "channels": [wire.channel(c) for c in guild.channels.values()],
        "threads": [
            wire.channel(t) for t in world.threads(guild) if t.thread and not t.thread.archived
        ],
        "voice_states": list(guild.voice_states.values()),
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
