"""Builds the services and their models from the settings."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from bot.clock import SystemClock
from bot.contract import Service
from bot.errors import WeightsError
from bot.llm_source import GgufFile, HubFile, Listed, LlmSource
from bot.models.hub_models import gguf_model
from bot.processors import model_threads
from bot.settings import Settings
from bot.workers.claude import Claude
from bot.workers.llm_choice import LlmChoice, present_choice
from bot.workers.openai_chat import OpenAIChat
from bot.workers.penny.build import (
    ModelFolder,
    build_recognizer,
    build_voices,
    speech_models_needed,
)
from bot.workers.protocols import Handler, LanguageModel
from bot.workers.qwen import Qwen

_GGUF = b"GGUF"
_SPIN_COUNT = "1000"
"""How long libgomp's threads (Whisper's and Qwen's) spin before they sleep. By default they hold
their cores for milliseconds after each step, just when the next model needs them: a spoken turn
took 0.79 s instead of 0.76 s (medians of five runs each), and a token beside a busy process 80 ms
instead of 71."""

CONCURRENCY: Final = {"penny": 3}
"""Jobs at once of each endpoint on this machine, if more than one. Penny answers one after another;
beside an answer she takes what prepares the next, while what that replaces ends."""


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


def models_needed(
    settings: Settings, services: Collection[Service], choice: LlmChoice | None = None
) -> list[str]:
    """Return the names of the models that these services load, except the operator's own files.

    Args:
        settings: All settings.
        services: The services.
        choice: The local language models; None: as far as it is known without measuring.
    """
    speech: list[str] = []
    if Service.PENNY in services:
        speech = speech_models_needed(settings)
    if settings.skydeck_llm_url is not None:
        return speech
    choice = choice or present_choice(settings)
    has_claude = settings.anthropic_api_key is not None
    sources: list[LlmSource] = []
    if not has_claude or set(services) - {Service.PENNY}:
        sources.append(choice.text)
    if voice_is_local(settings, services) and not choice.needs_trial:
        sources.append(choice.voice)
    names = (_name_of(source) for source in sources)
    return [*speech, *dict.fromkeys(name for name in names if name)]


def _name_of(source: LlmSource) -> str:
    """The name to fetch it by; empty: the operator's own file."""
    match source:
        case Listed(name):
            return name
        case HubFile():
            return gguf_model(source).name
    return ""


def voice_is_local(settings: Settings, services: Collection[Service]) -> bool:
    """Return whether a local language model answers spoken turns."""
    elsewhere = settings.skydeck_llm_url is not None or settings.anthropic_api_key is not None
    return Service.PENNY in services and not elsewhere


def build_workers(
    settings: Settings,
    folder: ModelFolder,
    services: Collection[Service] = frozenset(Service),
    choice: LlmChoice | None = None,
) -> Workers:
    """Build the services. Each model loads on first use.

    Raises:
        BadSettings: Grace's catalogue is invalid.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", _SPIN_COUNT)  # noqa: TID251  (for libgomp)
    models = _Models(settings, folder, choice or present_choice(settings))
    handlers: dict[str, Handler] = {}
    for service in (one for one in Service if one in services):  # Penny is needed first
        match service:
            case Service.PENNY:
                handlers["penny"] = _penny(settings, folder, models)
            case Service.GRACE:
                handlers["grace"] = _grace(settings, models.text)
            case Service.FACTORY:
                handlers["factory"] = _factory(models.text)
    return Workers(handlers, models.opened)


class _Models:
    """The language models that the services share; each is opened at most once."""

    def __init__(self, settings: Settings, folder: ModelFolder, choice: LlmChoice) -> None:
        self._settings = settings
        self._folder = folder
        self._choice = choice
        self._local: dict[LlmSource, LanguageModel] = {}

    @cached_property
    def text(self) -> LanguageModel:
        """For Grace, the Factory and, without a model of their own, for Penny's chat."""
        return self._remote or self._open(self._choice.text)

    @cached_property
    def chat(self) -> LanguageModel:
        """For what people write to Penny."""
        return self._remote or self._claude or self.text

    @cached_property
    def voice(self) -> LanguageModel:
        """For what people say to Penny."""
        return self._remote or self._claude or self._open(self._choice.voice)

    @property
    def opened(self) -> tuple[LanguageModel, ...]:
        """All that were opened, to be closed."""
        other = (self._remote, self._claude)
        return (*self._local.values(), *(model for model in other if model is not None))

    @cached_property
    def _remote(self) -> LanguageModel | None:
        settings = self._settings
        if settings.skydeck_llm_url is None:
            return None
        return OpenAIChat(
            str(settings.skydeck_llm_url),
            model=settings.skydeck_llm_model,
            key=settings.skydeck_llm_key,
            context_tokens=settings.skydeck_llm_context,
        )

    @cached_property
    def _claude(self) -> LanguageModel | None:
        key = self._settings.anthropic_api_key
        return None if key is None else Claude(key, model=self._settings.anthropic_model)

    def _open(self, source: LlmSource) -> LanguageModel:
        if source not in self._local:
            self._local[source] = Qwen(
                lambda: llm_file(source, self._folder),
                threads=self._settings.skydeck_threads or model_threads(),
                device=self._settings.skydeck_device,
                name=source.name,
            )
        return self._local[source]


def llm_file(source: LlmSource, folder: ModelFolder) -> Path:
    """Return a language model's file, fetched if need be. Blocks.

    Raises:
        WeightsError: The file is missing, or cannot be fetched.
    """
    match source:
        case Listed(name):
            return folder(name) / "model.gguf"
        case GgufFile(path):
            check_gguf(path)
            return path
        case HubFile():
            path = folder(gguf_model(source).name) / source.file
            check_gguf(path)
            return path


def check_gguf(path: Path) -> None:
    """Check that a model of one's own is there and begins as GGUF does; llama.cpp says less.

    Raises:
        WeightsError: It is not, or cannot be read.
    """
    hint = "Check SKYDECK_LLM; it is set to this file."
    try:
        if not path.is_file():
            raise WeightsError(f"There is no file {path}.", hint=hint)
        with path.open("rb") as file:
            start = file.read(len(_GGUF))
    except OSError as e:
        raise WeightsError(f"{path} cannot be read: {e.strerror}.", hint=hint) from None
    if start != _GGUF:
        raise WeightsError(f"{path} is not a GGUF model.", hint=hint)


def _penny(settings: Settings, folder: ModelFolder, models: "_Models") -> Handler:
    from bot.workers.penny.handler import PennyHandler  # noqa: PLC0415  (only Penny needs it)

    return PennyHandler(
        stt=build_recognizer(settings, folder),
        llm=models.chat,
        voice_llm=models.voice,
        tts=build_voices(settings, folder),
        clock=SystemClock(),
        languages=settings.languages,
    )


def _grace(settings: Settings, model: LanguageModel) -> Handler:
    from bot.catalogue import load_grace  # noqa: PLC0415
    from bot.workers.grace.handler import GraceHandler  # noqa: PLC0415

    return GraceHandler(load_grace(settings), model, languages=settings.languages)


def _factory(model: LanguageModel) -> Handler:
    from bot.workers.factory.handler import FactoryHandler  # noqa: PLC0415

    return FactoryHandler(model)
