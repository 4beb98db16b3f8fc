"""Voices of one's own: Piper's over real files, Kokoro's over a small model of the same form."""

# mypy: ignore-errors

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bot.errors import BadInput, WeightsError
from bot.settings import Settings
from bot.workers.penny import espeak
from bot.workers.penny.kokoro import Kokoro
from bot.workers.penny.tts import LocalVoices
from bot.workers.penny.voice_files import kokoro_model_file, voice_book
from tests.fakes.small_kokoro import write_kokoro


async def test_a_piper_voice_of_ones_own_speaks(weights, tmp_path):
    joe = weights("piper-joe")
    for end in ("onnx", "onnx.json"):
        shutil.copy(joe / f"voice.{end}", tmp_path / f"ann.{end}")
    settings = Settings(
        _env_file=None, skydeck_weights_dir=tmp_path / "w", skydeck_voices=f"es={tmp_path}"
    )
    speaker = LocalVoices(weights, book=lambda: voice_book(settings))
    english, rate = await speaker.synthesize("Hello there.", language="en", voice=None)
    spanish, same_rate = await speaker.synthesize("Hello there.", language="es", voice=None)
    await speaker.close()
    assert rate == same_rate
    assert min(np.abs(english).max(), np.abs(spanish).max()) > 0.1


async def test_a_kokoro_voice_is_given_its_phonemes_and_style(tmp_path):
    write_kokoro(tmp_path, "ef_dora", "af_heart")
    settings = Settings(
        _env_file=None,
        skydeck_weights_dir=tmp_path / "w",
        skydeck_kokoro_dir=tmp_path,
        skydeck_voices="es=ef_dora",
    )
    speaker = LocalVoices(
        lambda _: tmp_path,
        book=lambda: voice_book(settings),
        kokoro=lambda: kokoro_model_file(settings),
    )
    short, rate = await speaker.synthesize("Sí.", language="es", voice=None)
    long, _ = await speaker.synthesize("Sí. " * 300, language="es", voice=None)
    (tmp_path / "voices" / "af_heart.bin").write_bytes(b"x")
    with pytest.raises(WeightsError, match="not a voice of Kokoro"):
        await speaker.synthesize("Yes.", language="en", voice="af_heart")
    await speaker.close()
    assert rate == 24_000
    assert 0 < len(short) < len(long) / 100


def test_another_model_is_not_kokoros(weights, tmp_path):
    with pytest.raises(WeightsError, match="not a model of Kokoro"):
        Kokoro(weights("silero-vad") / "model.onnx", threads=1)
    (tmp_path / "x.onnx").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="could not be loaded") as caught:
        Kokoro(tmp_path / "x.onnx", threads=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "../" * 9 + "dev/zero",
        "../../etc/passwd",
        "/etc/passwd",
        "en/../es",
        "",
        "é",
        "en\0",
        "\ud800",
    ],
)
def test_a_voice_of_espeak_s_is_a_name_and_no_path(name):
    with pytest.raises(BadInput, match="There is no voice") as caught:
        espeak.synthesize("Hello.", name)
    assert str(caught.value).isprintable()


def test_a_misspelt_voice_is_answered_with_the_right_one():
    with pytest.raises(BadInput, match="Did you mean es_ES-davefx-medium"):
        espeak.synthesize("Hola.", "es_ES-davfx-medium")


def test_a_variant_of_a_voice_of_espeak_s_speaks():
    for name in ("en+f3", "es-419", "en-us"):
        sound, _ = espeak.synthesize("One.", name)
        assert np.abs(sound).max() > 0.1


def test_espeak_speaks_in_several_threads_at_once_each_in_its_own_voice():
    english, spanish = (espeak.synthesize("One two three.", voice)[0] for voice in ("en", "es"))
    assert len(spanish) > 1.3 * len(english)
    with ThreadPoolExecutor(4) as pool:
        sounds = pool.map(
            lambda voice: espeak.synthesize("One two three.", voice)[0], ["en", "es"] * 8
        )
        lengths = [len(sound) for sound in sounds]
    # It varies them by some samples each time.
    assert lengths == pytest.approx([len(english), len(spanish)] * 8, rel=0.02)
