"""Settings: defaults, `.env.example`, empty values, and secrets that stay secret."""

import re

import pytest

from bot.errors import BadSettings
from bot.settings import Settings, load_settings
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
    monkeypatch.delenv("SKYDECK_WEIGHTS_DIR", raising=False)
    plain = load_settings()
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == plain


def test_every_setting_in_the_example_is_explained() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for block in re.split(r"\n(?=# )|\n\n", text):
        names = re.findall(r"^([A-Z_]+)=", block, re.MULTILINE)
        assert not names or block.startswith("#"), f"{names} have no comment"


def test_every_setting_has_a_docstring() -> None:
    source = (ROOT / "bot" / "settings.py").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert re.search(rf'\n    {name}: [^\n]*(\n[^\n]*)?\n    """', source), name


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
        ("SKYDECK_LOCAL_MODEL", "gpt"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_keys_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", SECRET)
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    settings = load_settings()
    shown = repr(settings) + str(settings) + settings.model_dump_json() + str(settings.model_dump())
    assert SECRET not in shown
