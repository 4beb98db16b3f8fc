"""The Discord client: intents, commands, and an orderly start and end. The cogs do the rest."""

import asyncio
import contextlib
import hashlib
import json
import logging
import signal
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Never

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.clock import Clock
from bot.cluster.membership import ClusterMembership
from bot.cluster.spec import ByHand, read_shards
from bot.contract.grace import Module
from bot.errors import BadSettings, ServiceUnreachable
from bot.jobs.remote_control import RemoteJobControl
from bot.jobs.runner import JobRunner
from bot.limits import Limiter
from bot.service_calls.client import ServiceClient
from bot.settings import Settings
from bot.store.repositories.key_value import COMMANDS
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
"""What the bot asks for when it is invited."""

_KNOWN_LOCALES: Final = 10_000
_SETTLE_S: Final = 3.0
"""How long a process, whose shards others have now, still works on what had come in; what has not
ended by then is handed over."""
_LOOK_EVERY_S: Final = 0.05
_OTHERS_REGISTER_S: Final = 0.5


class Locales:
    """The language of people's own Discord, as their last interaction told it; in memory only."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, str] = OrderedDict()

    def get(self, user_id: int) -> str | None:
        """What is known of a person."""
        return self._known.get(user_id)

    def put(self, user_id: int, locale: str) -> None:
        """Note a person's language; the one not heard of for longest is forgotten."""
        self._known[user_id] = locale
        self._known.move_to_end(user_id)
        if len(self._known) > _KNOWN_LOCALES:
            self._known.popitem(last=False)


class SkyDeck(commands.AutoShardedBot):
    """The bot. Whoever makes it opens its parts before, and closes them after.

    Attributes:
        settings: All settings.
        services: The three services.
        store: Memory that lasts.
        runner: Runs jobs; the bot closes it, because telling people needs the bot.
        voices: Opens voice conversations.
        clock: Time.
        grace: Grace's modules by name.
        limiter: How often people may ask.
        locales: Which languages they use.
        membership: Decides which shards this process serves.
        elsewhere: Stops jobs, in whichever process they run.
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
            # Said, not left to the developer portal: in a group of people where a person may use
            # the bot of another server it could read nothing and answer once.
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=False
            ),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **options,
        )
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
        services.when_low(lambda call, balances: self.dispatch("budget_low", call, balances))
        self.membership = ClusterMembership(
            self, clock, spec, store.shard_leases, grace_s=settings.skydeck_farewell_s
        )
        self.elsewhere = RemoteJobControl(
            runner,
            store.jobs,
            store.pubsub,
            clock,
            on_forget=lambda user_id: self.dispatch("person_forgotten", user_id),
            shares_work=self.membership.is_shared,
        )
        self._listening: asyncio.Task[Never] | None = None
        self._cogs_to_load = cogs
        self._on_online: Callable[[], object] | None = None

    async def setup_hook(self) -> None:
        """Load the cogs, register the commands if they changed, take up jobs left behind."""
        for name in self._cogs_to_load:
            await self.load_extension(name)
        await self.register_commands()
        self._listening = self.loop.create_task(self.elsewhere.listen(), name="other processes")
        self.runner.begin_recovery()

    async def register_commands(self) -> bool:
        """Register the commands, unless they are what was registered last; whether it was needed.

        Raises:
            StoreFailed: What was registered cannot be looked up.
            discord.HTTPException: Discord refused them.
        """
        translator = self.tree.translator
        payload = [
            command.to_dict(self.tree)
            if translator is None
            else await command.get_translated_payload(self.tree, translator)
            for command in self._all_commands()
        ]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        name = f"{COMMANDS}:{self.application_id}"
        while await self.store.key_value.get(name) != digest:
            if await self.membership.may_register():
                break
            await self.clock.sleep(_OTHERS_REGISTER_S)
        else:
            return False
        await self.tree.sync()
        await self.store.key_value.set(name, digest)
        log.info("%d commands registered", len(payload))
        return True

    def _all_commands(
        self,
    ) -> "Iterator[discord.app_commands.Command[Any, Any, Any] | discord.app_commands.Group | discord.app_commands.ContextMenu]":  # noqa: E501
        for kind in discord.AppCommandType:
            yield from self.tree.get_commands(type=kind)

    async def launch_shards(self) -> None:
        """Come up: with shards that are claimed, or with discord.py's own."""
        if self.membership.is_claimed:
            await self.membership.begin()
        else:
            await super().launch_shards()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify no sooner than Discord lets us, all processes together."""
        if not await self.membership.wait_to_identify(shard_id or 0):
            await super().before_identify_hook(shard_id, initial=initial)

    async def on_message(self, message: discord.Message) -> None:
        """Nothing: there are no commands with a prefix; the chat cog listens by itself."""

    async def on_ready(self) -> None:
        """Say that people can talk now."""
        log.info("online as %s in %d servers", self.user, len(self.guilds))
        if self._on_online is not None:
            self._on_online()

    async def close(self) -> None:
        """Tell everybody whose job is running, while there is a connection to do so; then leave."""
        if not self.is_closed():
            await self.membership.end()
            await self._settle()
            await self.runner.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await super().close()

    async def _settle(self) -> None:
        """Let what has come in on shards that others have now be written down as jobs."""
        until = self.clock.now() + (_SETTLE_S if self.membership.is_claimed else 0.0)
        while self.clock.now() < until and any(map(_is_answering, asyncio.all_tasks())):
            await self.clock.sleep(_LOOK_EVERY_S)

    async def run_until_stopped(self, *, on_online: Callable[[], object]) -> None:
        """Be online until SIGINT or SIGTERM; `on_online` is called when people can talk.

        Raises:
            BadSettings: The token is refused, or an intent is not switched on.
            ServiceUnreachable: Discord does not answer.
        """
        self._on_online = on_online
        token = _token(self.settings)
        with stopped_by_signals(self), discord_errors():
            await self.start(token)


def _is_answering(task: "asyncio.Task[Any]") -> bool:
    """Whether a task is one in which discord.py handles a message or a command."""
    return task.get_name().startswith(("discord.py: on_message", "CommandTree"))


@dataclass(frozen=True, slots=True)
class Account:
    """The bot's account: its name and its invite link."""

    name: str
    invite: str


async def check_token(settings: Settings) -> Account:
    """Ask Discord whose token it is.

    Raises:
        BadSettings: There is none, or Discord refuses it, or it may not read messages.
        ServiceUnreachable: Discord does not answer.
    """
    token = _token(settings)
    async with discord.Client(intents=_intents()) as client:  # discord.py warns of fewer
        with discord_errors():
            await client.login(token)
            application = await client.application_info()
    flags = application.flags
    if not (flags.gateway_message_content or flags.gateway_message_content_limited):
        raise BadSettings(_MAY_NOT_READ, hint=_SWITCH_ON)
    return Account(application.name, invite=invite_link(application.id))


_MAY_NOT_READ: Final = "The bot may not read messages."
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
    """What keeps a bot from going online, in words."""
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
def stopped_by_signals(bot: SkyDeck) -> Iterator[None]:
    """Within the block, SIGINT and SIGTERM close the bot; a second one is not held up."""
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
    except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt
        pass
    try:
        yield
    finally:
        if not closing:
            with contextlib.suppress(NotImplementedError):
                for one in signals:
                    loop.remove_signal_handler(one)


def invite_link(application_id: int) -> str:
    """Where the owner of a server lets the bot in."""
    return discord.utils.oauth_url(
        application_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
    )


def how_to_get_a_token() -> str:
    """Three lines."""
    link = invite_link(0).replace("client_id=0", "client_id=APPLICATION_ID")
    return (
        "\n  1. https://discord.com/developers/applications > New Application > Bot > Reset Token; "
        "put it into .env as DISCORD_TOKEN=…"
        "\n  2. On the same page switch on 'Message Content Intent', and save."
        f"\n  3. Invite it to your server: {link}"
    )


def _intents() -> discord.Intents:
    """Servers, messages with their words, voice states; no presences and no member lists."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.messages = True
    intents.message_content = True
    intents.voice_states = True
    return intents
