"""How `skydeck talk` opens a conversation, and what it runs on."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from audio.devices.duplex import DuplexAudio
from bot.clock import Clock, SystemClock
from bot.composition import Services, WarmUp, available, open_paid_services
from bot.contract.grace import Module
from bot.local_voice.memory import Memory
from bot.local_voice.prefs import Prefs
from bot.models.any_model import ensure_models
from bot.settings import Settings

Connect: TypeAlias = Callable[[Settings], contextlib.AbstractAsyncContextManager[Services]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to open a conversation.

    Attributes:
        settings: All settings.
        prefs: What the person chose before.
        prefs_path: Where to keep their choices; None: in the user's folder.
        modules: Grace's modules.
        memory: Keeps what was said; None: nothing does.
        save_to: The folder for saved conversations.
        global_key: The name of a key that talks whichever window is in front; None: no key does.
    """

    settings: Settings
    prefs: Prefs
    modules: Mapping[str, Module]
    prefs_path: Path | None = None
    memory: Memory | None = None
    save_to: Path = field(default_factory=Path.cwd)
    global_key: str | None = None

    def keep_prefs(self) -> None:
        """Keep the person's choices for the next run."""
        self.prefs.keep(self.prefs_path)


def connect(settings: Settings) -> contextlib.AbstractAsyncContextManager[Services]:
    """Open the services: RunPod's, or on this machine with all models loaded."""
    return open_paid_services(
        settings,
        fetch=ensure_models,
        only=available(settings),
        warm_up=WarmUp.FIRST,
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a conversation runs on.

    Attributes:
        connect: Opens the services.
        sound: Opens the microphone and the loudspeaker; takes the arguments of `DuplexAudio`.
        clock: Times the whole conversation.
    """

    connect: Connect = connect
    sound: Callable[..., DuplexAudio] = DuplexAudio
    clock: Clock = field(default_factory=SystemClock)
