"""The tables. Times are UTC epoch milliseconds; ids that Discord gives are 64-bit integers.

A change here needs a revision in `migrations/versions`; a test compares the two.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata: Final = MetaData(
    naming_convention={  # a constraint must have a name before a migration can drop it
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

PASSING: Final = "passing"
"""In the `info` of a table or column: it is useful for minutes at most, and no backup has it."""

RETIRED: Final[Mapping[str, tuple[Column[Any], ...]]] = {
    "messages": (Column("source_id", BigInteger), Column("source_author_id", BigInteger))  # to 0013
}
"""The columns that older schemas had, by table: a backup of theirs still has them."""

COUNTER: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite increments only a column of type INTEGER, which holds 64 bits there too."""

guilds = Table(
    "guilds",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("language", String(16)),
    Column("identity", String(8)),
    Column("allowed_channels", JSON, nullable=False),
    Column("allowed_roles", JSON, nullable=False),
    Column("default_modules", JSON, nullable=False),
    Column("actions", Boolean),
)
"""A server's settings. No row: it has chosen nothing."""

personas = Table(
    "personas",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(32), nullable=False),
    Column("instructions", String(1000), nullable=False),
    Column("language", String(8), nullable=False),
    Column("voice", String(64), nullable=False),
)
"""Who the assistant is in a server (channel 0) and in its channels; empty: nothing is chosen."""

messages = Table(
    "messages",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", BigInteger, nullable=False),
    # no foreign key: the parent may never have been ours to see
    Column("parent_id", BigInteger, index=True),
    Column("guild_id", BigInteger, index=True),
    Column("person_id", BigInteger, nullable=False, index=True),
    Column("author_id", BigInteger, nullable=False, index=True),
    Column("author_name", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False, index=True),
    Column("edited_at_ms", BigInteger),
    Index(None, "conversation_id", "message_id"),
)
"""Messages to the assistant and from it."""

message_parts = Table(
    "message_parts",
    metadata,
    Column("part_id", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "message_id",
        BigInteger,
        ForeignKey("messages.message_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
)
"""The further Discord messages of a reply that is too long for one."""

message_sources = Table(
    "message_sources",
    metadata,
    Column(
        "message_id",
        BigInteger,
        ForeignKey("messages.message_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("source_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("author_id", BigInteger, index=True),  # none: from before it was noted
)
"""The other messages whose words a question holds, because it points at them."""

jobs = Table(
    "jobs",
    metadata,
    Column("journal_id", COUNTER, primary_key=True),
    Column("service", String(16), nullable=False),
    Column("module", String(64), nullable=False),
    Column("endpoint_id", String(100), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("guild_id", BigInteger, index=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("place", JSON, nullable=False),
    Column("title", String(200), nullable=False),
    Column("deadline_ms", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("contract_id", String(64)),
    Column("interaction_id", BigInteger),
    Column("job_id", String(200)),
    Column("submitted_at_ms", BigInteger),
    Column("finished_at_ms", BigInteger, index=True),
    Column("ending", String(16)),
    Column("detail", String(200), nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_until_ms", BigInteger, nullable=False),
    Column("reply_token", Text, info={PASSING: True}),  # a secret: only `JobLeases.claim` reads it
    sqlite_autoincrement=True,  # a button on an old message must never name a newer job
)
# Only the migrations make indexes, and they give PostgreSQL the same condition. Here its name would
# load its dialect, which every command on SQLite would wait for.
Index(
    "ix_jobs_unfinished",
    jobs.c.lease_until_ms,
    sqlite_where=jobs.c.finished_at_ms.is_(None),
)
"""The journal: one row for every job, from before it is paid for."""

job_requests = Table(
    "job_requests",
    metadata,
    Column(
        "journal_id",
        COUNTER,
        ForeignKey("jobs.journal_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("contract", LargeBinary, nullable=False),
)
"""The jobs' requests, in a table of their own so that scanning the journal stays fast."""

job_results = Table(
    "job_results",
    metadata,
    Column(
        "journal_id",
        COUNTER,
        ForeignKey("jobs.journal_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("result", LargeBinary, nullable=False),
    Column("announced", Boolean, nullable=False),
)
"""How a job ended, until the requester has seen it; `announced`: they were told about it."""

facts = Table(
    "facts",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Small values of the deployment."""

consents = Table(
    "consents",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("agreed", Boolean, nullable=False),
    Column("locale", String(16)),
    Column("at_ms", BigInteger, nullable=False),
)
"""Who agreed to be heard in a server's voice channels, and who refused."""

chosen_voices = Table(
    "chosen_voices",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("voice", String(64), nullable=False),
)
"""The voice that answers a person, where they have chosen one."""

voice_rooms = Table(
    "voice_rooms",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("attention", String(16), nullable=False),
    Column("follow_user_id", BigInteger),
    Column("called_by", BigInteger, nullable=False),
)
"""The voice channel that the bot joins, again after a restart."""

minutes = Table(
    "minutes",
    metadata,
    Column("minute_id", COUNTER, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Index(None, "guild_id", "channel_id", "minute_id"),
)
"""Transcripts of voice channels where the bot only listens: text, never sound."""

calls = Table(
    "calls",
    metadata,
    Column("call_id", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("service", String(16), nullable=False),
    Column("module", String(64), nullable=False),
    Column("guild_id", BigInteger),
    Column("channel_id", BigInteger),
    Column("user_id", BigInteger),
    Column("reserved_micro_usd", BigInteger, nullable=False),
    Column("cost_micro_usd", BigInteger, nullable=False),
    Column("basis", String(16)),
    Column("delay_ms", BigInteger),
    Column("execution_ms", BigInteger),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("settled_at_ms", BigInteger),
    Column("expires_at_ms", BigInteger, nullable=False),
    Index(None, "guild_id", "at_ms"),
    Index(None, "user_id", "at_ms"),
    Index(None, "service", "module", "settled_at_ms"),
)
"""The ledger: one row for every call to a service, with its cost."""
Index(
    "ix_calls_reserved",
    calls.c.expires_at_ms,
    sqlite_where=calls.c.state == "reserved",
)

purses = Table(
    "purses",
    metadata,
    Column("scope", String(8), primary_key=True),
    Column("scope_id", BigInteger, primary_key=True, autoincrement=False),
    Column("period", String(8), primary_key=True),
    Column("starts_ms", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("spent_micro_usd", BigInteger, nullable=False),
    Column("reserved_micro_usd", BigInteger, nullable=False),
    Column("warned", Boolean, nullable=False),
)
"""What a person, a server and all together have spent and reserved, by day and by month."""

budgets = Table(
    "budgets",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("period", String(8), primary_key=True),
    Column("limit_micro_usd", BigInteger, nullable=False),
)
"""A server's own spending limits."""

shard_processes = Table(
    "shard_processes",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("shard_count", Integer, nullable=False),
    Column("seen_until_ms", BigInteger, nullable=False),
    info={PASSING: True},
)
"""The processes that share the shards; each counts until its sign of life runs out."""

shard_leases = Table(
    "shard_leases",
    metadata,
    Column("shard_count", Integer, primary_key=True, autoincrement=False),
    Column("shard_id", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(64)),
    Column("until_ms", BigInteger, nullable=False),
    Column("session", JSON),
    info={PASSING: True},
)
"""Which process serves a shard, until when, and the state of its session with Discord."""

identify_turns = Table(
    "identify_turns",
    metadata,
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("next_at_ms", BigInteger, nullable=False),
    info={PASSING: True},
)
"""When the next shard in each of Discord's buckets may identify, whatever its process."""

pulses = Table(
    "pulses",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("told", JSON, nullable=False),
    info={PASSING: True},
)
"""The latest status report of each running process."""
