"""The composition root of `skydeck bot`: it builds the bot from the settings, and runs it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final, Never

from bot import figures
from bot.actions.phrases import phrases
from bot.budgets import limits_of
from bot.catalogue import load_grace
from bot.clock import Clock, SystemClock
from bot.cluster.spec import Alone, check_shards, read_shards
from bot.composition import Services, open_services
from bot.discord_client import SkyDeck, check_token
from bot.embedded_workers import Fetch, model_fetcher
from bot.errors import StoreFailed, WeightsError
from bot.i18n import INTERFACE_LANGUAGES
from bot.jobs.runner import JobRunner
from bot.models.manifest import SPEECH_MODELS
from bot.models.store import ModelStore
from bot.observability.bot import Observability, open_observability
from bot.observability.heartbeat import send_heartbeats
from bot.pauses import spare_long_lived
from bot.settings import Settings
from bot.store.address import Address
from bot.store.store import Store
from bot.voice_agent.recordings import RecordingStore
from bot.voice_agent.session_factory import VoiceSessionFactory

log = logging.getLogger(__name__)

PRUNE_EVERY_S: Final = 6 * 3600.0
"""How often the bot deletes what is too old."""
Say = Callable[[str], object]
"""Reports startup progress to whoever started the bot."""


async def run_bot(settings: Settings, *, fetch: Fetch, say: Say) -> None:
    """Be online in Discord until Ctrl-C.

    Args:
        settings: All settings.
        fetch: Fetches missing model files.
        say: Reports startup progress to whoever started the bot.

    Raises:
        BadSettings: No usable token, database or endpoint; the hint says how to get one.
        WeightsError: The local models are missing and cannot be fetched.
        ServiceUnreachable: Discord does not answer.
    """
    await _check(settings, say)
    clock = SystemClock()
    url = settings.skydeck_database_url.get_secret_value()
    async with (
        open_observability(settings, clock) as seen,
        Store.open(url, clock, limits=limits_of(settings)) as store,
        open_services(
            settings, fetch=fetch, ledger=store.ledger, observers=seen.observers, sink=seen.sink
        ) as services,
    ):
        if not isinstance(read_shards(settings.skydeck_shards), Alone):
            await store.pubsub.check()
        _fetch_speech_models(settings, fetch)
        recordings = _recordings(settings)
        async with (
            _open_bot(settings, clock, seen, store, services, recordings) as bot,
            seen.serving(bot),
            asyncio.TaskGroup() as chores,
        ):
            chores.create_task(asyncio.to_thread(phrases))  # else the first message compiles them
            endless = [
                chores.create_task(_prune(store, recordings, settings)),
                chores.create_task(send_heartbeats(bot, clock, with_services=services.embedded)),
            ]
            await bot.run_until_stopped(on_online=partial(_begin, say))
            for chore in endless:
                chore.cancel()


def _begin(say: Say) -> None:
    say("Online. Ctrl-C stops.")
    spare_long_lived(was_replaced=True)  # Discord may begin a new session at any time


async def _check(settings: Settings, say: Say) -> None:
    """Refuse a bad setting or token before 0.8 GB of models are fetched."""
    address = Address.parse(settings.skydeck_database_url.get_secret_value())
    check_shards(read_shards(settings.skydeck_shards), has_leases=address.file is None)
    account = await check_token(settings)
    invite = f" Invite it: {account.invite}" if account.invite else ""
    say(f"{account.name} is this bot.{invite}")
    if settings.embedded:
        say("No RUNPOD_API_KEY: the services run on this machine.")


@contextlib.asynccontextmanager
async def _open_bot(
    settings: Settings,
    clock: Clock,
    seen: Observability,
    store: Store,
    services: Services,
    recordings: RecordingStore | None,
) -> AsyncIterator[SkyDeck]:
    """Build the Discord client with what runs its jobs and its voice sessions."""
    figures.load(INTERFACE_LANGUAGES)
    voices = VoiceSessionFactory(
        client=services.client,
        clock=clock,
        weights=model_fetcher(settings),
        recordings=recordings,
        on_turn=seen.on_turn,
        on_overlap=seen.on_turn.overlapped,
        on_loaded=spare_long_lived,
    )
    runner = JobRunner(services.client, store.jobs, clock, outlive=not services.embedded)
    with contextlib.closing(voices):
        async with (
            runner,
            SkyDeck(
                settings=settings,
                services=services.client,
                store=store,
                runner=runner,
                voices=voices,
                clock=clock,
                grace=load_grace(settings),
            ) as bot,
        ):
            yield bot


def _fetch_speech_models(settings: Settings, fetch: Fetch) -> None:
    """Fetch the models that hear voice channels (11 MB); without them the rest of the bot works."""
    try:
        fetch(ModelStore(settings.skydeck_weights_dir), list(SPEECH_MODELS))
    except WeightsError as e:
        log.warning("voice channels cannot be heard yet; /join tries again: %s", e)


def _recordings(settings: Settings) -> RecordingStore | None:
    folder = settings.skydeck_voice_keep_dir
    if folder is None:
        return None
    return RecordingStore(
        folder,
        days=settings.skydeck_voice_keep_days,
        limit_bytes=settings.skydeck_voice_keep_mb * 1_000_000,
    )


async def _prune(store: Store, recordings: RecordingStore | None, settings: Settings) -> Never:
    """Delete what is older than its retention time."""
    while True:
        try:
            if recordings is not None:
                await asyncio.to_thread(recordings.prune, SystemClock().wall())
            await store.prune(
                message_days=settings.skydeck_message_days,
                job_days=settings.skydeck_job_days,
                ledger_days=settings.skydeck_ledger_days,
            )
        except StoreFailed as e:
            log.warning("nothing pruned: %s", e)
        await asyncio.sleep(PRUNE_EVERY_S)
