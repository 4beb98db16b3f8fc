"""What the store gives and takes, as values: nothing here knows a database. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict

from bot.choices import Identity
from bot.contract import Service


class Role(StrEnum):
    """Who speaks, in the contract's words."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """One utterance.

    Attributes:
        message_id: Discord's id; of a reply that is spread over several messages, the first.
        conversation_id: The thread, or the first message of the reply chain, or the DM channel.
        person_id: Whose data this is: the author, or the person whom the assistant answers.
        author_id: Who said it.
        author_name: Under which name.
        role: A person or the assistant.
        content: The words.
        created_at_ms: When, UTC epoch milliseconds.
        parent_id: The message it replies to, or a part of that.
        guild_id: The server; None in a DM.
        edited_at_ms: When it was last changed.
        parts: The further messages of a long reply, in order.
    """

    message_id: int
    conversation_id: int
    person_id: int
    author_id: int
    author_name: str
    role: Role
    content: str
    created_at_ms: int
    parent_id: int | None = None
    guild_id: int | None = None
    edited_at_ms: int | None = None
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildSettings:
    """A server's choices; those of a server that has made none are the defaults.

    Attributes:
        guild_id: The server.
        language: A Discord locale (`es-ES`); None follows each member's own.
        identity: As whom the assistant speaks; None follows the deployment.
        allowed_channels: Where it answers; empty means everywhere.
        allowed_roles: Whom it answers; empty means everybody.
        default_modules: The module to use where a member names none, by service.
    """

    guild_id: int
    language: str | None = None
    identity: Identity | None = None
    allowed_channels: frozenset[int] = frozenset()
    allowed_roles: frozenset[int] = frozenset()
    default_modules: Mapping[Service, str] = field(default_factory=dict)


class GuildChanges(TypedDict, total=False):
    """The choices to change; what is left out stays."""

    language: str | None
    identity: Identity | None
    allowed_channels: frozenset[int]
    allowed_roles: frozenset[int]
    default_modules: Mapping[Service, str]


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person has said to being heard in a server.

    Attributes:
        user_id: Who.
        agreed: Whether they may be heard. Who was never asked has no consent at all.
        locale: The language of their Discord when they said so.
        at_ms: When, UTC epoch milliseconds.
    """

    user_id: int
    agreed: bool
    locale: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class VoiceRoom:
    """Where the bot is to be in a server, also after a restart.

    Attributes:
        guild_id: The server.
        channel_id: The voice channel.
        attention: When it answers there.
        follow_user_id: Whom it follows from channel to channel; None stays.
        called_by: Who called it.
    """

    guild_id: int
    channel_id: int
    attention: str
    called_by: int
    follow_user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Minute:
    """One turn of what was said while the bot only listened: words, never sound.

    Attributes:
        guild_id: The server.
        channel_id: The voice channel.
        user_id: Who spoke.
        name: Under which name.
        text: What was recognised.
        at_ms: When, UTC epoch milliseconds.
    """

    guild_id: int
    channel_id: int
    user_id: int
    name: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which calls are meant.

    Attributes:
        since_ms: From when; UTC epoch milliseconds.
        until_ms: Until when, exclusive.
        guild_id: Of one server only.
        user_id: Of one person only.
    """

    since_ms: int
    until_ms: int
    guild_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """What one service has cost in one day.

    Attributes:
        day: Days since the epoch, UTC.
        service: Which.
        calls: How many calls.
        micro_usd: All of it, in micro-dollars.
        reported: The part of it that the service itself has said; the rest is estimated.
    """

    day: int
    service: Service
    calls: int
    micro_usd: int
    reported: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSum:
    """What one module has cost."""

    service: Service
    module: str
    calls: int
    micro_usd: int


class CallState(StrEnum):
    """How far the payment of a call has come.

    reserved ──settle──▶ settled          reserved ──release──▶ released
       └────────expired, or nobody knows: settled at what was set aside
    """

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class GatewaySession:
    """Where a session with Discord's gateway stands.

    Attributes:
        id: Discord's name of it.
        sequence: The last event that was received.
        url: Where to resume it.
    """

    id: str
    sequence: int
    url: str


@dataclass(frozen=True, slots=True)
class LeaseState:
    """Who is there, and who serves what.

    Attributes:
        live: The processes that have given a sign of life, with the count of shards they go by.
        owners: Who serves which shard; free ones are missing.
    """

    live: Mapping[str, int]
    owners: Mapping[int, str]
