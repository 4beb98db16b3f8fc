"""Which voice speaks which language, with which engine and model."""

# mypy: ignore-errors

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bot.contract import Service
from bot.errors import BadInput, JobFailed, WeightsError
from bot.i18n import words_for
from bot.local_voice import choices
from bot.models.hub_models import KOKORO_MODEL, find_hub_model, kokoro_folder, piper_model
from bot.models.manifest import load_manifest
from bot.settings import Settings
from bot.voices.voice_book import VOICES, Engine, VoiceBook
from bot.voices.voice_names import PIPER_VOICES, PiperVoiceName
from bot.workers.build import models_needed
from bot.workers.penny import espeak, tts
from bot.workers.penny.tts import LocalVoices
from bot.workers.penny.voice_files import check_voices, voice_book, voices_needed


@pytest.mark.parametrize(
    ("language", "voice", "engine", "name"),
    [
        ("en", None, Engine.PIPER, "joe"),
        ("en-gb", None, Engine.PIPER, "joe"),
        ("es", None, Engine.ESPEAK, "es"),
        ("es-419", None, Engine.ESPEAK, "es-419"),
        ("est", None, Engine.ESPEAK, "est"),
        ("fr", None, Engine.ESPEAK, "fr"),
        ("zh", None, Engine.ESPEAK, "cmn"),
        ("es", "joe", Engine.PIPER, "joe"),
        ("en", "en", Engine.ESPEAK, "en"),
        ("en", "es-419", Engine.ESPEAK, "es-419"),
        ("en", "nobody", Engine.ESPEAK, "nobody"),
        ("en", "", Engine.ESPEAK, "en"),
    ],
)
def test_the_voice_chooses_the_engine_and_else_the_language(language, voice, engine, name):
    chosen = VoiceBook().choose(language, voice)
    assert (chosen.engine, chosen.name) == (engine, name)


def settings_in(folder: Path, **more) -> Settings:
    return Settings(_env_file=None, skydeck_weights_dir=folder, **more)


def pull_piper(folder: Path, name: str) -> Path:
    """As if it had been pulled."""
    file = piper_model(PiperVoiceName(name)).folder(folder) / PiperVoiceName(name).path
    file.parent.mkdir(parents=True)
    file.write_bytes(b"onnx")
    Path(f"{file}.json").write_text("{}")
    return file


def pull_kokoro(folder: Path, *names: str) -> None:
    home = kokoro_folder(folder)
    (home / "onnx").mkdir(parents=True)
    (home / "voices").mkdir()
    (home / KOKORO_MODEL).write_bytes(b"onnx")
    for name in names:
        (home / "voices" / f"{name}.bin").write_bytes(bytes(1024))


async def test_the_voices_that_people_choose_do_not_pile_up(tmp_path, monkeypatch):
    names = PIPER_VOICES[: tts._MAX_PIPER + 1]
    files = [pull_piper(tmp_path, name) for name in names]
    loaded = []
    monkeypatch.setattr(tts, "_load_piper", lambda model, _: loaded.append(model))
    monkeypatch.setattr(tts, "_speak_piper", lambda *_: (np.zeros(1, np.float32), 16_000))
    speaker = LocalVoices(Path, book=lambda: voice_book(settings_in(tmp_path)))
    for name in (*names[:-1], names[0], names[-1], names[0], names[1]):
        await speaker.synthesize("Hello.", language="en", voice=name)
    await speaker.close()
    assert loaded == [*files, files[1]]  # the one that was not used for longest went


def test_every_voice_can_be_chosen_at_the_microphone(tmp_path):
    pull_piper(tmp_path, "es_ES-davefx-medium")
    pull_kokoro(tmp_path, "ef_dora", "jf_alpha", "..")
    shown = choices.voice_choices(settings_in(tmp_path), words_for("en"))

    assert [one.name for one in shown] == [
        None,
        *(one.name for one in VOICES),
        "es_ES-davefx-medium",
        "ef_dora",
    ]
    assert [one.label for one in shown][-2:] == [
        "Davefx (Spanish, ES, medium)",
        "Dora (Kokoro, Spanish)",
    ]


def test_voices_elsewhere_are_not_those_of_this_machine(tmp_path):
    pull_piper(tmp_path, "es_ES-davefx-medium")
    shown = choices.voice_choices(settings_in(tmp_path, runpod_api_key="key"), words_for("en"))
    assert [one.name for one in shown] == [None, *(one.name for one in VOICES)]


def test_of_a_servers_voices_those_in_the_settings_can_be_chosen(tmp_path):
    pull_piper(tmp_path, "es_ES-davefx-medium")
    settings = settings_in(
        tmp_path, skydeck_tts_url="http://127.0.0.1:1/v1", skydeck_tts_voice="en=nova,es=alba"
    )
    shown = choices.voice_choices(settings, words_for("en"))
    assert [one.name for one in shown] == [None, "nova", "alba"]


def test_every_piper_voice_has_its_model_in_the_manifest():
    models = load_manifest().models
    for voice in VOICES:
        assert bool(voice.model) == (voice.engine is Engine.PIPER)
    for name in VoiceBook().models_needed():
        assert {file.name for file in models[name].files} == {"voice.onnx", "voice.onnx.json"}


def test_a_pulled_voice_speaks_its_language(tmp_path):
    file = pull_piper(tmp_path, "es_ES-davefx-medium")
    pull_piper(tmp_path, "es_MX-ald-medium")
    pull_piper(tmp_path, "en_GB-alba-medium")
    book = voice_book(settings_in(tmp_path))

    assert book.choose("es", None).file == file
    assert book.choose("es-MX", None).name == "es_MX-ald-medium"
    assert book.choose("en", None).name == "joe"
    assert book.choose("en-gb", None).name == "en_GB-alba-medium"
    assert book.choose("en", "es_ES-davefx-medium").file == file
    assert book.choose("es", "en_US-joe-medium").name == "joe"
    assert book.choose("fr", None).engine is Engine.ESPEAK


def test_a_kokoro_voice_speaks_only_where_it_is_chosen(tmp_path):
    pull_kokoro(tmp_path, "ef_dora")
    assert voice_book(settings_in(tmp_path)).choose("es", None).engine is Engine.ESPEAK
    chosen = voice_book(settings_in(tmp_path, skydeck_voices="es=ef_dora")).choose("es-419", None)
    assert (chosen.engine, chosen.language) == (Engine.KOKORO, "es")


def test_the_operator_chooses_the_voice_of_each_language(tmp_path):
    settings = settings_in(
        tmp_path, skydeck_voices=f"en=en_GB-alba-medium, es={tmp_path / 'ana.onnx'},fr=fr"
    )
    book = voice_book(settings)

    assert book.choose("en", None).name == "en_GB-alba-medium"
    assert book.choose("es", None).file == tmp_path / "ana.onnx"
    assert book.choose("fr", None) == VoiceBook().choose("fr", None)
    assert voices_needed(settings) == ["en_GB-alba-medium"]
    assert {"en_GB-alba-medium"} <= set(models_needed(settings, {Service.PENNY}))
    assert "piper-joe" not in models_needed(settings, {Service.PENNY})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("es=es_ES-davefx-medum", "Did you mean es_ES-davefx-medium"),
        ("es=Davefx", "Did you mean es_ES-davefx-medium"),
        ("es", "must be LANGUAGE=VOICE"),
        ("es=", "must be LANGUAGE=VOICE"),
        ("xx=joe", "There is no language 'xx'. The languages are: ar, bg"),
        ("en=joe,en-us=joe", "more than one voice"),
        ("en=a b", "there is no voice 'a b'"),
    ],
)
def test_a_wrong_choice_says_what_to_do(value, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        Settings(_env_file=None, skydeck_voices=value)


def test_a_chosen_voice_that_is_not_there_is_told(tmp_path):
    with pytest.raises(WeightsError, match="There is no Piper voice at"):
        check_voices(settings_in(tmp_path, skydeck_voices=f"es={tmp_path}/none.onnx"))
    (tmp_path / "ana.onnx").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"ana\.onnx\.json is not beside"):
        check_voices(settings_in(tmp_path, skydeck_voices=f"es={tmp_path}"))
    with pytest.raises(WeightsError, match="skydeck models pull es_ES-davefx-medium"):
        check_voices(settings_in(tmp_path, skydeck_voices="es=es_ES-davefx-medium"))
    with pytest.raises(WeightsError, match="skydeck models pull ef_dora"):
        check_voices(settings_in(tmp_path, skydeck_voices="es=ef_dora"))
    own = settings_in(tmp_path, skydeck_voices="es=ef_dora", skydeck_kokoro_dir=tmp_path / "no")
    with pytest.raises(WeightsError, match="Check SKYDECK_KOKORO_DIR"):
        check_voices(own)
    assert check_voices(settings_in(tmp_path)) == "en: joe (piper), es: es (espeak)"


def test_no_name_leads_out_of_the_folder():
    assert len(PIPER_VOICES) == len(set(PIPER_VOICES)) > 100
    for name in PIPER_VOICES:
        path = PiperVoiceName(name).path
        assert ".." not in path
        assert re.fullmatch(r"[a-z]{2,3}/[a-z]{2,3}_[A-Z]{2}/\w+/(x_low|low|medium|high)/\S+", path)
    for bad in ("../x", "es_ES-../x-medium", "ef_../x", "af_heart.bin", "hf:../x/y.gguf"):
        assert find_hub_model(bad) is None


@pytest.fixture
def fake_piper(monkeypatch):
    """Loads any file; returns which."""
    loaded = []

    def load(model, _threads):
        loaded.append(model)
        chunk = SimpleNamespace(audio_float_array=np.full(4, len(loaded), np.float32))
        config = SimpleNamespace(sample_rate=len(loaded))
        return SimpleNamespace(synthesize=lambda _: [chunk], config=config)

    monkeypatch.setattr(tts, "_load_piper", load)
    return loaded


async def test_each_voice_speaks_with_its_own_model(fake_piper, tmp_path):
    joe = tmp_path / "piper-joe" / "voice.onnx"
    joe.parent.mkdir()
    joe.write_bytes(b"x")
    joe.with_name("voice.onnx.json").write_text("{}")
    ana = pull_piper(tmp_path, "es_ES-davefx-medium")
    settings = settings_in(tmp_path)
    speaker = LocalVoices(lambda model: tmp_path / model, book=lambda: voice_book(settings))
    rates = [
        (await speaker.synthesize("Hello.", language=language, voice=None))[1]
        for language in ("en", "es", "en", "es-ES")
    ]
    await speaker.close()
    assert rates == [1, 2, 1, 2]
    assert fake_piper == [joe, ana]


async def test_a_voice_that_cannot_speak_is_replaced_unless_it_was_asked_for(
    monkeypatch, tmp_path, caplog
):
    pull_piper(tmp_path, "es_ES-davefx-medium")
    monkeypatch.setattr(espeak, "synthesize", lambda _text, voice: (np.zeros(1), len(voice)))
    settings = settings_in(tmp_path)
    speaker = LocalVoices(lambda model: tmp_path / model, book=lambda: voice_book(settings))

    for _ in range(2):
        assert (await speaker.synthesize("Hola.", language="es", voice=None))[1] == len("es")
    with pytest.raises(WeightsError, match="es_ES-davefx-medium could not be loaded") as caught:
        await speaker.synthesize("Hola.", language="es", voice="es_ES-davefx-medium")
    await speaker.close()
    assert "\n" not in str(caught.value)
    assert caplog.text.count("another voice does") == 1


async def test_a_voice_that_fails_at_a_text_leaves_that_text_to_another(
    fake_piper, monkeypatch, tmp_path, caplog
):
    def speak(_piper, text):
        if text == "¡Ay!":
            raise JobFailed("Piper failed (no such phoneme).", service_code="tts")
        return np.zeros(1), 22_050

    pull_piper(tmp_path, "es_ES-davefx-medium")
    monkeypatch.setattr(tts, "_speak_piper", speak)
    monkeypatch.setattr(espeak, "synthesize", lambda _text, voice: (np.zeros(1), len(voice)))
    settings = settings_in(tmp_path)
    speaker = LocalVoices(lambda model: tmp_path / model, book=lambda: voice_book(settings))

    rates = [
        (await speaker.synthesize(text, language="es", voice=None))[1]
        for text in ("Hola.", "¡Ay!", "Hola.")
    ]
    with pytest.raises(JobFailed, match="no such phoneme"):
        await speaker.synthesize("¡Ay!", language="es", voice="es_ES-davefx-medium")
    await speaker.close()
    assert rates == [22_050, len("es"), 22_050]
    assert caplog.text.count("another voice does") == 1


async def test_a_voice_that_espeak_does_not_have_leaves_the_language_to_the_usual_one(
    monkeypatch, tmp_path, caplog
):
    def say(_text, voice):
        if voice not in ("es", "fr"):
            raise BadInput(f"There is no voice {voice!r}.")
        return np.zeros(1), len(voice)

    monkeypatch.setattr(espeak, "synthesize", say)
    settings = settings_in(tmp_path, skydeck_voices="es=jo")
    speaker = LocalVoices(lambda model: tmp_path / model, book=lambda: voice_book(settings))

    for _ in range(2):
        assert (await speaker.synthesize("Hola.", language="es", voice=None))[1] == len("es")
    with pytest.raises(BadInput, match="no voice 'jo'"):
        await speaker.synthesize("Hola.", language="es", voice="jo")
    with pytest.raises(BadInput, match="no voice 'xx'"):
        await speaker.synthesize("Hola.", language="xx", voice=None)
    await speaker.close()
    assert caplog.text.count("another voice does") == 1
    with pytest.raises(WeightsError, match="eSpeak has no voice jo") as caught:
        check_voices(settings)
    assert "SKYDECK_VOICES" in caught.value.hint


def test_a_local_voice_is_known_by_its_name(tmp_path):
    speaker = LocalVoices(lambda model: tmp_path / model)
    assert speaker.knows("joe")
    assert not speaker.knows("af_heart")
