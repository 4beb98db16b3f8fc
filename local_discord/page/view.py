"""What a tab is told: the state, and messages as HTML. No waiting, no socket."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from local_discord import permissions
from local_discord.client_words import is_spanish
from local_discord.render import Live, Renderer
from local_discord.values import (
    THREADS,
    VOICE_CHANNELS,
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Json,
    Message,
    Permission,
    User,
)

if TYPE_CHECKING:
    from .desk import Desk

SHOWN: Final = 100
"""How many messages a tab gets at once."""
DIRECT: Final = "direct"
"""The id of the list of direct messages, which is shown as one more server."""
RIGHTS: Final = {
    "write": Permission.SEND_MESSAGES,
    "files": Permission.ATTACH_FILES,
    "react": Permission.ADD_REACTIONS,
    "thread": Permission.CREATE_PUBLIC_THREADS,
    "manage": Permission.MANAGE_MESSAGES,
    "commands": Permission.USE_APPLICATION_COMMANDS,
    "record": Permission.SEND_VOICE_MESSAGES,
    "connect": Permission.CONNECT,
}


@cache
def _all_words() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def words(locale: str) -> dict[str, str]:
    """The page's words for a person of this locale."""
    return _all_words()["es" if is_spanish(locale) else "en"]


class View:
    """What one person sees."""

    def __init__(self, desk: Desk, user: User) -> None:
        self.desk = desk
        self.user = user
        self._world = desk.sim.backend.world

    def sees(self, channel: Channel) -> bool:
        """Whether a channel is in their list."""
        return permissions.may(channel, self.user, Permission.VIEW_CHANNEL)

    def channels(self, guild: Guild) -> list[Channel]:
        """The channels of a server that they see, each with its open threads after it."""
        threads = [one for one in self._world.threads(guild) if not _is_archived(one)]
        shown: list[Channel] = []
        for channel in guild.channels.values():
            shown += [channel, *(one for one in threads if one.parent is channel)]
        return [one for one in shown if self.sees(one)]

    def state(self, here: Channel) -> Json:
        """The fields of the event `state`."""
        guilds = [one for one in self._world.guilds.values() if self.user.id in one.members]
        servers = [self._server(guild) for guild in guilds]
        groups = [c for c in self._world.channels.values() if c.type is ChannelType.GROUP_DM]
        places = [self._world.dm(self.user), *filter(self.sees, groups)]
        direct = [self._channel(one) for one in places]
        servers.append({"id": DIRECT, "name": "", "channels": direct, "names": []})
        return {
            "me": self._person(self.user),
            "people": [self._person(one) for one in self.desk.cast],
            "servers": servers,
            "here": self._channel(here),
            "words": words(self.user.locale),
        }

    def _person(self, user: User) -> Json:
        kind = self.desk.cast.kinds.get(user.id, "member")
        return {"id": str(user.id), "name": user.name, "kind": kind, "locale": user.locale}

    def _server(self, guild: Guild) -> Json:
        named = [f"@{one.display_name}" for one in guild.members.values()]
        named += [f"@{one.name}" for one in guild.roles.values() if one.id != guild.id]
        named += [f"#{one.name}" for one in guild.channels.values() if self.sees(one)]
        return {
            "id": str(guild.id),
            "name": guild.name,
            "channels": [self._channel(one) for one in self.channels(guild)],
            "names": list(dict.fromkeys(named)),
        }

    def _channel(self, channel: Channel) -> Json:
        held = permissions.in_channel(channel, self.user)
        unread = self.desk.unread(self.user, channel)
        is_direct = channel.guild is None
        return {
            "id": str(channel.id),
            "name": self._world.bot.name if channel.type is ChannelType.DM else channel.name,
            "kind": kind_of(channel),
            "server": str(channel.guild.id) if channel.guild else DIRECT,
            "parent": str(channel.parent.id) if channel.parent else None,
            "topic": channel.topic or "",
            "unread": len(unread),
            "pings": sum(self.user in one.mentions or is_direct for one in unread),
            "may": [name for name, right in RIGHTS.items() if right in held],
            "archived": _is_archived(channel),
        }

    # --- messages ------------------------------------------------------------------------------

    def latest(self, channel: Channel, before: int | None = None, count: int = SHOWN) -> Json:
        """The last messages of a channel (before one): `messages`, and whether there are `more`."""
        reading = (
            one
            for one in reversed(channel.messages.values())
            if (before is None or one.id < before) and self.shows(one)
        )
        newest = list(islice(reading, count + 1))
        shown = newest[:count][::-1]
        renderer = self._renderer()
        earlier: list[Message | None] = [newest[count] if len(newest) > count else None, *shown]
        pairs = zip(earlier, shown, strict=False)
        html = [self._one(renderer, before_it, one) for before_it, one in pairs]
        return {"messages": html, "more": len(newest) > count}

    def messages(self, changed: Sequence[Message]) -> list[Json]:
        """Changed messages of one channel, each with the one `after` which it is."""
        renderer = self._renderer()
        told: list[Json] = []
        for one in changed:
            earlier = self._before(one)
            told.append(
                self._one(renderer, earlier, one)
                | {"after": str(earlier.id) if earlier else None, "channel": str(one.channel.id)}
            )
        return told

    def following(self, one: Message) -> Message | None:
        """The next message that they see, whose heading depends on this one."""
        later = (m for m in one.channel.messages.values() if m.id > one.id and self.shows(m))
        return next(later, None)

    def shows(self, one: Message) -> bool:
        """Whether a message is on their screen, when they look at its channel."""
        return not one.deleted and one.visible_to in (None, self.user)

    def _before(self, one: Message) -> Message | None:
        earlier = (m for m in reversed(one.channel.messages.values()) if m.id < one.id)
        return next((m for m in earlier if self.shows(m)), None)

    def _one(self, renderer: Renderer, earlier: Message | None, one: Message) -> Json:
        return {"id": str(one.id), "html": renderer.message(one, earlier)}

    def html(self, text: str) -> str:
        """Markdown as HTML."""
        return self._renderer().text(text)

    def _renderer(self) -> Renderer:
        return Renderer(self._world, self.user, Live(self.address))

    def address(self, file: Attachment) -> str:
        """Where the page fetches a file."""
        return f"/file/{file.id}/{file.filename}?token={self.desk.token}"


def kind_of(channel: Channel) -> str:
    """The page's word for a kind of channel."""
    if channel.type in THREADS:
        return "thread"
    if channel.type in VOICE_CHANNELS:
        return "voice"
    kinds = {ChannelType.DM: "dm", ChannelType.GROUP_DM: "group"}
    return kinds.get(channel.type, "text")


def _is_archived(channel: Channel) -> bool:
    return channel.thread is not None and channel.thread.archived
