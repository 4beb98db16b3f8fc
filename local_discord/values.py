"""What Discord holds: users, guilds, channels, messages. Plain values; the rules are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

Json = dict[str, Any]
"""A JSON object as it goes over the wire."""


class Permission(IntFlag):
    """Discord's permission bits, by the names of its documentation."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    REQUEST_TO_SPEAK = 1 << 32
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    SEND_VOICE_MESSAGES = 1 << 46
    USE_EXTERNAL_APPS = 1 << 50
    PIN_MESSAGES = 1 << 51


EVERYONE_MAY = (
    Permission.CREATE_INSTANT_INVITE
    | Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.USE_VAD
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.REQUEST_TO_SPEAK
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.SEND_VOICE_MESSAGES
    | Permission.USE_EXTERNAL_APPS
)
"""What @everyone is allowed in a guild as Discord creates it."""

ALL_PERMISSIONS = Permission(sum(Permission))


class Intent(IntFlag):
    """Gateway intents: which events a session asked for."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15
    GUILD_MESSAGE_POLLS = 1 << 24
    DIRECT_MESSAGE_POLLS = 1 << 25


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


class ChannelType(IntEnum):
    """The kinds of channel the local Discord has."""

    TEXT = 0
    DM = 1
    VOICE = 2
    GROUP_DM = 3
    CATEGORY = 4
    STAGE = 13
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


VOICE_CHANNELS = (ChannelType.VOICE, ChannelType.STAGE)
THREADS = (ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD)


class ComponentType(IntEnum):
    """The kinds of component in messages and modals, by the names of the reference."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


SELECTS = (
    ComponentType.STRING_SELECT,
    ComponentType.USER_SELECT,
    ComponentType.ROLE_SELECT,
    ComponentType.MENTIONABLE_SELECT,
    ComponentType.CHANNEL_SELECT,
)


class MessageType(IntEnum):
    """The kinds of message the local Discord makes."""

    DEFAULT = 0
    PINNED = 6
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER = 21
    CONTEXT_MENU_COMMAND = 23
    POLL_RESULT = 46


class MessageFlag(IntFlag):
    """Message flags a bot may meet or set."""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_VOICE_MESSAGE = 1 << 13
    HAS_SNAPSHOT = 1 << 14
    IS_COMPONENTS_V2 = 1 << 15


NO_PERMISSION = Permission(0)
NO_INTENT = Intent(0)
NO_FLAG = MessageFlag(0)


@dataclass(slots=True, eq=False)
class User:
    """An account."""

    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    accepts_dms: bool = True

    @property
    def mention(self) -> str:
        """The text that mentions this user."""
        return f"<@{self.id}>"


@dataclass(slots=True, eq=False)
class Role:
    """A role of a guild; the one with the guild's id is @everyone."""

    id: int
    name: str
    permissions: Permission
    position: int = 1
    color: int = 0
    mentionable: bool = False
    managed_by: int | None = None
    """The bot to which Discord gave it."""

    @property
    def mention(self) -> str:
        """The text that mentions this role."""
        return f"<@&{self.id}>"


@dataclass(slots=True, eq=False)
class Member:
    """A user in a guild."""

    user: User
    joined_at: float
    nick: str | None = None
    roles: list[int] = field(default_factory=list)

    @property
    def display_name(self) -> str:
        """The name others see."""
        return self.nick or self.user.name


@dataclass(slots=True)
class Overwrite:
    """A channel's exception for one role or member."""

    id: int
    is_member: bool
    allow: Permission = NO_PERMISSION
    deny: Permission = NO_PERMISSION


@dataclass(slots=True, eq=False)
class Attachment:
    """A file on Discord's servers."""

    id: int
    filename: str
    content_type: str
    data: bytes
    url: str
    description: str | None = None
    title: str | None = None
    duration_secs: float | None = None
    waveform: str | None = None
    ephemeral: bool = False


@dataclass(slots=True)
class Revision:
    """What a message said from some moment on; edits add one."""

    at: float
    content: str
    embeds: list[Json]
    components: list[Json]


@dataclass(slots=True, eq=False)
class Message:
    """A message with its whole history."""

    id: int
    channel: Channel
    author: User
    created_at: float
    type: MessageType = MessageType.DEFAULT
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: MessageFlag = NO_FLAG
    edited_at: float | None = None
    nonce: int | str | None = None
    tts: bool = False
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    reference: Json | None = None
    replied_to: Message | None = None
    reactions: dict[str, list[User]] = field(default_factory=dict)
    pinned: bool = False
    deleted: bool = False
    visible_to: User | None = None
    webhook: Webhook | None = None
    interaction: Json | None = None
    command: str = ""
    """The command that it answers, as who used it sees its name."""
    thread: Channel | None = None
    poll: Poll | None = None
    snapshots: list[Json] = field(default_factory=list)
    """What a forward carries of the message that it forwards, as that was then."""
    stickers: list[Json] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    changed: int = 0
    """The number of the world's last change to this message."""

    @property
    def author_name(self) -> str:
        """Who wrote it, as readers see it."""
        if self.webhook is not None:
            return self.webhook.name
        member = self.channel.guild and self.channel.guild.members.get(self.author.id)
        return member.display_name if member else self.author.name

    @property
    def is_ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.visible_to is not None

    @property
    def is_thinking(self) -> bool:
        """Whether it still shows "… is thinking"."""
        return MessageFlag.LOADING in self.flags

    @property
    def text(self) -> str:
        """All its words: content, embeds and text components, in reading order."""
        return "\n".join(filter(None, [self.content, *_embed_words(self), *_component_words(self)]))

    def file(self, name: str | None = None) -> Attachment:
        """One attachment: the named one, or the only one."""
        fitting = [a for a in self.attachments if name is None or a.filename == name]
        if len(fitting) != 1:
            names = [a.filename for a in self.attachments]
            raise AssertionError(f"expected one attachment {name or ''}, the message has {names}")
        return fitting[0]

    @property
    def buttons(self) -> dict[str, Json]:
        """Its buttons by label (or emoji)."""
        return {
            button_name(c): c
            for c in walk(self.components)
            if c.get("type") == ComponentType.BUTTON
        }

    @property
    def selects(self) -> list[Json]:
        """Its select menus."""
        return [c for c in walk(self.components) if c.get("type") in SELECTS]


@dataclass(slots=True, eq=False)
class Poll:
    """A poll, with who voted for what."""

    question: str
    answers: list[Json]
    """Each answer's `poll_media`; their ids are 1, 2, …"""
    ends_at: float
    is_multiple: bool = False
    is_over: bool = False
    votes: dict[int, list[User]] = field(default_factory=dict)
    """By the answer's id."""


@dataclass(slots=True, eq=False)
class Webhook:
    """A webhook of a channel."""

    id: int
    token: str
    name: str
    channel: Channel
    user: User


@dataclass(slots=True, eq=False)
class ThreadState:
    """What a thread has beyond a channel."""

    owner_id: int
    created_at: float
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 1440
    archived_at: float = 0.0
    members: set[int] = field(default_factory=set)
    total_messages: int = 0


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, voice channel, thread, DM or group DM."""

    id: int
    type: ChannelType
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    topic: str | None = None
    nsfw: bool = False
    position: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    recipients: list[User] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    typing: list[tuple[int, User]] = field(default_factory=list)
    """Who started to type, with the number of the world's change."""
    thread: ThreadState | None = None
    user_limit: int = 0
    """How many a voice channel holds; 0 for all who come."""

    @property
    def mention(self) -> str:
        """The text that links to this channel."""
        return f"<#{self.id}>"


@dataclass(slots=True, eq=False)
class Guild:
    """A server."""

    id: int
    name: str
    owner: User
    locale: str = "en-US"
    upload_limit_bytes: int = 10 * 1024 * 1024
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    voice_states: dict[int, Json] = field(default_factory=dict)
    """By user; what a voice server keeps here goes out in GUILD_CREATE."""

    def member_of(self, user_id: int) -> Member:
        """A member who must be there."""
        return self.members[user_id]


def walk(components: list[Json]) -> list[Json]:
    """All components, depth first, in reading order."""
    found: list[Json] = []
    for component in components:
        found.append(component)
        found += walk(component.get("components") or [])
        found += walk([c for key in ("accessory", "component") if (c := component.get(key))])
    return found


def written(components: list[Json]) -> list[str]:
    """The texts of text displays, in reading order."""
    texts = (c for c in walk(components) if c.get("type") == ComponentType.TEXT_DISPLAY)
    return [str(text.get("content", "")) for text in texts]


def button_name(component: Json) -> str:
    """What a person reads on a button."""
    label = component.get("label")
    emoji = (component.get("emoji") or {}).get("name")
    return str(label or emoji or component.get("custom_id") or component.get("url") or "")


def _embed_words(message: Message) -> list[str]:
    words: list[str] = []
    for embed in message.embeds:
        author, footer = embed.get("author") or {}, embed.get("footer") or {}
        words += [author.get("name", ""), embed.get("title", ""), embed.get("description", "")]
        words += [f"{f['name']}\n{f['value']}" for f in embed.get("fields") or []]
        words.append(footer.get("text", ""))
    return words


def _component_words(message: Message) -> list[str]:
    return written(message.components)
