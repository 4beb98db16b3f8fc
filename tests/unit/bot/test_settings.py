"""Settings: defaults, `.env.example`, empty values, and secrets that stay secret."""

import importlib.util
import re

import pytest

from bot.errors import BadSettings
from bot.persona import NO_PERSONA, Persona
from bot.settings import Settings, load_settings, precautions
from tests.paths import ROOT

EXAMPLE = ROOT / ".env.example"
SECRET = "rp_SECRET_0123456789"


def example() -> dict[str, str]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def test_every_setting_is_in_the_example_and_no_other() -> None:
    assert set(example()) == {name.upper() for name in Settings.model_fields}


def test_the_example_is_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SKYDECK_WEIGHTS_DIR", "SKYDECK_LLM", "SKYDECK_KEEP_LOADED_S", "SKYDECK_THREADS"):
        monkeypatch.delenv(name, raising=False)
    plain = load_settings()
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == plain, "`make env` writes the defaults into .env.example"


def test_make_env_brings_each_default_back() -> None:
    spec = importlib.util.spec_from_file_location("env", ROOT / "scripts" / "env_example.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = EXAMPLE.read_text(encoding="utf-8")
    assert module.renewed(text) == text
    others = text.replace("=true\n", "=false\n").replace("=30\n", "=31\n").replace("=DECK", "=CORP")
    assert others != text
    assert module.renewed(others) == text


def test_every_setting_in_the_example_is_explained() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for block in re.split(r"\n(?=# )|\n\n", text):
        names = re.findall(r"^([A-Z_]+)=", block, re.MULTILINE)
        assert not names or block.startswith("#"), f"{names} have no comment"


def test_every_setting_has_a_docstring() -> None:
    source = (ROOT / "bot" / "settings.py").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert re.search(rf'\n    {name}: [^\n]*(\n[^\n]*){{0,3}}\n    """', source), name


def test_without_a_key_the_services_are_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().embedded
    monkeypatch.setenv("RUNPOD_API_KEY", SECRET)
    assert not load_settings().embedded


def test_pennys_endpoint_is_the_seeds() -> None:
    assert load_settings().penny_endpoint_id == "0mxhaokgsmgee3"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PENNY_MODE", "shout"),
        ("PENNY_DEADLINE_S", "-1"),
        ("SKYDECK_THREADS", "many"),
        ("SKYDECK_LOG_LEVEL", "LOUD"),
        ("SKYDECK_IDENTITY", "EVIL"),
        ("RUNPOD_BASE_URL", "not a url"),
        ("SKYDECK_LLM", "gpt"),
        ("SKYDECK_LLM", "hf:owner/file.txt"),
        ("SKYDECK_LLM_URL", "localhost:11434"),
        ("SKYDECK_ASR_URL", "localhost:8000"),
        ("SKYDECK_TTS_URL", "localhost:8880"),
        ("SKYDECK_TTS_VOICE", "klingon=worf"),
        ("SKYDECK_LLM_CONTEXT", "12"),
        ("SKYDECK_PERSONA_NAME", "@everyone"),
        ("SKYDECK_PERSONA_NAME", "7"),
        ("SKYDECK_PERSONA_INSTRUCTIONS", "x" * 1001),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_a_url_of_a_language_model_needs_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYDECK_LLM_URL", "http://localhost:11434/v1")
    with pytest.raises(BadSettings, match=r"SKYDECK_LLM_MODEL: .*must name the model"):
        load_settings()
    monkeypatch.setenv("SKYDECK_LLM_MODEL", " llama3.2 ")
    assert load_settings().skydeck_llm_model == "llama3.2"


@pytest.mark.parametrize(
    ("variables", "is_eager"),
    [
        ({}, True),
        ({"SKYDECK_ASR_URL": "http://127.0.0.1:8000/v1"}, True),
        ({"SKYDECK_ASR_KEY": SECRET}, False),
        ({"SKYDECK_TTS_KEY": SECRET}, False),
        ({"SKYDECK_LLM_KEY": SECRET}, False),
        ({"ANTHROPIC_API_KEY": SECRET}, False),
        ({"RUNPOD_API_KEY": SECRET}, False),
        ({"SKYDECK_ASR_KEY": SECRET, "SKYDECK_VOICE_EAGER": "on"}, True),
    ],
)
def test_nothing_extra_is_paid_for_unless_somebody_chooses_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_eager: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert load_settings().voice_is_eager == is_eager


def test_the_older_name_of_the_model_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SKYDECK_LLM")
    monkeypatch.setenv("SKYDECK_LOCAL_MODEL", "qwen2.5-coder-1.5b")
    assert load_settings().skydeck_llm == "qwen2.5-coder-1.5b"


def test_a_key_that_goes_to_another_machine_in_the_clear_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SKYDECK_LLM_MODEL", "m")
    monkeypatch.setenv("SKYDECK_LLM_KEY", SECRET)
    monkeypatch.setenv("SKYDECK_LLM_URL", "http://gpu.example/v1")
    (words, _advice), *rest = precautions(load_settings())
    assert words == "SKYDECK_LLM_KEY is sent to gpu.example without encryption."
    assert not rest
    monkeypatch.setenv("SKYDECK_LLM_URL", "http://127.0.0.1:11434/v1")
    assert precautions(load_settings()) == []
    for name in ("SKYDECK_ASR", "SKYDECK_TTS"):
        monkeypatch.setenv(f"{name}_KEY", SECRET)
        monkeypatch.setenv(f"{name}_URL", "http://gpu.example/v1")
        assert precautions(load_settings())[0][0].startswith(f"{name}_KEY is sent to gpu.example")
        monkeypatch.delenv(f"{name}_URL")


def test_keys_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", SECRET)
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    monkeypatch.setenv("SKYDECK_LLM_KEY", SECRET)
    settings = load_settings()
    shown = repr(settings) + str(settings) + settings.model_dump_json() + str(settings.model_dump())
    assert SECRET not in shown


@pytest.mark.parametrize("name", ["SKYDECK_LLM_MODEL", "SKYDECK_LLM", "SKYDECK_LLM_KEY"])
def test_a_setting_that_is_not_utf_8_is_named(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "caf\udce9.gguf")
    with pytest.raises(BadSettings, match=rf"{name}: .*is not text \(UTF-8\)"):
        load_settings()


def test_a_folder_may_have_any_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SKYDECK_WEIGHTS_DIR", "/tmp/caf\udce9")
    assert load_settings().skydeck_weights_dir.name == "caf\udce9"


def test_a_guess_ends_in_one_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYDECK_ASR", "larg-v3")
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert caught.value.message.endswith("Did you mean large-v3 or large-v2 or large-v1?")


def test_a_persona_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().persona == NO_PERSONA
    monkeypatch.setenv("SKYDECK_PERSONA_NAME", " Captain  Nemo ")
    monkeypatch.setenv("SKYDECK_PERSONA_INSTRUCTIONS", "Be warm.\n")
    assert load_settings().persona == Persona(name="Captain Nemo", instructions="Be warm.")


def test_a_hint_names_the_place_that_applies(tmp_path, monkeypatch):
    """Whoever installed a wheel has no checkout, and no .env.example."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    (tmp_path / ".env").write_text("SKYDECK_QUEUE_LIMIT=many\n")
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert caught.value.hint == f"Correct it in {tmp_path / '.env'}."
    monkeypatch.setenv("skydeck_queue_limit", "more")
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert caught.value.hint == "Correct it in the environment, where it is set."
