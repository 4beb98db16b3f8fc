"""The state of this Discord, who may be asked about it, and the feed of what changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.clock import Clock

from . import errors
from .file_names import stored_name
from .values import (
    EVERYONE_MAY,
    NO_INTENT,
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Intent,
    Json,
    Member,
    Message,
    Role,
    User,
    Webhook,
)
from .waiting import Waiters

DISCORD_EPOCH_MS = 1_420_070_400_000


@dataclass(frozen=True, slots=True)
class Event:
    """One change, as the gateway may tell it to the bot.

    `data` is made for each session, since what a session may read depends on its intents.
    """

    name: str
    data: Callable[[Intent], Json]
    guild: Guild | None = None
    channel: Channel | None = None
    intent: Intent = NO_INTENT


class World:
    """Everything there is. Changes are made by the modules beside it, which publish them here."""

    def __init__(self, clock: Clock, base_url: Callable[[], str]) -> None:
        self.clock = clock
        self.waiters = Waiters()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.files: dict[int, Attachment] = {}
        self.change = 0
        self.sparse = False
        self.tells_threads_late = False
        self.subscribers: list[Callable[[Event], None]] = []
        self.watchers: list[Callable[[Event, Message | None], None]] = []
        """Who look at this Discord from outside: told of all, also of what the bot is not."""
        self._base_url = base_url
        self._last_id = 0
        self.bot = self.user("Alfred", bot=True)
        self.owner = self.user("Owner")

    # --- making things -------------------------------------------------------------------------

    def new_id(self) -> int:
        """A snowflake: the time, and never the same twice."""
        milliseconds = int(self.clock.wall() * 1000) - DISCORD_EPOCH_MS
        self._last_id = max(self._last_id + 1, milliseconds << 22)
        return self._last_id

    @property
    def last_id(self) -> int:
        """The last id that was given."""
        return self._last_id

    def continue_after(self, number: int) -> None:
        """Give no id twice that was given in an earlier run."""
        self._last_id = max(self._last_id, number)

    @property
    def base_url(self) -> str:
        """Where all this is served."""
        return self._base_url()

    def user(self, name: str, *, bot: bool = False, locale: str = "en-US") -> User:
        """A new account."""
        user = User(self.new_id(), name, bot=bot, locale=locale)
        self.users[user.id] = user
        return user

    def guild(self, name: str, *, locale: str = "en-US", with_bot: bool = True) -> Guild:
        """A new server with its owner and, as a rule, the bot in it, and no channel yet."""
        guild = Guild(self.new_id(), name, self.owner, locale=locale)
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYONE_MAY, position=0)
        self.guilds[guild.id] = guild
        for user in (self.owner, self.bot) if with_bot else (self.owner,):
            guild.members[user.id] = Member(user, self.clock.wall())
        return guild

    def channel(self, guild: Guild, name: str, kind: ChannelType = ChannelType.TEXT) -> Channel:
        """A new channel of a server."""
        channel = Channel(self.new_id(), kind, name, guild, position=len(guild.channels))
        guild.channels[channel.id] = channel
        self.channels[channel.id] = channel
        return channel

    def dm(self, user: User) -> Channel:
        """The direct messages between the bot and a user; made when first asked for."""
        for channel in self.channels.values():
            if channel.type is ChannelType.DM and user in channel.recipients:
                return channel
        channel = Channel(self.new_id(), ChannelType.DM, user.name, recipients=[user])
        self.channels[channel.id] = channel
        return channel

    def group(self, name: str, people: Sequence[User]) -> Channel:
        """A new group DM; the first of them owns it. Bots cannot be in one."""
        channel = Channel(self.new_id(), ChannelType.GROUP_DM, name, recipients=[*people])
        self.channels[channel.id] = channel
        return channel

    def webhook(self, channel: Channel, name: str, by: User) -> Webhook:
        """A new webhook."""
        webhook = Webhook(self.new_id(), secrets.token_urlsafe(24), name, channel, by)
        self.webhooks[webhook.id] = webhook
        return webhook

    def file(
        self, channel: Channel, filename: str, content_type: str, data: bytes, **more: object
    ) -> Attachment:
        """A file on the CDN."""
        number = self.new_id()
        filename = stored_name(filename, number)
        url = f"{self._base_url()}/cdn/attachments/{channel.id}/{number}/{filename}"
        attachment = Attachment(number, filename, content_type, data, url)
        for name, value in more.items():
            setattr(attachment, name, value)
        self.files[number] = attachment
        return attachment

    # --- finding things ------------------------------------------------------------------------

    def find_channel(self, number: int) -> Channel:
        """A channel, or 10003."""
        try:
            return self.channels[number]
        except KeyError:
            raise errors.unknown("channel") from None

    def find_guild(self, number: int) -> Guild:
        """A guild that the bot is in, or 10004."""
        guild = self.guilds.get(number)
        if guild is None or self.bot.id not in guild.members:
            raise errors.unknown("guild")
        return guild

    def find_message(self, channel: Channel, number: int) -> Message:
        """A message that is still there and meant for everybody, or 10008."""
        message = channel.messages.get(number)
        if message is None or message.deleted or message.is_ephemeral:
            raise errors.unknown("message")
        return message

    def threads(self, guild: Guild) -> list[Channel]:
        """All threads of a guild."""
        return [c for c in self.channels.values() if c.thread is not None and c.guild is guild]

    # --- telling -------------------------------------------------------------------------------

    def publish(self, event: Event, *, about: Message | None = None, hidden: bool = False) -> None:
        """Record a change, tell the bot's sessions, wake the people who wait for it.

        Args:
            event: What changed.
            about: The message it is about, which is stamped with the change's number.
            hidden: The bot is not told (ephemeral messages never reach the gateway).
        """
        self.change += 1
        if about is not None:
            about.changed = self.change
        if not hidden:
            for tell in self.subscribers:
                tell(event)
        for watch in self.watchers:
            watch(event, about)
        if event.channel is not None:
            self.waiters.touch(event.channel.id, about)
