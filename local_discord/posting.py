"""Messages: posted, edited, deleted, reacted to, and what a mention in them does."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import errors, events, permissions, wire
from .file_names import reference
from .values import (
    NO_FLAG,
    Attachment,
    Channel,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Permission,
    Poll,
    Revision,
    User,
    Webhook,
    walk,
    written,
)
from .world import World

USER_MENTION = re.compile(r"<@!?(\d+)>")
ROLE_MENTION = re.compile(r"<@&(\d+)>")
EVERYONE = re.compile(r"@(everyone|here)\b")
CODE = re.compile(r"```.+?```|(`+)[^`](?:.*?[^`])?\1(?!`)", re.DOTALL)
"""Nobody is mentioned in code."""
REACTIONS_MAX = 20


FORWARD = 1
"""The type of a message reference."""


@dataclass(slots=True)
class Draft:
    """A message about to be posted."""

    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: MessageFlag = NO_FLAG
    nonce: int | str | None = None
    tts: bool = False
    reply_to: Message | None = None
    forward_of: Message | None = None
    allowed_mentions: Json | None = None
    type: MessageType = MessageType.DEFAULT
    visible_to: User | None = None
    webhook: Webhook | None = None
    interaction: Json | None = None
    command: str = ""
    poll: Poll | None = None
    stickers: list[Json] = field(default_factory=list)


def post(world: World, channel: Channel, author: User, draft: Draft) -> Message:
    """Put a message into a channel and tell everybody who may know."""
    one = Message(world.new_id(), channel, author, world.clock.wall(), type=draft.type)
    one.content, one.nonce, one.tts = draft.content.strip(), draft.nonce, draft.tts
    one.flags, one.visible_to = draft.flags, draft.visible_to
    one.webhook, one.interaction = draft.webhook, draft.interaction
    one.command = draft.command
    one.attachments, one.poll, one.stickers = draft.attachments, draft.poll, draft.stickers
    if draft.visible_to is not None:
        one.flags |= MessageFlag.EPHEMERAL
    if draft.reply_to is not None:
        one.replied_to = draft.reply_to
        one.type = MessageType.REPLY if draft.type is MessageType.DEFAULT else draft.type
        one.reference = reference_to(draft.reply_to)
    if draft.forward_of is not None:
        one.reference = reference_to(draft.forward_of) | {"type": FORWARD}
        one.snapshots = _snapshots(draft.forward_of)
        one.flags |= MessageFlag.HAS_SNAPSHOT
    one.embeds = _hosted(draft.embeds, one.attachments, embeds=True)
    one.components = _numbered(_hosted(draft.components, one.attachments))
    find_mentions(world, one, draft.allowed_mentions)
    channel.messages[one.id] = one
    _keep(world, one)
    if not world.tells_threads_late:
        _wake_thread(world, channel, author)
    event = events.message(world, "MESSAGE_CREATE", one)
    world.publish(event, about=one, hidden=one.is_ephemeral)
    if world.tells_threads_late:
        _wake_thread(world, channel, author)
    return one


def _snapshots(original: Message) -> list[Json]:
    """What a forward carries; of a forward, what that one carries."""
    return copy.deepcopy(original.snapshots or [wire.snapshot(original)])


def edit(world: World, one: Message, changes: Json, attachments: list[Attachment] | None) -> None:
    """Change what a message says; only what `changes` names is touched."""
    if attachments is not None:
        one.attachments = attachments
    if "content" in changes:
        one.content = (changes["content"] or "").strip()
    if "embeds" in changes:
        one.embeds = _hosted(changes["embeds"] or [], one.attachments, embeds=True)
    if "components" in changes:
        one.components = _numbered(_hosted(changes["components"] or [], one.attachments))
    if changes.get("flags") is not None:
        one.flags = edited_flags(one.flags, MessageFlag(changes["flags"]))
    one.flags &= ~MessageFlag.LOADING
    find_mentions(world, one, changes.get("allowed_mentions"))
    # Two edits have two times, also where a test's clock stands still.
    one.edited_at = max(world.clock.wall(), (one.edited_at or 0.0) + 0.001)
    _keep(world, one)
    event = events.message(world, "MESSAGE_UPDATE", one)
    world.publish(event, about=one, hidden=one.is_ephemeral)


def edited_flags(before: MessageFlag, given: MessageFlag) -> MessageFlag:
    """Embeds can be hidden and shown, a layout can only be made; other flags are ignored."""
    after = before & ~MessageFlag.SUPPRESS_EMBEDS
    return after | given & (MessageFlag.SUPPRESS_EMBEDS | MessageFlag.IS_COMPONENTS_V2)


def delete(world: World, one: Message) -> None:
    """Take a message away; its object stays, marked, for who looks back."""
    one.deleted = True
    world.publish(events.message_delete(one), about=one, hidden=one.is_ephemeral)


def delete_many(world: World, messages: Sequence[Message]) -> None:
    """Take messages of one channel away in one step."""
    for one in messages:
        one.deleted = True
    world.publish(events.bulk_delete(messages[0].channel, [one.id for one in messages]))


def react(world: World, one: Message, user: User, emoji: str) -> None:
    """Add a reaction; a second one of the same user changes nothing."""
    if emoji not in one.reactions and len(one.reactions) >= REACTIONS_MAX:
        raise errors.too_many_reactions()
    who = one.reactions.setdefault(emoji, [])
    if user not in who:
        who.append(user)
        world.publish(events.reaction("MESSAGE_REACTION_ADD", one, user, emoji), about=one)


def unreact(world: World, one: Message, user: User, emoji: str) -> None:
    """Take a reaction back; 10014 when it is not there."""
    who = one.reactions.get(emoji, [])
    if user not in who:
        raise errors.unknown("emoji")
    who.remove(user)
    if not who:
        del one.reactions[emoji]
    world.publish(events.reaction("MESSAGE_REACTION_REMOVE", one, user, emoji), about=one)


def start_typing(world: World, channel: Channel, user: User) -> None:
    """Show that somebody types."""
    channel.typing.append((world.change + 1, user))
    world.publish(events.typing(channel, user, world.clock.wall()))


def reference_to(one: Message) -> Json:
    """A message reference object."""
    reference: Json = {"type": 0, "channel_id": str(one.channel.id), "message_id": str(one.id)}
    return reference | ({"guild_id": str(one.channel.guild.id)} if one.channel.guild else {})


def find_mentions(world: World, one: Message, allowed: Json | None) -> None:
    """Work out who is really mentioned: what the text says and the sender allowed.

    Without `allowed_mentions` everything counts; with it, only what is in `parse` or listed.
    """
    text = CODE.sub(" ", "\n".join([one.content, *written(one.components)]))
    users = [int(i) for i in USER_MENTION.findall(text)]
    one.mentions = [
        world.users[i]
        for i in dict.fromkeys(users)
        if i in world.users and _allows(allowed, "users", i)
    ]
    answered = one.replied_to
    if answered is not None and answered.webhook is None:
        pings = True if allowed is None else bool(allowed.get("replied_user"))
        if pings and answered.author not in one.mentions:
            one.mentions.append(answered.author)
    guild = one.channel.guild
    roles = [int(i) for i in ROLE_MENTION.findall(text)] if guild else []
    mass = permissions.may(one.channel, one.author, Permission.MENTION_EVERYONE)
    one.mention_roles = [
        i
        for i in dict.fromkeys(roles)
        if guild and i in guild.roles and _allows(allowed, "roles", i)
        if mass or guild.roles[i].mentionable
    ]
    one.mention_everyone = bool(EVERYONE.search(text)) and _allows(allowed, "everyone", 0) and mass


def _allows(allowed: Json | None, kind: str, number: int) -> bool:
    if allowed is None:
        return True
    return kind in (allowed.get("parse") or []) or str(number) in map(str, allowed.get(kind) or [])


def _keep(world: World, one: Message) -> None:
    one.revisions.append(
        Revision(world.clock.now(), one.content, list(one.embeds), list(one.components))
    )


def _wake_thread(world: World, channel: Channel, author: User) -> None:
    """A message counts, brings its author in, and opens an archived thread again."""
    thread = channel.thread
    if thread is None:
        return
    thread.total_messages += 1
    if author.id not in thread.members and channel.guild and author.id in channel.guild.members:
        thread.members.add(author.id)
        joined = [channel.guild.member_of(author.id)]
        world.publish(events.thread_members(channel, joined, []))
    if thread.archived:
        thread.archived = False
        world.publish(events.thread("THREAD_UPDATE", channel))


def _hosted(parts: list[Json], files: list[Attachment], *, embeds: bool = False) -> list[Json]:
    """A copy in which `attachment://name` has become the file's address."""
    urls = {f"attachment://{a.filename}": a.url for a in files}
    files_by_url = {f"attachment://{a.filename}": a for a in files}

    def resolve(value: object) -> object:
        if isinstance(value, dict):
            found = files_by_url.get(reference(str(value.get("url"))))
            known = found is not None and not embeds
            more = _uploaded(found) if known and found is not None else {}
            return {k: resolve(v) for k, v in value.items()} | more
        if isinstance(value, list):
            return [resolve(v) for v in value]
        return urls.get(reference(value), value) if isinstance(value, str) else value

    whole = [resolve(copy.deepcopy(part)) for part in parts]
    hosted = [part for part in whole if isinstance(part, dict)]
    return [{"type": "rich", **part} for part in hosted] if embeds else hosted


def _uploaded(file: Attachment) -> Json:
    """What Discord adds to a media item of a component that is an uploaded file."""
    return {
        "proxy_url": file.url,
        "content_type": file.content_type,
        "attachment_id": str(file.id),
    }


def _numbered(components: list[Json]) -> list[Json]:
    """Components get the numbers Discord gives to those that come without one."""
    for number, component in enumerate(walk(components), start=1):
        component.setdefault("id", number)
        if (component.get("emoji") or {}).get("id", "") is None:
            del component["emoji"]["id"]
        for value in component.get("default_values") or ():
            value["id"] = str(value["id"])
    return components


def visible_messages(channel: Channel, reader: User) -> list[Message]:
    """What a person reads in a channel, oldest first."""
    return [
        m
        for m in channel.messages.values()
        if not m.deleted and (m.visible_to is None or m.visible_to is reader)
    ]
