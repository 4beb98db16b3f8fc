"""Settings that change nothing are told."""

import pytest

from bot.cli.settings_checks import unused
from bot.settings import Settings

SERVER = "http://127.0.0.1:1/v1"


def said(**values: object) -> list[str]:
    values = {"skydeck_llm": "auto", **values}
    return [words for words, _ in unused(Settings(_env_file=None, **values))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"skydeck_llm_model": "llama3.2"}, "SKYDECK_LLM_MODEL: not used without SKYDECK_LLM_URL"),
        ({"skydeck_asr_key": "k"}, "SKYDECK_ASR_KEY: not used without SKYDECK_ASR_URL"),
        (
            {"skydeck_tts_voice": "nova", "skydeck_tts_model": "tts-1-hd"},
            "SKYDECK_TTS_MODEL, SKYDECK_TTS_VOICE: not used without SKYDECK_TTS_URL",
        ),
        (
            {"runpod_api_key": "k", "skydeck_llm": "tiny", "skydeck_asr_url": SERVER},
            "SKYDECK_LLM, SKYDECK_ASR_URL: only `skydeck serve` uses them here, since calls go to "
            "RunPod",
        ),
        (
            {"runpod_api_key": "k", "skydeck_preset": "laptop"},
            "SKYDECK_PRESET: only `skydeck serve` uses them here, since calls go to RunPod",
        ),
    ],
)
def test_what_has_no_effect_is_named(values: dict[str, object], words: str):
    assert said(**values) == [words]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"runpod_api_key": "k"},
        {"skydeck_preset": "gpu-24gb"},
        {"skydeck_llm_url": SERVER, "skydeck_llm_model": "m", "skydeck_llm_key": "k"},
        {"skydeck_tts_model": "tts-1"},
        {"anthropic_api_key": "k", "skydeck_voices": "es=es"},
    ],
)
def test_what_has_an_effect_is_not(values: dict[str, object]):
    assert said(**values) == []
