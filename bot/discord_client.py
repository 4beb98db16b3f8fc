"""The Discord client: intents, command registration, start and shutdown. The cogs do the rest."""

import asyncio
import contextlib
import hashlib
import json
import logging
import signal
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Never
from urllib.parse import urlsplit

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.clock import Clock, SystemClock
from bot.cluster.discord_time import DiscordTime
from bot.cluster.membership import ClusterMembership
from bot.cluster.spec import ByHand, read_shards
from bot.contract.grace import Module
from bot.env_file import settings_file
from bot.errors import BadSettings, ServiceUnreachable
from bot.jobs.remote_control import RemoteJobControl
from bot.jobs.runner import JobRunner
from bot.observability.request_names import request_name
from bot.proxies import proxy_for
from bot.rate_limits import Limiter
from bot.recently_deleted import RecentlyDeleted
from bot.service_calls.client import ServiceClient
from bot.settings import Settings
from bot.spans import persons_request
from bot.store.repositories.key_value import COMMAND_IDS, COMMANDS
from bot.store.store import Store
from bot.voice_agent.session_factory import VoiceSessionFactory

log = logging.getLogger(__name__)

COGS: Final = (
    "cogs.errors",
    "cogs.chat",
    "cogs.grace",
    "cogs.factory",
    "cogs.voice",
    "cogs.costs",
    "cogs.status",
    "cogs.jobs",
    "cogs.ops",
)

PERMISSIONS: Final = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    manage_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
    add_reactions=True,
    send_voice_messages=True,
    connect=True,
    speak=True,
    use_voice_activation=True,
    request_to_speak=True,
)
"""The permissions that the invite link asks for."""

_KNOWN_LOCALES: Final = 10_000
_SETTLE_S: Final = 3.0
"""How long a process whose shards were taken over keeps handling what had arrived; the rest is
handed over."""
_LOOK_EVERY_S: Final = 0.05
_OTHERS_REGISTER_S: Final = 0.5
INVALID_FORM: Final = 50035
"""Discord's code for a request whose parts it refuses, each by its place in it."""


_REQUESTS: Final = ("MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE")
"""Events with which somebody may ask for something."""


def _as_request(name: str, parser: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Give each event an id, which its log lines, its calls and the workers' have, too."""

    def receive(data: Any) -> None:
        with persons_request():
            if name == "INTERACTION_CREATE" and (asked := request_name(data)):
                log.info("request: %s", asked)
            parser(data)

    return receive


class Locales:
    """The locale of each person's Discord client, from their last interaction; in memory only."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, str] = OrderedDict()

    def get(self, user_id: int) -> str | None:
        """A person's locale, if it is known."""
        return self._known.get(user_id)

    def put(self, user_id: int, locale: str) -> None:
        """Store a person's locale; the least recently stored one is dropped."""
        self._known[user_id] = locale
        self._known.move_to_end(user_id)
        if len(self._known) > _KNOWN_LOCALES:
            self._known.popitem(last=False)


class SkyDeck(commands.AutoShardedBot):
    """The bot. Its creator opens its parts before it, and closes them afterwards.

    Attributes:
        runner: Runs jobs; the bot closes it, because it needs the bot to tell people.
        grace: Grace's modules by name.
        limiter: Limits how often people may ask.
        locales: The locales of people's Discord clients.
        deleted: What was deleted in Discord lately.
        membership: Decides which shards this process serves.
        remote_jobs: Stops jobs in any process.
        command_ids: Discord's ids of the slash commands, by their English names. People can click
            on a command whose id is known.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        services: ServiceClient,
        store: Store,
        runner: JobRunner,
        voices: VoiceSessionFactory,
        clock: Clock,
        grace: Mapping[str, Module],
        cogs: Sequence[str] = COGS,
        **options: Any,
    ) -> None:
        spec = read_shards(settings.skydeck_shards)
        if isinstance(spec, ByHand):
            options |= {"shard_ids": list(spec.ids), "shard_count": spec.count}
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=_intents(),
            allowed_mentions=discord.AllowedMentions.none(),
            # Explicit, rather than left to the developer portal: where only a person has brought
            # it along, the bot reads nothing. Commands that need nothing say so (`for_people`).
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=False
            ),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **({"proxy": discord_proxy()} | options),
        )
        parsers = self._connection.parsers
        parsers |= {name: _as_request(name, parsers[name]) for name in _REQUESTS}
        self.settings = settings
        self.services = services
        self.store = store
        self.runner = runner
        self.voices = voices
        self.clock = clock
        self.grace = grace
        self.limiter = Limiter(
            clock,
            user_per_minute=settings.skydeck_user_per_minute,
            guild_per_minute=settings.skydeck_guild_per_minute,
        )
        self.locales = Locales()
        self.deleted = RecentlyDeleted()
        services.when_low(lambda call, balances: self.dispatch("budget_low", call, balances))
        self.membership = ClusterMembership(
            self, clock, spec, store.shard_leases, grace_s=settings.skydeck_farewell_s
        )
        self.remote_jobs = RemoteJobControl(
            runner,
            store.jobs,
            store.pubsub,
            clock,
            on_forget=lambda user_id: self.dispatch("person_forgotten", user_id),
            shares_work=self.membership.is_shared,
        )
        self.command_ids: Mapping[str, int] = {}
        self._listening: asyncio.Task[Never] | None = None
        self._cogs_to_load = cogs
        self._on_online: Callable[[], object] | None = None

    async def setup_hook(self) -> None:
        """Load the cogs, register the commands if they changed, and recover jobs."""
        for name in self._cogs_to_load:
            # Not `load_extension`: closing the bot would forget the modules, and the next bot of
            # this process would execute all of their source again.
            await import_module(name).setup(self)
        await self.register_commands()
        self._listening = self.loop.create_task(self.remote_jobs.listen(), name="other processes")
        self.runner.begin_recovery()

    async def register_commands(self) -> bool:
        """Register the commands if they have changed; returns whether they had.

        Raises:
            StoreFailed: The last registration cannot be read.
            discord.app_commands.CommandSyncFailure: Discord refused a command, which it names.
            discord.HTTPException: Discord refused all of them, or does not answer.
        """
        translator, registered = self.tree.translator, list(self._all_commands())
        payload = [
            command.to_dict(self.tree)
            if translator is None
            else await command.get_translated_payload(self.tree, translator)
            for command in registered
        ]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        name = f"{COMMANDS}:{self.application_id}"
        while await self.store.key_value.get(name) != digest:
            if await self.membership.may_register():
                break
            await self.clock.sleep(_OTHERS_REGISTER_S)
        else:
            await self._learn_ids(digest)
            return False
        # Not `tree.sync`, which would make the payload again.
        if self.application_id is None:
            raise AssertionError("who has logged in has an application")
        try:
            listed = await self.http.bulk_upsert_global_commands(
                self.application_id, payload=payload
            )
        except discord.HTTPException as e:
            if e.code != INVALID_FORM:
                raise
            raise app_commands.CommandSyncFailure(e, registered) from None
        await self._note_ids(digest, listed)
        await self.store.key_value.set(name, digest)
        log.info("%d commands registered", len(payload))
        return True

    async def _learn_ids(self, digest: str) -> None:
        """Read the ids that whoever registered the commands has noted, else ask Discord for them.

        Without them people can type the commands, but not click on them.
        """
        noted = await self.store.key_value.get(f"{COMMAND_IDS}:{self.application_id}")
        known = json.loads(noted) if noted else {}
        if known.get("digest") == digest:
            self.command_ids = known["ids"]
            return
        if self.application_id is None:
            raise AssertionError("who has logged in has an application")
        with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            listed = await self.http.get_global_commands(self.application_id)
            await self._note_ids(digest, listed)

    async def _note_ids(self, digest: str, listed: Sequence[Mapping[str, Any]]) -> None:
        """Note the ids of the slash commands that Discord lists, for the other processes, too."""
        slash = discord.AppCommandType.chat_input.value
        self.command_ids = {
            str(one["name"]): int(one["id"]) for one in listed if one.get("type", slash) == slash
        }
        known = json.dumps({"digest": digest, "ids": self.command_ids})
        await self.store.key_value.set(f"{COMMAND_IDS}:{self.application_id}", known)

    def _all_commands(
        self,
    ) -> "Iterator[discord.app_commands.Command[Any, Any, Any] | discord.app_commands.Group | discord.app_commands.ContextMenu]":  # noqa: E501
        for kind in discord.AppCommandType:
            yield from self.tree.get_commands(type=kind)

    async def launch_shards(self) -> None:
        """Start the shards that this process claims, or else discord.py's own."""
        if self.membership.is_claimed:
            await self.membership.begin()
        else:
            await super().launch_shards()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for this process's turn to identify, in step with all other processes."""
        if not await self.membership.wait_to_identify(shard_id or 0):
            await super().before_identify_hook(shard_id, initial=initial)

    async def on_message(self, message: discord.Message) -> None:
        """Do nothing: there are no prefix commands, and the chat cog has its own listener."""

    async def on_ready(self) -> None:
        """Report that people can talk now."""
        log.info("online as %s in %d servers", self.user, len(self.guilds))
        if self._on_online is not None:
            self._on_online()

    async def close(self) -> None:
        """Tell everybody whose job is running, while there is a connection; then disconnect."""
        if not self.is_closed():
            await self.membership.end()
            await self._settle()
            await self.runner.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await super().close()

    async def _settle(self) -> None:
        """Let events that arrived on lost shards get into the journal as jobs."""
        until = self.clock.now() + (_SETTLE_S if self.membership.is_claimed else 0.0)
        while self.clock.now() < until and any(map(_is_answering, asyncio.all_tasks())):
            await self.clock.sleep(_LOOK_EVERY_S)

    async def run_until_stopped(self, *, on_online: Callable[[], object]) -> None:
        """Be online until SIGINT or SIGTERM; `on_online` is called when people can talk.

        Raises:
            BadSettings: The token is refused, or an intent is disabled.
            ServiceUnreachable: Discord does not answer.
        """
        self._on_online = on_online
        token = _token(self.settings)
        with discord_errors(), stopped_by_signals(self) as stopping:
            try:
                await self.start(token)
            except Exception:
                if not stopping:
                    raise
                # It was going online: the session was closed under one of its requests.
                log.debug("What the stop interrupted:", exc_info=True)
            await asyncio.gather(*stopping)


def _is_answering(task: "asyncio.Task[Any]") -> bool:
    """Whether discord.py handles a message or a command in this task."""
    return task.get_name().startswith(("discord.py: on_message", "CommandTree"))


@dataclass(frozen=True, slots=True)
class Account:
    """The bot's account: its name and its invite link.

    Attributes:
        invite: None where discord.py is pointed at another Discord than Discord's own: the link
            leads to discord.com, which does not know the account.
        ahead_s: How far this machine's clock is ahead of Discord's, in seconds; negative: behind.
    """

    name: str
    invite: str | None
    ahead_s: float = 0.0


async def check_token(settings: Settings) -> Account:
    """Ask Discord whose token it is.

    Raises:
        BadSettings: There is no token, Discord refuses it, or it may not read messages.
        ServiceUnreachable: Discord does not answer.
    """
    token = _token(settings)
    time = DiscordTime(SystemClock())
    async with discord.Client(  # discord.py warns about fewer intents
        intents=_intents(), http_trace=time.trace(), proxy=discord_proxy()
    ) as client:
        with discord_errors():
            await client.login(token)
            application = await client.application_info()
    flags = application.flags
    if not (flags.gateway_message_content or flags.gateway_message_content_limited):
        raise BadSettings(_MAY_NOT_READ, hint=_SWITCH_ON)
    invite = invite_link(application.id) if _is_at_discord() else None
    return Account(application.name, invite, time.ahead_s())


def _is_at_discord() -> bool:
    return urlsplit(discord.http.Route.BASE).hostname == "discord.com"


_MAY_NOT_READ: Final = "The bot is not allowed to read messages."
_SWITCH_ON: Final = (
    "Switch on 'Message Content Intent' on the application's Bot page at "
    "https://discord.com/developers/applications"
)


def _token(settings: Settings) -> str:
    if settings.discord_token is None:
        raise BadSettings("DISCORD_TOKEN is not set.", hint=how_to_get_a_token())
    return settings.discord_token.get_secret_value().strip()


@contextlib.contextmanager
def discord_errors() -> Iterator[None]:
    """Translate what keeps a bot from going online."""
    try:
        yield
    except discord.LoginFailure:
        raise BadSettings("Discord refuses DISCORD_TOKEN.", hint=how_to_get_a_token()) from None
    except discord.PrivilegedIntentsRequired:
        raise BadSettings(_MAY_NOT_READ, hint=_SWITCH_ON) from None
    except (discord.GatewayNotFound, discord.DiscordServerError, aiohttp.ClientError, OSError) as e:
        raise ServiceUnreachable(
            f"Discord does not answer ({type(e).__name__}).",
            hint="Check the network, and https://discordstatus.com",
        ) from None


@contextlib.contextmanager
def stopped_by_signals(bot: SkyDeck) -> Iterator[Sequence["asyncio.Task[None]"]]:
    """Close the bot on SIGINT or SIGTERM within the block; a second signal acts at once.

    Yields:
        The task that closes it, once there is one.
    """
    loop = asyncio.get_running_loop()
    closing: list[asyncio.Task[None]] = []
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop() -> None:
        for one in signals:
            loop.remove_signal_handler(one)
        closing.append(loop.create_task(bot.close()))

    try:
        for one in signals:
            loop.add_signal_handler(one, stop)
    except NotImplementedError:  # Windows raises KeyboardInterrupt on Ctrl-C
        pass
    try:
        yield closing
    finally:
        if not closing:
            with contextlib.suppress(NotImplementedError):
                for one in signals:
                    loop.remove_signal_handler(one)


def discord_proxy() -> str | None:
    """The proxy for Discord's API, its gateways and its files.

    Voice itself is UDP, which no HTTP proxy carries.

    Raises:
        BadSettings: The proxy in the environment cannot be used.
    """
    return proxy_for(discord.http.Route.BASE)


def invite_link(application_id: int) -> str:
    """The link that invites the bot to a server."""
    return discord.utils.oauth_url(
        application_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
    )


def how_to_get_a_token() -> str:
    """The steps to a token."""
    link = invite_link(0).replace("client_id=0", "client_id=APPLICATION_ID")
    return (
        "\n  1. https://discord.com/developers/applications > New Application > Bot > Reset Token; "
        f"put it into {settings_file()} as DISCORD_TOKEN=…"
        "\n  2. On the same page switch on 'Message Content Intent', and save."
        f"\n  3. Invite it to your server: {link}"
    )


def _intents() -> discord.Intents:
    """Servers, messages with their content, and voice states; no presences, no member lists."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.messages = True
    intents.message_content = True
    intents.voice_states = True
    return intents
