"""What `skydeck doctor` says about the language models."""

import asyncio
from dataclasses import replace
from typing import Final

from bot.asr_source import read_asr
from bot.clock import SystemClock
from bot.contract import Message
from bot.llm_source import GgufFile, HubFile
from bot.memory import usable_memory_bytes
from bot.models.store import ModelStore
from bot.sanitize import clean_line
from bot.settings import Settings
from bot.workers.build import check_gguf
from bot.workers.llm_choice import needed_gib, present_choice
from bot.workers.openai_chat import OpenAIChat
from bot.workers.penny.voice_files import spoken_by
from bot.workers.protocols import Prompt, complete

_QUESTION: Final = Prompt(
    messages=[Message(role="user", content="Answer with one word: what colour is snow?")],
    max_tokens=500,  # enough for a model that thinks first
)

_ELSEWHERE: Final = HubFile("", "")
"""Takes no memory here."""


def model_source(settings: Settings) -> str:
    """Say where a model would be fetched from now; asks the hub whether it answers."""
    store = ModelStore(settings.skydeck_weights_dir)
    models = store.manifest.models.values()
    _, line = store.hub.choose((model, file) for model in models for file in model.files)
    return line.rstrip(".").removeprefix("From ")


def language_model_state(settings: Settings) -> str:
    """Say which language models answer, and try the one at SKYDECK_LLM_URL.

    Raises:
        SkydeckError: It does not answer, or not with text; or SKYDECK_LLM is no model's file.
    """
    if settings.skydeck_llm_url is not None:
        return asyncio.run(_ask(settings))
    for source in present_choice(settings).sources:
        if isinstance(source, GgufFile):
            check_gguf(source.path)
    return describe_choice(settings)


def memory_state(settings: Settings) -> tuple[str, bool]:
    """Say how much memory there is and what the local models take; and whether that is enough."""
    speaks = settings.skydeck_asr_url is None or settings.skydeck_tts_url is None
    choice = present_choice(settings)
    if settings.skydeck_llm_url is not None:
        choice = replace(choice, text=_ELSEWHERE, voice=_ELSEWHERE)
    there, needed = usable_memory_bytes() / 2**30, needed_gib(choice, speaks=speaks)
    state = f"{there:.1f} GiB for this process; its models take about {needed:.1f} once loaded"
    return state, there == 0 or there >= needed


def describe_choice(settings: Settings) -> str:
    """Say which local language models answer, and why these."""
    choice = present_choice(settings)
    if choice.text == choice.voice:
        return f"{choice.text.name} ({choice.why})"
    return f"{choice.text.name} for text, {choice.voice.name} for voice ({choice.why})"


def describe_models(settings: Settings) -> list[str]:
    """Say which models answer, listen and speak: a line for each that is not in the list."""
    urls = {
        "Language model": (settings.skydeck_llm_url, settings.skydeck_llm_model, "SKYDECK_LLM_URL"),
        "Speech recognition": (
            settings.skydeck_asr_url,
            settings.skydeck_asr_model,
            "SKYDECK_ASR_URL",
        ),
        "Voices": (settings.skydeck_tts_url, settings.skydeck_tts_model, "SKYDECK_TTS_URL"),
    }
    served = {
        what: f"{what}: {clean_line(model)} at {url.host} ({setting})"
        for what, (url, model, setting) in urls.items()
        if url is not None
    }
    local = {"Language model": f"Language model: {describe_choice(settings)}"}
    if (ear := read_asr(settings.skydeck_asr)) is not None:
        local["Speech recognition"] = f"Speech recognition: {ear.name} (SKYDECK_ASR)"
    if settings.skydeck_voices:
        local["Voices"] = f"Voices: {spoken_by(settings)}"
    return list({**local, **served}.values())


async def _ask(settings: Settings) -> str:
    model = OpenAIChat(
        str(settings.skydeck_llm_url),
        model=settings.skydeck_llm_model,
        key=settings.skydeck_llm_key,
    )
    try:
        await model.warm_up()
        clock = SystemClock()
        began = clock.now()
        await complete(model, _QUESTION)
        return f"{model.name} at {model.host} answers in {clock.now() - began:.1f} s"
    finally:
        await model.close()
