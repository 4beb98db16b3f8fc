"""How Discord writes its state down as JSON (API version 10)."""

from __future__ import annotations

from datetime import UTC, datetime

from . import permissions
from .values import (
    THREADS,
    VOICE_CHANNELS,
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Intent,
    Json,
    Member,
    Message,
    MessageType,
    Poll,
    Role,
    User,
    Webhook,
)


def stamp(seconds: float) -> str:
    """ISO 8601, as Discord writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(one: User) -> Json:
    """A user object."""
    return {
        "id": str(one.id),
        "username": one.name,
        "discriminator": "0",
        "global_name": None if one.bot else one.name,
        "avatar": None,
        "bot": one.bot,
        "primary_guild": None,
        "public_flags": 0,
        "flags": 0,
    }


def own_user(one: User) -> Json:
    """The bot's own account, as only it sees it."""
    return user(one) | {"locale": one.locale, "mfa_enabled": False, "verified": True, "email": None}


def member(one: Member, *, with_user: bool = True) -> Json:
    """A guild member object."""
    body: Json = {
        "nick": one.nick,
        "avatar": None,
        "banner": None,
        "roles": [str(role) for role in one.roles],
        "joined_at": stamp(one.joined_at),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return body | {"user": user(one.user)} if with_user else body


def role(one: Role) -> Json:
    """A role object."""
    return {
        "id": str(one.id),
        "name": one.name,
        "color": one.color,
        "colors": {"primary_color": one.color, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": one.position,
        "permissions": str(int(one.permissions)),
        "managed": one.managed_by is not None,
        "mentionable": one.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
        **({"tags": {"bot_id": str(one.managed_by)}} if one.managed_by is not None else {}),
    }


def attachment(one: Attachment) -> Json:
    """An attachment object."""
    body: Json = {
        "id": str(one.id),
        "filename": one.filename,
        "size": len(one.data),
        "url": one.url,
        "proxy_url": one.url,
        "flags": 0,
    }
    if one.content_type:  # optional in Discord's reference
        body["content_type"] = one.content_type
    for name in ("title", "description", "duration_secs", "waveform"):
        if (value := getattr(one, name)) is not None:
            body[name] = value
    return body | {"ephemeral": True} if one.ephemeral else body


def channel(one: Channel, *, viewer: User | None = None) -> Json:
    """A channel object of any kind; `viewer` is whose permissions an interaction tells."""
    body: Json = {
        "id": str(one.id),
        "type": int(one.type),
        "last_message_id": str(max(one.messages)) if one.messages else None,
        "flags": 0,
    }
    if viewer is not None:
        body["permissions"] = str(int(permissions.in_channel(one, viewer)))
    if one.type is ChannelType.DM:
        return body | {"recipients": [user(u) for u in one.recipients]}
    if one.type is ChannelType.GROUP_DM:
        about = {"name": one.name, "icon": None, "owner_id": str(one.recipients[0].id)}
        return body | about | {"recipients": [user(u) for u in one.recipients]}
    body |= {"name": one.name, "guild_id": str(one.guild.id if one.guild else 0)}
    body["parent_id"] = str(one.parent.id) if one.parent else None
    body["rate_limit_per_user"] = 0
    return body | (_thread(one) if one.type in THREADS else _guild_channel(one))


def _guild_channel(one: Channel) -> Json:
    overwrites = [
        {
            "id": str(o.id),
            "type": int(o.is_member),
            "allow": str(int(o.allow)),
            "deny": str(int(o.deny)),
        }
        for o in one.overwrites.values()
    ]
    body: Json = {
        "position": one.position,
        "nsfw": one.nsfw,
        "topic": one.topic,
        "permission_overwrites": overwrites,
    }
    voice: Json = {
        "bitrate": 64_000,
        "user_limit": one.user_limit,
        "rtc_region": None,
        "video_quality_mode": 1,
    }
    return body | voice if one.type in VOICE_CHANNELS else body


def _thread(one: Channel) -> Json:
    thread = one.thread
    if thread is None:
        raise AssertionError("a thread has its state")
    return {
        "owner_id": str(thread.owner_id),
        "message_count": min(thread.total_messages, 50),
        "member_count": min(len(thread.members), 50),
        "total_message_sent": thread.total_messages,
        "thread_metadata": {
            "archived": thread.archived,
            "locked": thread.locked,
            "auto_archive_duration": thread.auto_archive_minutes,
            "archive_timestamp": stamp(thread.archived_at or thread.created_at),
            "create_timestamp": stamp(thread.created_at),
            "invitable": True,
        },
    }


def thread_member(one: Channel, user_id: int) -> Json:
    """A thread member object."""
    joined = stamp(one.thread.created_at if one.thread else 0)
    return {"id": str(one.id), "user_id": str(user_id), "join_timestamp": joined, "flags": 1}


def guild(one: Guild) -> Json:
    """A guild object, without what only GUILD_CREATE carries."""
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "owner_id": str(one.owner.id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "roles": [role(r) for r in one.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": one.locale,
        "nsfw_level": 0,
        "premium_progress_bar_enabled": False,
        "max_members": 500_000,
        "max_presences": None,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "region": "",
        "nsfw": False,
        "home_header": None,
        "incidents_data": None,
        "widget_enabled": False,
        "widget_channel_id": None,
        "safety_alerts_channel_id": None,
    }


def webhook(one: Webhook) -> Json:
    """A webhook object."""
    return {
        "id": str(one.id),
        "type": 1,
        "guild_id": str(one.channel.guild.id) if one.channel.guild else None,
        "channel_id": str(one.channel.id),
        "user": user(one.user),
        "name": one.name,
        "avatar": None,
        "token": one.token,
        "application_id": None,
    }


def message(one: Message, *, reader: User, intents: Intent, nested: bool = False) -> Json:
    """A message object as the bot may read it.

    Without the message content intent, content, embeds, components and attachments are empty
    unless the message is the bot's own, mentions it, or is in its DMs.
    """
    body = _outline(one, reader) | _words(one, reader, visible=_readable(one, reader, intents))
    if one.reference is not None:
        body["message_reference"] = one.reference
        is_reply = one.reference.get("type", 0) == 0
        if not nested and is_reply and one.type is not MessageType.THREAD_CREATED:
            original = one.replied_to
            shown = original is not None and not original.deleted
            body["referenced_message"] = (
                message(original, reader=reader, intents=intents, nested=True)
                if shown and original is not None
                else None
            )
    if one.interaction is not None:
        body["interaction_metadata"] = one.interaction
    if one.webhook is not None:
        body["webhook_id"] = str(one.webhook.id)
    if one.interaction is not None:
        body |= {"webhook_id": str(one.author.id), "application_id": str(one.author.id)}
    if one.thread is not None:
        body["thread"] = channel(one.thread)
    if one.nonce is not None:
        body["nonce"] = one.nonce
    return body


def _readable(one: Message, reader: User, intents: Intent) -> bool:
    return (
        Intent.MESSAGE_CONTENT in intents
        or one.author is reader
        or one.channel.type is ChannelType.DM
        or reader in one.mentions
    )


def _outline(one: Message, reader: User) -> Json:
    author = user(one.author)
    if one.webhook is not None:
        author |= {"id": str(one.webhook.id), "username": one.webhook.name, "bot": True}
    return {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "type": int(one.type),
        "author": author,
        "timestamp": stamp(one.created_at),
        "edited_timestamp": stamp(one.edited_at) if one.edited_at else None,
        "tts": one.tts,
        "mention_everyone": one.mention_everyone,
        "mentions": [_mentioned(u, one.channel.guild) for u in one.mentions],
        "mention_roles": [str(r) for r in one.mention_roles],
        "pinned": one.pinned,
        "flags": int(one.flags),
        "reactions": [_reaction(e, who, reader) for e, who in one.reactions.items() if who],
    }


def _words(one: Message, reader: User, *, visible: bool) -> Json:
    if not visible:
        return {"content": "", "embeds": [], "components": [], "attachments": []}
    more: Json = {"poll": poll(one.poll, reader)} if one.poll is not None else {}
    more |= {"message_snapshots": one.snapshots} if one.snapshots else {}
    more |= {"sticker_items": one.stickers} if one.stickers else {}
    return more | {
        "content": one.content,
        "embeds": one.embeds,
        "components": one.components,
        "attachments": [attachment(a) for a in one.attachments],
    }


def snapshot(one: Message) -> Json:
    """A message snapshot object: what a forward copies, without author, poll and ids."""
    copied = _words(one, one.author, visible=True) | {
        "type": int(one.type),
        "timestamp": stamp(one.created_at),
        "edited_timestamp": stamp(one.edited_at) if one.edited_at else None,
        "flags": int(one.flags),
        "mentions": [user(u) for u in one.mentions],
        "mention_roles": [str(r) for r in one.mention_roles],
    }
    return {"message": copied}


def poll(one: Poll, reader: User) -> Json:
    """A poll object with its results so far."""
    counts = [
        {"id": number, "count": len(who), "me_voted": reader in who}
        for number, who in one.votes.items()
        if who
    ]
    return {
        "question": {"text": one.question},
        "answers": [
            {"answer_id": number, "poll_media": media}
            for number, media in enumerate(one.answers, start=1)
        ],
        "expiry": stamp(one.ends_at),
        "allow_multiselect": one.is_multiple,
        "layout_type": 1,
        "results": {"is_finalized": one.is_over, "answer_counts": counts},
    }


def _mentioned(who: User, where: Guild | None) -> Json:
    known = where.members.get(who.id) if where else None
    return user(who) | ({"member": member(known, with_user=False)} if known else {})


def _reaction(emoji: str, who: list[User], reader: User) -> Json:
    return {
        "emoji": emoji_json(emoji),
        "count": len(who),
        "count_details": {"burst": 0, "normal": len(who)},
        "me": reader in who,
        "me_burst": False,
        "burst_colors": [],
    }


def emoji_json(emoji: str) -> Json:
    """A partial emoji: a character, or `name:id`."""
    name, _, number = emoji.partition(":")
    return {"id": number or None, "name": name}
