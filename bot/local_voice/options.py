"""How `skydeck talk` opens a conversation, and what it runs on."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from audio.devices.duplex import DuplexAudio
from bot.clock import Clock, SystemClock
from bot.composition import Services, WarmUp, available, open_paid_services
from bot.contract.grace import Module
from bot.errors import JobCancelled
from bot.loading import LoadPart, begins
from bot.local_voice.first_view import part_order
from bot.local_voice.load_progress import LoadProgress
from bot.local_voice.memory import Memory
from bot.local_voice.prefs import Prefs
from bot.models.any_model import ensure_models
from bot.models.manifest import SPEECH_MODELS
from bot.models.progress import Progress, Sink
from bot.models.store import ModelStore
from bot.settings import Settings
from bot.workers.build import models_needed
from bot.workers.penny.build import speech_models_needed

Fetch: TypeAlias = Callable[["Options", LoadProgress], object]
"""Fetches whichever models are missing, and checks the others; blocking."""
Connect: TypeAlias = Callable[
    [Settings, LoadProgress], contextlib.AbstractAsyncContextManager[Services]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to open a conversation.

    Attributes:
        prefs: What the person chose before.
        prefs_path: Where to keep their choices; None: in the user's folder.
        modules: Grace's modules.
        memory: Keeps what was said, if the person wants it; None: nothing can be kept.
        continues: Whether to go on with the latest conversation that was kept.
        save_to: The folder for saved conversations.
        global_key: The name of a key that talks whichever window is in front; None: no key does.
    """

    settings: Settings
    prefs: Prefs
    modules: Mapping[str, Module]
    prefs_path: Path | None = None
    memory: Memory | None = None
    continues: bool = False
    save_to: Path = field(default_factory=Path.cwd)
    global_key: str | None = None

    def keep_prefs(self) -> None:
        """Keep the person's choices for the next run."""
        self.prefs.keep(self.prefs_path)


def connect(
    settings: Settings, loading: LoadProgress
) -> contextlib.AbstractAsyncContextManager[Services]:
    """Open the services: RunPod's, or on this machine with all models loaded."""

    def fetch_more(store: ModelStore, names: list[str]) -> Awaitable[object]:
        return asyncio.to_thread(ensure_models, store, names, _reporting(loading))

    return open_paid_services(
        settings,
        fetch=fetch_more,
        only=available(settings),
        warm_up=WarmUp.FIRST,
    )


def parts_of(settings: Settings) -> dict[LoadPart, list[str]]:
    """What a conversation loads on this machine, with the models' names."""
    parts: dict[LoadPart, list[str]] = {part: [] for part in part_order(settings)}
    if settings.embedded:
        hearing_and_voices = set(speech_models_needed(settings))
        for name in models_needed(settings, available(settings)):
            is_speech = name in hearing_and_voices
            hears = is_speech and "whisper" in name
            speech = LoadPart.HEARING if hears else LoadPart.VOICES
            parts[speech if is_speech else LoadPart.LANGUAGE].append(name)
    parts[LoadPart.TURNS] = list(SPEECH_MODELS)
    return parts


def models_of(settings: Settings) -> list[str]:
    """The models that a conversation needs on this machine: for speech, and for the services."""
    return list(chain.from_iterable(parts_of(settings).values()))


def fetch(options: "Options", loading: LoadProgress) -> None:
    """Fetch the models that are missing, and check those that are new or have changed."""
    begins(LoadPart.FILES)
    settings = options.settings
    store = ModelStore(settings.skydeck_weights_dir)
    ensure_models(store, models_of(settings), _reporting(loading))
    if not settings.embedded:
        begins(LoadPart.CONNECTION)


def _reporting(loading: LoadProgress) -> Sink:
    def report(event: Progress) -> None:
        if loading.is_stopped:  # what was fetched is kept, and the next start continues from there
            raise JobCancelled
        if event.model:
            loading.reads(event.model, event.done, event.total)

    return report


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a conversation runs on.

    Attributes:
        fetch: Fetches and checks the models, before the services are opened.
        sound: Opens the microphone and the loudspeaker; takes the arguments of `DuplexAudio`.
        clock: Times the whole conversation.
    """

    fetch: Fetch = fetch
    connect: Connect = connect
    sound: Callable[..., DuplexAudio] = DuplexAudio
    clock: Clock = field(default_factory=SystemClock)
