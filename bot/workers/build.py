"""Builds the services and their models from the settings."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.clock import SystemClock
from bot.contract import Service
from bot.settings import Settings
from bot.workers.claude import Claude
from bot.workers.protocols import Handler, LanguageModel
from bot.workers.qwen import Qwen, sensible_threads

STT_ENGLISH, STT_MULTILINGUAL, TTS_ENGLISH = "whisper-tiny.en", "whisper-base", "piper-joe"

_SPIN_COUNT = "1000"
"""How long libgomp's threads (Whisper's and Qwen's) spin before they sleep. By default they hold
their cores for milliseconds after each step, just when the next model needs them: a spoken turn
took 0.79 s instead of 0.76 s (medians of five runs each), and a token beside a busy process 80 ms
instead of 71."""

ModelFolder = Callable[[str], Path]
"""Returns the folder of a model by its name in the manifest, fetched and verified. Blocks."""


@dataclass(frozen=True, slots=True)
class Workers:
    """The services of this process by endpoint id, and the models that they share."""

    handlers: Mapping[str, Handler]
    models: tuple[LanguageModel, ...]

    async def close(self) -> None:
        """Unload all models."""
        for handler in self.handlers.values():
            await handler.close()
        for model in self.models:
            await model.close()


def models_needed(settings: Settings, services: Collection[Service]) -> list[str]:
    """Return the names of the models that these services load."""
    speech = [STT_ENGLISH, STT_MULTILINGUAL, TTS_ENGLISH] if Service.PENNY in services else []
    return [*speech, settings.skydeck_local_model.value]


def build_workers(
    settings: Settings, folder: ModelFolder, services: Collection[Service] = frozenset(Service)
) -> Workers:
    """Build the services. Each model loads on first use.

    Raises:
        BadSettings: Grace's catalogue is invalid.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", _SPIN_COUNT)  # noqa: TID251  (for libgomp)
    local = settings.skydeck_local_model.value
    threads = settings.skydeck_threads or sensible_threads()
    qwen = Qwen(
        lambda: folder(local) / "model.gguf", threads=threads, device=settings.skydeck_device
    )
    models: list[LanguageModel] = [qwen]
    handlers: dict[str, Handler] = {}
    for service in services:
        match service:
            case Service.PENNY:
                llm = _penny_llm(settings, qwen)
                handlers["penny"] = _penny(settings, folder, llm)
                models += [] if llm is qwen else [llm]
            case Service.GRACE:
                handlers["grace"] = _grace(settings, qwen)
            case Service.FACTORY:
                handlers["factory"] = _factory(qwen)
    return Workers(handlers, tuple(models))


def _penny_llm(settings: Settings, qwen: Qwen) -> LanguageModel:
    if settings.anthropic_api_key is None:
        return qwen
    return Claude(settings.anthropic_api_key, model=settings.anthropic_model)


def _penny(settings: Settings, folder: ModelFolder, llm: LanguageModel) -> Handler:
    from bot.workers.penny.handler import PennyHandler  # noqa: PLC0415
    from bot.workers.penny.stt import Whisper  # noqa: PLC0415  (only Penny needs it)
    from bot.workers.penny.tts import LocalVoices  # noqa: PLC0415

    return PennyHandler(
        stt=Whisper(
            lambda: folder(STT_ENGLISH),
            lambda: folder(STT_MULTILINGUAL),
            threads=settings.skydeck_threads or os.cpu_count() or 1,
            device=settings.skydeck_device,
        ),
        llm=llm,
        tts=LocalVoices(lambda: folder(TTS_ENGLISH)),
        clock=SystemClock(),
    )


def _grace(settings: Settings, model: LanguageModel) -> Handler:
    from bot.catalogue import load_grace  # noqa: PLC0415
    from bot.workers.grace.handler import GraceHandler  # noqa: PLC0415

    return GraceHandler(load_grace(settings), model)


def _factory(model: LanguageModel) -> Handler:
    from bot.workers.factory.handler import FactoryHandler  # noqa: PLC0415

    return FactoryHandler(model)
