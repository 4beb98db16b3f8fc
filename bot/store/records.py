"""The values that the store reads and writes, without a database. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict

from bot.choices import Identity
from bot.contract import Service


class Role(StrEnum):
    """The roles in the contract."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message of a person or of the assistant.

    Attributes:
        message_id: Discord's id; for a reply that fills several messages, the first one's.
        conversation_id: The thread, the first message of the reply chain, or the DM channel.
        person_id: The person whose data this is: the author, or whom the assistant answers.
        created_at_ms: UTC epoch milliseconds.
        parent_id: The message it replies to, or a part of that.
        guild_id: None in a DM.
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
    """A server's settings. The defaults are those of a server that has chosen nothing.

    Attributes:
        language: A Discord locale (`es-ES`); None: each member's own.
        identity: The assistant's identity; None: the deployment's.
        allowed_channels: Where the assistant answers; empty: everywhere.
        allowed_roles: Whom it answers; empty: everybody.
        default_modules: By service, the module for requests that name none.
        actions: Whether a sentence may ask for what commands do.
    """

    guild_id: int
    language: str | None = None
    identity: Identity | None = None
    allowed_channels: frozenset[int] = frozenset()
    allowed_roles: frozenset[int] = frozenset()
    default_modules: Mapping[Service, str] = field(default_factory=dict)
    actions: bool = True


class GuildChanges(TypedDict, total=False):
    """The settings to change; the others stay."""

    language: str | None
    identity: Identity | None
    allowed_channels: frozenset[int]
    allowed_roles: frozenset[int]
    default_modules: Mapping[Service, str]
    actions: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's answer to whether the bot may hear them in a server's voice channels.

    Attributes:
        locale: The language of their Discord when they answered.
        at_ms: UTC epoch milliseconds.
    """

    user_id: int
    agreed: bool
    locale: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class VoiceRoom:
    """The voice channel that the bot joins in a server, again after each restart.

    Attributes:
        attention: When it answers there.
        called_by: The person who called it there.
        follow_user_id: The person whom it follows from channel to channel.
    """

    guild_id: int
    channel_id: int
    attention: str
    called_by: int
    follow_user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Minute:
    """One turn in the transcript of a voice channel where the bot only listens.

    Attributes:
        name: The speaker's name there.
        at_ms: UTC epoch milliseconds.
    """

    guild_id: int
    channel_id: int
    user_id: int
    name: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Selects calls: by time, and by one server or one person if given.

    Attributes:
        since_ms: UTC epoch milliseconds.
        until_ms: The same, exclusive.
    """

    since_ms: int
    until_ms: int
    guild_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """The cost of one service on one day.

    Attributes:
        day: Days since the epoch, UTC.
        reported: The part of `micro_usd` that the service reported; the rest is estimated.
    """

    day: int
    service: Service
    calls: int
    micro_usd: int
    reported: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSum:
    """The cost of one module."""

    service: Service
    module: str
    calls: int
    micro_usd: int


class CallState(StrEnum):
    """The state of a call's payment.

    reserved ──settle──▶ settled          reserved ──release──▶ released
       └────────expired, or cost unknown: settled at the reserved sum
    """

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class GatewaySession:
    """What it takes to resume a session with Discord's gateway.

    Attributes:
        sequence: The number of the last event that was received.
    """

    id: str
    sequence: int
    url: str


@dataclass(frozen=True, slots=True)
class LeaseState:
    """The processes that are alive, and the shards that they serve.

    Attributes:
        live: By process, the number of shards that it expects.
        owners: By shard, the process that serves it; free shards are missing.
    """

    live: Mapping[str, int]
    owners: Mapping[int, str]
