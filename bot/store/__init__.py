"""Memory that lasts: settings, conversations and the job journal, in SQLite or PostgreSQL.

Callers see frozen values and no session: each method is one transaction of its own.
"""

from bot.store.conversations import Conversations, Role, StoredMessage
from bot.store.facts import COMMANDS, Facts
from bot.store.guilds import GuildChanges, Guilds, GuildSettings
from bot.store.journal import Journal, Load, Missed
from bot.store.ledger import CallState, Ledger
from bot.store.privacy import Forgotten, Privacy
from bot.store.recovery import (
    Ending,
    Entry,
    Job,
    JobStage,
    Recovered,
    Recovery,
    decide,
)
from bot.store.shards import GatewaySession, ShardLeases, Standing
from bot.store.signals import Signals
from bot.store.spending import DaySum, GroupSum, Spending, View
from bot.store.store import LEASE_MS, Pruned, Store
from bot.store.voice import Consent, Consents, Minute, Minutes, VoiceRoom, VoiceRooms

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
