"""What `skydeck doctor` says about settings that change nothing."""

from collections.abc import Collection, Iterator
from typing import Final

from bot.presets import PRESETS
from bot.settings import Settings

_OF_A_URL: Final = {
    "skydeck_llm_url": ("skydeck_llm_model", "skydeck_llm_key", "skydeck_llm_context"),
    "skydeck_asr_url": ("skydeck_asr_model", "skydeck_asr_key"),
    "skydeck_tts_url": ("skydeck_tts_model", "skydeck_tts_key", "skydeck_tts_voice"),
}
"""Settings that describe the server at a URL."""
_OF_LOCAL_SERVICES: Final = (
    "anthropic_api_key",
    "skydeck_preset",
    "skydeck_llm",
    "skydeck_asr",
    "skydeck_voices",
    "skydeck_kokoro_dir",
    *(name for url, others in _OF_A_URL.items() for name in (url, *others)),
)
"""Settings of the services on this machine."""


def unused(settings: Settings) -> Iterator[tuple[str, str]]:
    """Find settings that are set but change nothing; each line comes with what to do about it."""
    if not settings.embedded:
        if names := _set(settings, _OF_LOCAL_SERVICES):
            yield (
                f"{names}: only `skydeck serve` uses them here, since calls go to RunPod",
                "Set them on the workers, or remove RUNPOD_API_KEY to run the services here.",
            )
        return
    for url, others in _OF_A_URL.items():
        if getattr(settings, url) is None and (names := _set(settings, others)):
            yield f"{names}: not used without {url.upper()}", f"Set {url.upper()} as well."


def _set(settings: Settings, names: Collection[str]) -> str:
    """Those of these settings that somebody has set, not a preset."""
    preset = PRESETS[settings.skydeck_preset] if settings.skydeck_preset else {}
    fields = Settings.model_fields
    found = [
        name.upper()
        for name in names
        if getattr(settings, name)
        not in (fields[name].get_default(call_default_factory=True), preset.get(name))
    ]
    return ", ".join(found)
