"""Puts the services together from the settings: which models, which voices, who shares what."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.catalogue import load_grace
from bot.clock import SystemClock
from bot.contract import Service
from bot.settings import Settings
from bot.workers.claude import Claude
from bot.workers.factory.handler import FactoryHandler
from bot.workers.grace.handler import GraceHandler
from bot.workers.penny.asr import Whisper
from bot.workers.penny.handler import PennyHandler
from bot.workers.penny.tts import LocalVoices
from bot.workers.ports import Handler, LanguageModel
from bot.workers.qwen import Qwen

EARS_ENGLISH, EARS_OTHERS, VOICE = "whisper-tiny.en", "whisper-base", "piper-joe"

ModelFolder = Callable[[str], Path]
"""Gives the folder of a model by its name in `weights.toml`, fetched and verified; blocking."""


@dataclass(frozen=True, slots=True)
class Workers:
    """The three services in this process, by endpoint name, and the models that they share."""

    handlers: Mapping[str, Handler]
    _models: tuple[LanguageModel, ...]

    async def close(self) -> None:
        """Let go of all models."""
        for handler in self.handlers.values():
            await handler.close()
        for model in self._models:
            await model.close()


def models_needed(settings: Settings, services: Collection[Service]) -> list[str]:
    """The models that these services load with these settings."""
    speech = [EARS_ENGLISH, EARS_OTHERS, VOICE] if Service.PENNY in services else []
    return [*speech, settings.skydeck_local_model.value]


def build_workers(settings: Settings, folder: ModelFolder) -> Workers:
    """The services; nothing is loaded before it is needed.

    Args:
        settings: Which models to use.
        folder: Where they are.

    Raises:
        BadSettings: Grace's catalogue cannot be used.
    """
    clock = SystemClock()
    threads = settings.skydeck_threads or os.cpu_count() or 1
    local_model = settings.skydeck_local_model.value
    qwen = Qwen(lambda: folder(local_model) / "model.gguf", threads=threads)
    models: list[LanguageModel] = [qwen]
    brain: LanguageModel = qwen
    if settings.anthropic_api_key is not None:
        brain = Claude(settings.anthropic_api_key, model=settings.anthropic_model)
        models.append(brain)
    penny = PennyHandler(
        ears=Whisper(lambda: folder(EARS_ENGLISH), lambda: folder(EARS_OTHERS), threads=threads),
        brain=brain,
        mouth=LocalVoices(lambda: folder(VOICE)),
        clock=clock,
    )
    handlers: dict[str, Handler] = {
        "penny": penny,
        "grace": GraceHandler(load_grace(settings), qwen),
        "factory": FactoryHandler(qwen),
    }
    return Workers(handlers, tuple(models))
