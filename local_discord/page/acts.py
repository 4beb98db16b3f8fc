"""What a tab asks for: each act takes the tab and a frame's fields, and returns its answer.

An act raises `CannotDo`, `NotSeen` or `ApiError` with one line of plain words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from local_discord import posting
from local_discord.errors import TOO_LONG, CannotDo
from local_discord.typed import as_typed
from local_discord.values import Channel, Json, Message

from .tab import Act, Tab

ACTS: Final[dict[str, Act]] = {}
WORDS_MAX: Final = 4000
FILES_MAX: Final = 10
EMOJI_MAX: Final = 40
ID: Final = re.compile("[0-9]{1,20}")


def act(name: str, table: dict[str, Act] = ACTS) -> Callable[[Act], Act]:
    """Put an act into a table."""

    def put(one: Act) -> Act:
        table[name] = one
        return one

    return put


# --- reading the fields --------------------------------------------------------------------------


def text(fields: Json, name: str, *, most: int = WORDS_MAX) -> str:
    """A field's words.

    Raises:
        CannotDo: It is none, or too long.
    """
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise CannotDo("{field} is not text", field=name)
    if len(value) > most:
        raise CannotDo(TOO_LONG, length=len(value), most=most)
    return value


def number(fields: Json, name: str) -> int:
    """A field's id."""
    value = fields.get(name)
    if not isinstance(value, str) or ID.fullmatch(value) is None:
        raise CannotDo("{field} is no id", field=name)
    return int(value)


def texts(fields: Json, name: str, *, most: int) -> list[str]:
    """A field's list of words."""
    value = fields.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise CannotDo("{field} is no list of texts", field=name)
    if len(value) > most:
        raise CannotDo("{count} are too many; {most} are the most", count=len(value), most=most)
    return value


def channel_of(tab: Tab, fields: Json, name: str = "channel") -> Channel:
    """The channel that a field names; where the tab looks without it."""
    if fields.get(name) is None:
        return tab.here
    channel = tab.desk.sim.backend.world.channels.get(number(fields, name))
    if channel is None or not tab.view.sees(channel):
        raise CannotDo("there is no such channel")
    return channel


def message_of(tab: Tab, fields: Json, name: str = "message") -> Message:
    """The message that a field names, in the channel where the tab looks."""
    one = tab.here.messages.get(number(fields, name))
    if one is None or not tab.view.shows(one):
        raise CannotDo("that message is gone")
    return one


# --- looking -------------------------------------------------------------------------------------


@act("look")
async def look(tab: Tab, fields: Json) -> None:
    """Look at a channel."""
    tab.look(channel_of(tab, fields))


@act("become")
async def become(tab: Tab, fields: Json) -> None:
    """Be another person."""
    wanted = text(fields, "person")
    if all(str(one.id) != wanted for one in tab.desk.cast):
        raise CannotDo("there is nobody of that name")
    tab.become(tab.desk.cast.find(wanted))


@act("more")
async def more(tab: Tab, fields: Json) -> Json:
    """The messages before one."""
    return tab.view.latest(tab.here, before=number(fields, "before"))


# --- writing -------------------------------------------------------------------------------------


@act("say")
async def say(tab: Tab, fields: Json) -> Json:
    """Send a message: `text`, `reply_to`, `uploads`."""
    keys = texts(fields, "uploads", most=FILES_MAX)
    answered = message_of(tab, fields, "reply_to") if fields.get("reply_to") else None
    files = tab.desk.take(keys)
    sent = await tab.me.says(text(fields, "text"), tab.here, reply_to=answered, files=files)
    tab.desk.forget(keys)
    return {"message": str(sent.id)}


@act("edit")
async def edit(tab: Tab, fields: Json) -> None:
    """Change an own message."""
    await tab.me.edits(message_of(tab, fields), text(fields, "text"))


@act("source")
async def source(tab: Tab, fields: Json) -> Json:
    """An own message's text, to change it."""
    return {"text": as_typed(tab.desk.sim.backend.world, message_of(tab, fields))}


@act("delete")
async def delete(tab: Tab, fields: Json) -> None:
    """Take a message away; an ephemeral one is only dismissed from one's own screen."""
    one = message_of(tab, fields)
    if one.visible_to is tab.user:
        posting.delete(tab.desk.sim.backend.world, one)
        return
    await tab.me.deletes(one)


@act("react")
async def react(tab: Tab, fields: Json) -> None:
    """Add a reaction, or take an own one back."""
    one, emoji = message_of(tab, fields), text(fields, "emoji", most=EMOJI_MAX).strip()
    if not emoji:
        raise CannotDo("which emoji?")
    if tab.user in one.reactions.get(emoji, []):
        posting.unreact(tab.desk.sim.backend.world, one, tab.user, emoji)
        return
    await tab.me.reacts(emoji, on=one)


@act("type")
async def type_(tab: Tab, _: Json) -> None:
    """Show that one types."""
    await tab.me.types(tab.here)


@act("vote")
async def vote(tab: Tab, fields: Json) -> None:
    """Vote for a poll's answer: `answer` is its number, from 1."""
    answer = fields.get("answer")
    if not isinstance(answer, int):
        raise CannotDo("which answer?")
    await tab.me.votes(answer, on=message_of(tab, fields))


@act("thread")
async def thread(tab: Tab, fields: Json) -> Json:
    """Start a thread: `name`, on a `message` or alone."""
    on = message_of(tab, fields) if fields.get("message") else None
    name = text(fields, "name", most=100).strip()
    if not name:
        raise CannotDo("a thread needs a name")
    made = await tab.me.starts_thread(name, on=on, in_=tab.here)
    tab.look(made)
    return {"channel": str(made.id)}


@act("archive")
async def archive(tab: Tab, fields: Json) -> None:
    """Archive a thread."""
    one = channel_of(tab, fields)
    if one.thread is None:
        raise CannotDo("only a thread can be archived")
    await tab.me.archives(one)
