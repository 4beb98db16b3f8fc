"""What comes in on the shards' lines, and how it reaches discord.py.

Two things are done to it on the way. What two sessions of a shard both tell is taken in once. And
whoever resumes a dead process's session is told only what is new, not which servers there are:
when something happens in a server that is not known, it is looked up first, and the events wait.
"""

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
import discord

from bot.clock import Clock

log = logging.getLogger(__name__)

Parser = Callable[[Any], Any]

_KNOWN_IDS: Final = 4_096
_LOOK_UPS: Final = 4
"""How many servers are looked up at once; each takes four of the 50 requests a second."""
_WAITING_LIMIT: Final = 200
"""How many events may wait for one server."""
_ANSWER_WITHIN_S: Final = 3.0
"""Discord does not take a first answer to an interaction later."""
_ONCE: Final = frozenset({"MESSAGE_CREATE", "INTERACTION_CREATE"})
_RAW: Final = frozenset({"MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"})
"""discord.py tells of these without knowing the server; what was deleted is to be forgotten."""
_UP: Final = frozenset({"READY", "RESUMED"})


class EventIntake:
    """Takes in the events of all shards of one client.

    Args:
        client: Whose.
        clock: Time.
    """

    def __init__(self, client: discord.AutoShardedClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._waiting: defaultdict[int, list[tuple[Parser, Any]]] = defaultdict(list)
        self._look_ups: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_LOOK_UPS)

    def parsers(self, on_up: Callable[[str], object]) -> dict[str, Parser]:
        """discord.py's parsers for one connection, with this intake before them.

        Args:
            on_up: Called when the session is there: with READY, or RESUMED.
        """

        def passing(name: str, parser: Parser) -> Parser:
            def take(data: Any) -> None:
                if name in _UP:
                    parser(data)
                    on_up(name)
                else:
                    self.take(name, parser, data)

            return take

        known: Mapping[str, Parser] = self._client._connection.parsers  # noqa: SLF001
        return {name: passing(name, parser) for name, parser in known.items()}

    def take(self, name: str, parser: Parser, data: Any) -> None:
        """Hand an event on to discord.py: now, when its server is known, or never."""
        if name in _ONCE and (self._is_repeated(data["id"]) or self._is_late(name, data)):
            return
        if name == "GUILD_DELETE":
            self._part(data)
        guild_id = int(data.get("guild_id") or 0) if isinstance(data, dict) else 0
        if guild_id in self._waiting:
            self._wait(guild_id, parser, data)
        elif not guild_id or self._knows(guild_id) or name in _RAW:
            parser(data)
        elif _is_for_us(name, data):
            self._wait(guild_id, parser, data)
        # else discord.py would throw it away, too: the look-up will tell how things are by then

    def _part(self, data: Any) -> None:
        """Let discord.py tell that the bot was put out of a server, also of one not known."""
        state = self._client._connection  # noqa: SLF001
        if not data.get("unavailable"):
            state._add_guild(state._get_or_create_unavailable_guild(int(data["id"])))  # noqa: SLF001

    def forget(self, shard_id: int) -> None:
        """Another process serves this shard: what is known of its servers grows old."""
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
        """Whether an interaction is of a time when nobody was there to answer it."""
        if name != "INTERACTION_CREATE":
            return False
        asked_at = discord.utils.snowflake_time(int(data["id"])).timestamp()
        is_late = self._clock.wall() - asked_at > _ANSWER_WITHIN_S
        if is_late:
            log.info("an interaction came too late to be answered")
        return is_late

    def _knows(self, guild_id: int) -> bool:
        """Whether a server is known; after READY it is only a name until GUILD_CREATE."""
        guild = self._client.get_guild(guild_id)
        return guild is not None and not guild.unavailable

    # -- servers that are not known ---------------------------------------------------------------

    def _wait(self, guild_id: int, parser: Parser, data: Any) -> None:
        is_first = guild_id not in self._waiting
        waiting = self._waiting[guild_id]
        if len(waiting) < _WAITING_LIMIT:
            waiting.append((parser, data))
        if is_first:
            task = self._client.loop.create_task(self._look_up(guild_id))
            self._look_ups.add(task)
            task.add_done_callback(self._look_ups.discard)

    async def _look_up(self, guild_id: int) -> None:
        try:
            async with self._room:
                if not self._knows(guild_id):
                    whole = await self._whole(guild_id)
                    if not self._knows(guild_id):
                        self._client._connection.parsers["GUILD_CREATE"](whole)  # noqa: SLF001
        except (discord.HTTPException, aiohttp.ClientError, OSError) as e:
            log.warning("a server could not be looked up: %s", type(e).__name__)
        finally:
            for parser, data in self._waiting.pop(guild_id, []):
                if self._knows(guild_id):
                    parser(data)

    async def _whole(self, guild_id: int) -> dict[str, Any]:
        """A server as GUILD_CREATE would tell of it, but for who is in its voice channels."""
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


def _is_for_us(name: str, data: Any) -> bool:
    """Whether somebody may want something, or it has to be forgotten: worth a look-up."""
    if name == "MESSAGE_CREATE":
        return not data["author"].get("bot") and not data.get("webhook_id")
    return name in {"INTERACTION_CREATE", "THREAD_DELETE"}
