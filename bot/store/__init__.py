"""Memory that lasts: settings, conversations and the job journal, in SQLite or PostgreSQL.

Callers see frozen values and no session: each method is one transaction of its own.
"""

from bot.store.maintenance.privacy import Forgotten, Privacy
from bot.store.pubsub import Signals
from bot.store.repositories.conversations import Conversations, Role, StoredMessage
from bot.store.repositories.guilds import GuildChanges, Guilds, GuildSettings
from bot.store.repositories.journal import Journal, Load, Missed
from bot.store.repositories.key_value import COMMANDS, Facts
from bot.store.repositories.ledger import CallState, Ledger
from bot.store.repositories.recovery import (
    Ending,
    Entry,
    Job,
    JobStage,
    Recovered,
    Recovery,
    decide,
)
from bot.store.repositories.shard_leases import GatewaySession, ShardLeases, Standing
from bot.store.repositories.spending import DaySum, GroupSum, Spending, View
from bot.store.repositories.voice import Consent, Consents, Minute, Minutes, VoiceRoom, VoiceRooms
from bot.store.store import LEASE_MS, Pruned, Store

__all__ = [
    "COMMANDS",
    "LEASE_MS",
    "CallState",
    "Consent",
    "Consents",
    "Conversations",
    "DaySum",
    "Ending",
    "Entry",
    "Facts",
    "Forgotten",
    "GatewaySession",
    "GroupSum",
    "GuildChanges",
    "GuildSettings",
    "Guilds",
    "Job",
    "JobStage",
    "Journal",
    "Ledger",
    "Load",
    "Minute",
    "Minutes",
    "Missed",
    "Privacy",
    "Pruned",
    "Recovered",
    "Recovery",
    "Role",
    "ShardLeases",
    "Signals",
    "Spending",
    "Standing",
    "Store",
    "StoredMessage",
    "View",
    "VoiceRoom",
    "VoiceRooms",
    "decide",
]
