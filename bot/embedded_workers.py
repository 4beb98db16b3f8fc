"""The services' workers in this process: their models are chosen, fetched, and loaded."""

import asyncio
import contextlib
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from functools import partial
from pathlib import Path

from bot.clock import SystemClock
from bot.contract import Service
from bot.llm_source import SMALL
from bot.loading import LoadPart, begins
from bot.models.any_model import ensure_models
from bot.models.store import ModelStore
from bot.processors import model_threads
from bot.settings import Settings
from bot.spans import SpanSink
from bot.workers.build import Workers, build_workers, models_needed, voice_is_local
from bot.workers.llm_choice import LlmChoice, present_choice, settle_choice
from bot.workers.protocols import Handler
from bot.workers.traced import TracedHandler

log = logging.getLogger(__name__)

Fetch = Callable[[ModelStore, list[str]], object]
"""Fetches whichever of these models are missing, and shows its progress; blocking, or awaitable."""


def model_fetcher(settings: Settings) -> Callable[[str], Path]:
    """Make a function that gives a model's folder by name, and fetches a missing model."""
    store = ModelStore(settings.skydeck_weights_dir)
    return lambda name: ensure_models(store, [name])[name]


@contextlib.asynccontextmanager
async def open_workers(
    settings: Settings, fetch: Fetch, only: Collection[Service]
) -> AsyncIterator[Workers]:
    """Run the workers of these services; their models are fetched first.

    Raises:
        WeightsError: They cannot be fetched.
        BadSettings: Grace's catalogue is invalid.
    """
    choice = await fetch_models(settings, fetch, only)
    workers = build_workers(settings, model_fetcher(settings), only, choice)
    try:
        yield workers
    finally:
        await workers.close()


async def fetch_models(settings: Settings, fetch: Fetch, only: Collection[Service]) -> LlmChoice:
    """Choose the language models, and fetch all that these services need.

    Raises:
        WeightsError: They cannot be fetched.
    """
    store = ModelStore(settings.skydeck_weights_dir)
    choice = await _choose_llms(settings, store, fetch, only)
    await _fetched(fetch(store, models_needed(settings, only, choice)))
    return choice


async def _choose_llms(
    settings: Settings, store: ModelStore, fetch: Fetch, only: Collection[Service]
) -> LlmChoice:
    """Choose the language models; the first start measures whether the larger one suits voice."""
    choice = present_choice(settings)
    if not choice.needs_trial or not voice_is_local(settings, only):
        return choice
    from bot.workers.llm_trial import measure_first_sentence  # noqa: PLC0415  (an extra)

    # All that this start needs for certain, at once, so that people see one total. Only a machine
    # that is too slow for the larger model fetches the smaller one, too.
    await _fetched(fetch(store, models_needed(settings, only, choice)))
    file = store.ensure([SMALL])[SMALL] / "model.gguf"
    threads = settings.skydeck_threads or model_threads()
    measure = partial(measure_first_sentence, file, threads=threads, device=settings.skydeck_device)
    log.info("measuring how soon %s answers", SMALL)
    begins(LoadPart.LANGUAGE, f"measuring how soon {SMALL} answers")
    choice = await asyncio.to_thread(settle_choice, settings, measure)
    log.info("for voice: %s (%s)", choice.voice.name, choice.why)
    if len(choice.sources) > 1:
        begins(LoadPart.FILES, f"For voice, {choice.voice.name}: {choice.why}.")
    return choice


async def _fetched(fetching: object) -> None:
    if inspect.isawaitable(fetching):
        await fetching


def traced(handlers: Mapping[str, Handler], sink: SpanSink | None) -> Mapping[str, Handler]:
    """Let the services record spans, if there is a sink for them."""
    if sink is None:
        return handlers
    return {name: TracedHandler(one, sink, SystemClock()) for name, one in handlers.items()}
