"""Routes of channels: messages, history, reactions, pins, typing, overwrites, DMs."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote

from . import errors, events, permissions, posting, threads, wire
from .errors import ApiError
from .form import Form
from .intake import NOT_SYSTEM, check_thread_is_open, edit_of, new_draft
from .rest import Request, Routes, require
from .rules import MOST
from .values import (
    Channel,
    ChannelType,
    Intent,
    Json,
    Message,
    Overwrite,
    Permission,
    ThreadState,
    User,
)

routes = Routes()
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
BULK_LEAST = 2
TWO_WEEKS = 14 * 24 * 3600
CHANNEL = "/channels/{channel_id}"
MESSAGES = f"{CHANNEL}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
REACTION = f"{MESSAGE}/reactions/{{emoji}}"


def shown(request: Request, one: Message) -> Json:
    """A message as this bot may read it: by the intents of its newest session."""
    sessions = list(request.backend.gateway.sessions.values())
    intents = sessions[-1].intents if sessions else Intent.MESSAGE_CONTENT
    return wire.message(one, reader=request.world.bot, intents=intents)


def _message(request: Request, *needed: Permission) -> Message:
    channel = request.channel(*needed)
    return request.world.find_message(channel, request.number("message_id"))


@routes.add("POST", MESSAGES)
def send_message(request: Request) -> Json:
    channel = request.channel()
    draft, nonces = new_draft(request, channel), request.backend.nonces
    if request.body.get("enforce_nonce") and (
        earlier := nonces.earlier(request.world.bot, draft.nonce)
    ):
        return shown(request, earlier)
    one = posting.post(request.world, channel, request.world.bot, draft)
    nonces.keep(one)
    return shown(request, one)


@routes.add("PATCH", MESSAGE)
def edit_message(request: Request) -> Json:
    one = _message(request)
    if one.author is not request.world.bot or one.webhook is not None:
        return _edit_anothers(request, one)
    check_thread_is_open(request.world, one.channel)
    _check_active(one.channel)
    changes, files = edit_of(request, one)
    request.backend.old_edits.take(one)
    posting.edit(request.world, one, changes, files)
    return shown(request, one)


def _edit_anothers(request: Request, one: Message) -> Json:
    """Moderators change the flags of others' messages, and nothing else."""
    if set(request.body) != {"flags"}:
        raise errors.not_the_author()
    require(request.world, one.channel, Permission.MANAGE_MESSAGES)
    posting.edit(request.world, one, {"flags": request.body["flags"]}, None)
    return shown(request, one)


def _check_active(channel: Channel) -> None:
    """50083 in an archived thread, where messages can only be deleted."""
    if channel.thread is not None and channel.thread.archived:
        raise errors.thread_is_archived()


@routes.add("DELETE", MESSAGE)
def delete_message(request: Request) -> None:
    one = _message(request)
    if one.author is not request.world.bot:
        require(request.world, one.channel, Permission.MANAGE_MESSAGES)
    posting.delete(request.world, one)


@routes.add("POST", f"{MESSAGES}/bulk-delete")
def bulk_delete(request: Request) -> None:
    channel = request.channel()
    if channel.guild is None:
        raise ApiError(400, 50003, "Cannot execute action on a DM channel")
    require(request.world, channel, Permission.MANAGE_MESSAGES)
    ids = [int(i) for i in request.body.get("messages") or []]
    if not BULK_LEAST <= len(ids) <= MOST["bulk deletion of two at least"]:
        message = "You can only bulk delete between 2 and 100 messages."
        raise ApiError(400, 50016, message)
    if len(set(ids)) < len(ids):
        form = Form()
        form.fail(("messages",), "LIST_TYPE_UNIQUE", "Message ids must be unique.")
        form.check()
    old = request.world.clock.wall() - TWO_WEEKS
    found = [m for i in ids if (m := channel.messages.get(i))]
    if any(m.created_at < old for m in found):
        message = "You can only bulk delete messages that are under 14 days old."
        raise ApiError(400, 50034, message)
    if found:
        posting.delete_many(request.world, found)


@routes.add("GET", MESSAGE)
def get_message(request: Request) -> Json:
    return shown(request, _message(request, Permission.READ_MESSAGE_HISTORY))


@routes.add("GET", MESSAGES)
def history(request: Request) -> list[Json]:
    channel = request.channel()
    form = Form()
    query: Json = {k: int(v) for k, v in request.query.items() if v.isdigit()}
    most = MOST["history at once"]
    limit = form.integer(query, ("limit",), least=1, most=most, default=50)
    sides = [side for side in ("before", "after", "around") if side in query]
    if len(sides) > 1:
        message = "before, after and around are mutually exclusive."
        form.fail((sides[1],), "BASE_TYPE_CHOICES", message)
    form.check()
    if not permissions.may(channel, request.world.bot, Permission.READ_MESSAGE_HISTORY):
        return []
    there = [m for m in channel.messages.values() if not m.deleted and not m.is_ephemeral]
    return [shown(request, m) for m in _page(there, query, limit)]


def _page(there: list[Message], query: Json, limit: int) -> list[Message]:
    """Newest first, as Discord answers whatever was asked."""
    newest_first = sorted(there, key=lambda m: m.id, reverse=True)
    if "before" in query:
        return [m for m in newest_first if m.id < query["before"]][:limit]
    if "after" in query:
        return [m for m in newest_first if m.id > query["after"]][-limit:]
    if "around" in query:
        older = [m for m in newest_first if m.id <= query["around"]][: limit // 2 + 1]
        newer = [m for m in newest_first if m.id > query["around"]][-(limit // 2) :]
        return [*newer, *older][:limit]
    return newest_first[:limit]


# --- reactions and pins ------------------------------------------------------------------------


def _emoji(request: Request) -> str:
    """A character of emoji, or `name:id`; Discord answers 10014 to anything else."""
    emoji = unquote(request.params["emoji"]).replace("\N{VARIATION SELECTOR-16}", "")
    name, separator, number = emoji.partition(":")
    symbol = any(unicodedata.category(c) in ("So", "Sk", "Sm", "Po", "Me") for c in emoji)
    if (separator and name and number.isdigit()) or (not separator and symbol):
        return emoji
    raise errors.unknown("emoji")


def _user(request: Request) -> User:
    user = request.world.users.get(request.number("user_id"))
    if user is None:
        raise errors.unknown("user")
    return user


@routes.add("PUT", f"{REACTION}/@me")
def add_reaction(request: Request) -> None:
    one = _message(request, Permission.READ_MESSAGE_HISTORY)
    emoji = _emoji(request)
    _check_active(one.channel)
    if emoji not in one.reactions:
        require(request.world, one.channel, Permission.ADD_REACTIONS)
    posting.react(request.world, one, request.world.bot, emoji)


@routes.add("DELETE", f"{REACTION}/@me")
def remove_own_reaction(request: Request) -> None:
    posting.unreact(request.world, _message(request), request.world.bot, _emoji(request))


@routes.add("DELETE", f"{REACTION}/{{user_id}}")
def remove_reaction(request: Request) -> None:
    one = _message(request, Permission.MANAGE_MESSAGES)
    posting.unreact(request.world, one, _user(request), _emoji(request))


@routes.add("GET", REACTION)
def reactors(request: Request) -> list[Json]:
    return [wire.user(u) for u in _message(request).reactions.get(_emoji(request), [])]


@routes.add("DELETE", f"{MESSAGE}/reactions")
def clear_reactions(request: Request) -> None:
    one = _message(request, Permission.MANAGE_MESSAGES)
    one.reactions.clear()
    request.world.publish(events.reactions_cleared(one), about=one)


@routes.add("GET", f"{MESSAGES}/pins")
def pins(request: Request) -> Json:
    pinned = [m for m in request.channel().messages.values() if m.pinned and not m.deleted]
    items = [{"pinned_at": wire.stamp(m.created_at), "message": shown(request, m)} for m in pinned]
    return {"items": items, "has_more": False}


@routes.add("PUT", f"{MESSAGES}/pins/{{message_id}}")
def pin(request: Request) -> None:
    _set_pin(request, pinned=True)


@routes.add("DELETE", f"{MESSAGES}/pins/{{message_id}}")
def unpin(request: Request) -> None:
    _set_pin(request, pinned=False)


def _set_pin(request: Request, *, pinned: bool) -> None:
    one = _message(request, Permission.PIN_MESSAGES)
    there = sum(1 for m in one.channel.messages.values() if m.pinned and not m.deleted)
    if pinned and there >= (most := MOST["pins of a channel"]):
        raise ApiError(400, 30003, f"Maximum number of pins reached for the channel ({most})")
    one.pinned = pinned
    request.world.publish(events.message(request.world, "MESSAGE_UPDATE", one), about=one)
    request.world.publish(events.pins(one.channel))


# --- the channel itself ------------------------------------------------------------------------


@routes.add("POST", f"{CHANNEL}/typing")
def typing(request: Request) -> None:
    channel = request.channel(Permission.SEND_MESSAGES)
    posting.start_typing(request.world, channel, request.world.bot)


@routes.add("GET", CHANNEL)
def get_channel(request: Request) -> Json:
    return wire.channel(request.channel())


@routes.add("PATCH", CHANNEL)
def edit_channel(request: Request) -> Json:
    channel = request.channel()
    form = Form()
    form.text(request.body, ("name",), least=1, most=MOST["channel name"])
    form.text(request.body, ("topic",), most=MOST["channel topic"])
    if request.body.get("auto_archive_duration") is not None:
        form.choice(request.body, ("auto_archive_duration",), ARCHIVE_MINUTES)
    form.check()
    if channel.thread is not None:
        _check_thread_edit(request, channel, channel.thread)
        threads.change(request.world, channel, request.body)
        return wire.channel(channel)
    require(request.world, channel, Permission.MANAGE_CHANNELS)
    channel.name = request.body.get("name") or channel.name
    channel.topic = request.body.get("topic", channel.topic)
    request.world.publish(events.channel("CHANNEL_UPDATE", channel))
    return wire.channel(channel)


def _check_thread_edit(request: Request, channel: Channel, thread: ThreadState) -> None:
    """Who writes in a thread may unarchive it, its maker may change it, a moderator may do all."""
    fields = set(request.body)
    opens = fields == {"archived"} and request.body["archived"] is False
    mine = thread.owner_id == request.world.bot.id
    if opens and not thread.locked:
        require(request.world, channel, Permission.SEND_MESSAGES_IN_THREADS)
    elif thread.locked or not mine or fields & {"locked", "rate_limit_per_user"}:
        require(request.world, channel, Permission.MANAGE_THREADS)


@routes.add("DELETE", CHANNEL)
def delete_channel(request: Request) -> Json:
    channel = request.channel()
    gone = wire.channel(channel)
    if channel.guild is None:
        return gone  # closing a DM changes nothing for the other side
    thread = channel.thread is not None
    needed = Permission.MANAGE_THREADS if thread else Permission.MANAGE_CHANNELS
    require(request.world, channel, needed)
    name = "THREAD_DELETE" if thread else "CHANNEL_DELETE"
    request.world.publish(events.channel(name, channel))
    channel.guild.channels.pop(channel.id, None)
    del request.world.channels[channel.id]
    return gone


@routes.add("PUT", f"{CHANNEL}/permissions/{{target}}")
def set_overwrite(request: Request) -> None:
    channel = request.channel(Permission.MANAGE_ROLES)
    body, target = request.body, request.number("target")
    allow, deny = (Permission(int(body.get(k) or 0)) for k in ("allow", "deny"))
    channel.overwrites[target] = Overwrite(target, body.get("type") == 1, allow, deny)
    request.world.publish(events.channel("CHANNEL_UPDATE", channel))


@routes.add("DELETE", f"{CHANNEL}/permissions/{{target}}")
def remove_overwrite(request: Request) -> None:
    channel = request.channel(Permission.MANAGE_ROLES)
    if channel.overwrites.pop(request.number("target"), None) is None:
        raise errors.unknown("overwrite")
    request.world.publish(events.channel("CHANNEL_UPDATE", channel))


# --- threads -----------------------------------------------------------------------------------


@routes.add("POST", f"{MESSAGE}/threads")
def thread_on_message(request: Request) -> Json:
    one = _message(request, Permission.CREATE_PUBLIC_THREADS, Permission.READ_MESSAGE_HISTORY)
    return _start_thread(request, one.channel, one, private=False)


@routes.add("POST", f"{CHANNEL}/threads")
def thread_alone(request: Request) -> Json:
    private = request.body.get("type", ChannelType.PRIVATE_THREAD) == ChannelType.PRIVATE_THREAD
    needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
    return _start_thread(request, request.channel(needed), None, private=private)


def _start_thread(request: Request, channel: Channel, on: Message | None, *, private: bool) -> Json:
    if channel.type is not ChannelType.TEXT:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    form = Form()
    name = form.text(request.body, ("name",), least=1, most=MOST["thread name"], required=True)
    minutes = request.body.get("auto_archive_duration") or 1440
    form.choice({"auto_archive_duration": minutes}, ("auto_archive_duration",), ARCHIVE_MINUTES)
    form.integer(request.body, ("rate_limit_per_user",), most=MOST["thread slow mode"])
    form.check()
    if on is not None and on.type not in NOT_SYSTEM:
        raise ApiError(400, 50068, "Invalid message type")
    world = request.world
    thread = threads.start(
        world, channel, world.bot, name or "", on=on, private=private, auto_archive_minutes=minutes
    )
    return wire.channel(thread)


@routes.add("PUT", f"{CHANNEL}/thread-members/{{user_id}}")
def add_thread_member(request: Request) -> None:
    channel = request.channel()
    _check_active(channel)
    if request.params["user_id"] != "@me":
        require(request.world, channel, Permission.SEND_MESSAGES_IN_THREADS)
    threads.join(request.world, channel, _thread_user(request))


@routes.add("DELETE", f"{CHANNEL}/thread-members/{{user_id}}")
def remove_thread_member(request: Request) -> None:
    channel = request.channel()
    _check_active(channel)
    if request.params["user_id"] != "@me" and channel.thread is not None:
        private = channel.type is ChannelType.PRIVATE_THREAD
        if not private or channel.thread.owner_id != request.world.bot.id:
            require(request.world, channel, Permission.MANAGE_THREADS)
    threads.leave(request.world, channel, _thread_user(request))


@routes.add("GET", f"{CHANNEL}/thread-members")
def thread_members(request: Request) -> list[Json]:
    channel = request.channel()
    members = channel.thread.members if channel.thread else set()
    return [wire.thread_member(channel, user) for user in members]


@routes.add("GET", f"{CHANNEL}/thread-members/{{user_id}}")
def thread_member(request: Request) -> Json:
    channel, user = request.channel(), _thread_user(request)
    if channel.thread is None or user.id not in channel.thread.members:
        raise errors.unknown("member")
    return wire.thread_member(channel, user.id)


def _thread_user(request: Request) -> User:
    return request.world.bot if request.params["user_id"] == "@me" else _user(request)


@routes.add("GET", f"{CHANNEL}/threads/archived/public")
def archived_threads(request: Request) -> Json:
    channel = request.channel(Permission.READ_MESSAGE_HISTORY)
    found = [
        c
        for c in request.world.channels.values()
        if c.parent is channel and c.thread is not None and c.thread.archived
    ]
    return {"threads": [wire.channel(c) for c in found], "members": [], "has_more": False}


@routes.add("POST", "/users/@me/channels")
def open_dm(request: Request) -> Json:
    user = request.world.users.get(int(request.body.get("recipient_id") or 0))
    if user is None:
        raise errors.unknown("user")
    return wire.channel(request.world.dm(user))


@routes.add("GET", "/users/{user_id}")
def get_user(request: Request) -> Json:
    me = request.params["user_id"] == "@me"
    return wire.own_user(request.world.bot) if me else wire.user(_user(request))
