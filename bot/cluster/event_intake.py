"""Filters the shards' events before discord.py handles them.

It drops events that arrive twice because two sessions of a shard overlap. It also looks up unknown
servers: a session resumed from a dead process receives only new events, not the list of servers. If
an event comes from an unknown server, the intake queues its events and fetches the server first.
"""

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
import discord

from bot.background import Background
from bot.cluster.discord_time import DiscordTime

log = logging.getLogger(__name__)

Parser = Callable[[Any], Any]

_KNOWN_IDS: Final = 4_096
_LOOK_UPS: Final = 4
"""Concurrent look-ups; each costs four of the 50 requests per second."""
_WAITING_LIMIT: Final = 200
"""How many events of one server wait for its look-up."""
_ANSWER_WITHIN_S: Final = 3.0
"""Discord rejects a later first answer to an interaction."""
_BY_GUILD: Final = "0"
"""The key of an interaction's owners that says that its server has installed the bot."""
_ONCE: Final = frozenset({"MESSAGE_CREATE", "INTERACTION_CREATE"})
_RAW: Final = frozenset({"MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"})
"""discord.py reports these even for an unknown server; we must forget what was deleted."""
_UP: Final = frozenset({"READY", "RESUMED"})


class EventIntake:
    """Passes on the events of all shards of one client."""

    def __init__(self, client: discord.AutoShardedClient, time: DiscordTime) -> None:
        self._client = client
        self._time = time
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._waiting: defaultdict[int, list[tuple[Parser, Any]]] = defaultdict(list)
        self._look_ups = Background("looking up a server")
        self._slots = asyncio.Semaphore(_LOOK_UPS)

    def parsers(self, on_up: Callable[[str], object]) -> dict[str, Parser]:
        """discord.py's parsers for one connection, wrapped so that events pass through this intake.

        Args:
            on_up: Called with READY or RESUMED once the session is up.
        """

        def wrapped(name: str, parser: Parser) -> Parser:
            def receive(data: Any) -> None:
                if name in _UP:
                    parser(data)
                    on_up(name)
                else:
                    self.receive(name, parser, data)

            return receive

        known: Mapping[str, Parser] = self._client._connection.parsers  # noqa: SLF001
        return {name: wrapped(name, parser) for name, parser in known.items()}

    def receive(self, name: str, parser: Parser, data: Any) -> None:
        """Pass an event to discord.py now, once its server is known, or never."""
        if name in _ONCE and (self._is_repeated(data["id"]) or self._is_late(name, data)):
            return
        if name == "GUILD_DELETE":
            self._leave_unknown(data)
        guild_id = int(data.get("guild_id") or 0) if isinstance(data, dict) else 0
        if _is_of_a_guest(name, data):
            parser(data)
        elif guild_id in self._waiting:
            self._wait(guild_id, parser, data)
        elif not guild_id or self._knows(guild_id) or name in _RAW:
            parser(data)
        elif _needs_server(name, data):
            self._wait(guild_id, parser, data)
        # Otherwise drop it, as discord.py would: a later look-up returns the current state anyway.

    def _leave_unknown(self, data: Any) -> None:
        """Make discord.py report that the bot was removed, even from an unknown server."""
        state = self._client._connection  # noqa: SLF001
        if not data.get("unavailable"):
            state._add_guild(state._get_or_create_unavailable_guild(int(data["id"])))  # noqa: SLF001

    def forget(self, shard_id: int) -> None:
        """Drop a shard's servers: another process now serves it, so our copy would go stale."""
        state = self._client._connection  # noqa: SLF001
        for guild in self._client.guilds:
            if guild.shard_id == shard_id:
                state._remove_guild(guild)  # noqa: SLF001

    def _is_repeated(self, event_id: str) -> bool:
        if event_id in self._seen:
            return True
        self._seen[event_id] = None
        if len(self._seen) > _KNOWN_IDS:
            self._seen.popitem(last=False)
        return False

    def _is_late(self, name: str, data: Any) -> bool:
        """Whether an interaction surely dates from a time when no process could answer it."""
        if name != "INTERACTION_CREATE":
            return False
        asked_at = discord.utils.snowflake_time(int(data["id"])).timestamp()
        now_s = self._time.earliest()
        is_late = now_s is not None and now_s - asked_at > _ANSWER_WITHIN_S
        if is_late:
            log.info("dropped an interaction that is too old to answer")
        return is_late

    def _knows(self, guild_id: int) -> bool:
        """Whether a server is known; between READY and GUILD_CREATE it is only an id."""
        guild = self._client.get_guild(guild_id)
        return guild is not None and not guild.unavailable

    # -- unknown servers --------------------------------------------------------------------------

    def _wait(self, guild_id: int, parser: Parser, data: Any) -> None:
        is_first = guild_id not in self._waiting
        waiting = self._waiting[guild_id]
        if len(waiting) < _WAITING_LIMIT:
            waiting.append((parser, data))
        if is_first:
            self._look_ups.start(self._look_up(guild_id))

    async def _look_up(self, guild_id: int) -> None:
        try:
            async with self._slots:
                if not self._knows(guild_id):
                    payload = await self._fetch_guild(guild_id)
                    if not self._knows(guild_id):
                        self._client._connection.parsers["GUILD_CREATE"](payload)  # noqa: SLF001
        except (discord.HTTPException, aiohttp.ClientError, OSError) as e:
            log.warning("could not look up a server: %s", type(e).__name__)
        finally:
            for parser, data in self._waiting.pop(guild_id, []):
                if self._knows(guild_id):
                    parser(data)

    async def _fetch_guild(self, guild_id: int) -> dict[str, Any]:
        """A server's GUILD_CREATE payload, but without the people in its voice channels."""
        http, own_id = self._client.http, self._client._connection.self_id  # noqa: SLF001
        guild, channels, threads, me = await asyncio.gather(
            http.get_guild(guild_id),
            http.get_all_guild_channels(guild_id),
            http.get_active_threads(guild_id),
            http.get_member(guild_id, own_id or 0),
        )
        joined = {member["id"]: member for member in threads["members"]}
        for thread in threads["threads"]:
            if (member := joined.get(thread["id"])) is not None:
                thread["member"] = member
        return {
            **guild,
            "unavailable": False,
            "joined_at": me["joined_at"],
            "member_count": guild.get("approximate_member_count"),
            "members": [me],
            "channels": channels,
            "threads": threads["threads"],
            **{name: [] for name in ("voice_states", "presences", "stage_instances")},
            **{name: [] for name in ("guild_scheduled_events", "soundboard_sounds")},
        }


def _is_of_a_guest(name: str, data: Any) -> bool:
    """Whether it comes by a person's own app, so that its server cannot be looked up."""
    if name != "INTERACTION_CREATE":
        return False
    owners = data.get("authorizing_integration_owners") or {
        _BY_GUILD: ""
    }  # Discord may leave it out
    return _BY_GUILD not in owners


def _needs_server(name: str, data: Any) -> bool:
    """Whether the event justifies a look-up: someone may want an answer, or we must forget it."""
    if name == "MESSAGE_CREATE":
        return not data["author"].get("bot") and not data.get("webhook_id")
    return name in {"INTERACTION_CREATE", "THREAD_DELETE"}
