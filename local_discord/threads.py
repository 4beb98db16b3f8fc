"""Threads: started, joined, archived."""

from __future__ import annotations

from . import errors, events
from .posting import Draft, post, reference_to
from .values import Channel, ChannelType, Json, Message, MessageFlag, MessageType, ThreadState, User
from .world import World


def start(
    world: World,
    parent: Channel,
    by: User,
    name: str,
    *,
    on: Message | None = None,
    private: bool = False,
    auto_archive_minutes: int = 1440,
) -> Channel:
    """Start a thread, on a message (whose id it takes) or alone."""
    if on is not None and on.thread is not None:
        raise errors.thread_exists()
    kind = ChannelType.PRIVATE_THREAD if private else ChannelType.PUBLIC_THREAD
    number = on.id if on else world.new_id()
    state = ThreadState(by.id, world.clock.wall(), auto_archive_minutes=auto_archive_minutes)
    state.members.add(by.id)
    thread = Channel(number, kind, name, parent.guild, parent, thread=state)
    world.channels[thread.id] = thread
    world.publish(events.thread("THREAD_CREATE", thread, new=True))
    world.waiters.touch(parent.id)
    if on is not None:
        on.thread = thread
        on.flags |= MessageFlag.HAS_THREAD
        world.publish(events.message(world, "MESSAGE_UPDATE", on), about=on)
        _starter(world, thread, on)
    elif not private:
        _announce(world, thread, by)
    return thread


def _starter(world: World, thread: Channel, on: Message) -> None:
    """The first line of a thread on a message: a reference to that message, without words."""
    one = Message(world.new_id(), thread, on.author, world.clock.wall())
    one.type, one.reference, one.replied_to = MessageType.THREAD_STARTER, reference_to(on), on
    thread.messages[one.id] = one


def _announce(world: World, thread: Channel, by: User) -> None:
    """The line "… started a thread" in the parent channel."""
    if thread.parent is None:
        return
    one = post(world, thread.parent, by, Draft(thread.name, type=MessageType.THREAD_CREATED))
    one.reference = {"channel_id": str(thread.id)}
    if thread.guild:
        one.reference["guild_id"] = str(thread.guild.id)


def change(world: World, thread: Channel, changes: Json) -> None:
    """Apply a bot's edit: name, archived, locked, auto_archive_duration."""
    state = thread.thread
    if state is None:
        raise AssertionError("a thread has its state")
    opening = changes.get("archived") is False or changes.get("locked") is False
    if state.archived and not opening:
        raise errors.thread_is_archived()
    thread.name = changes.get("name") or thread.name
    state.auto_archive_minutes = changes.get("auto_archive_duration") or state.auto_archive_minutes
    if changes.get("locked") is not None:
        state.locked = bool(changes["locked"])
    if changes.get("archived") is not None:
        state.archived = bool(changes["archived"])
        state.archived_at = world.clock.wall()
    world.publish(events.thread("THREAD_UPDATE", thread))


def join(world: World, thread: Channel, user: User) -> None:
    """Bring a user into a thread."""
    if thread.thread is None or thread.guild is None:
        raise errors.unknown("channel")
    if user.id not in thread.thread.members:
        thread.thread.members.add(user.id)
        if user is world.bot:  # it learns of a private thread only now
            world.publish(events.thread("THREAD_CREATE", thread))
        joined = [thread.guild.member_of(user.id)]
        world.publish(events.thread_members(thread, joined, []))


def leave(world: World, thread: Channel, user: User) -> None:
    """Take a user out of a thread."""
    if thread.thread is None:
        raise errors.unknown("channel")
    thread.thread.members.discard(user.id)
    world.publish(events.thread_members(thread, [], [user.id]))
