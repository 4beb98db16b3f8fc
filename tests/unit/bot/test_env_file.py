"""`.env`, as editors and shells write it."""

import codecs
import os
from pathlib import Path

import pytest

from bot.env_file import read_env_file
from bot.errors import BadSettings
from bot.settings import Settings, load_settings, precautions

WORDS = "# Für Alfred\nDISCORD_TOKEN=secret-1\nSKYDECK_PERSONA_NAME=Señora\n"
WRITTEN = {
    "UTF-8": WORDS.encode(),
    "UTF-8 with a mark": codecs.BOM_UTF8 + WORDS.removeprefix("# Für Alfred\n").encode(),
    "PowerShell's": WORDS.replace("\n", "\r\n").encode("utf-16"),
    "big-endian": codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"),
    "Windows-1252": WORDS.encode("cp1252"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


@pytest.mark.parametrize("how", WRITTEN)
def test_settings_are_read_in_any_encoding(folder: Path, how: str) -> None:
    (folder / ".env").write_bytes(WRITTEN[how])
    settings = load_settings()
    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == "secret-1"
    assert settings.skydeck_persona_name == "Señora"


def test_the_environment_goes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_bytes(WRITTEN["PowerShell's"])
    monkeypatch.setenv("SKYDECK_PERSONA_NAME", "Ada")
    assert load_settings().skydeck_persona_name == "Ada"


@pytest.mark.skipif(os.name != "posix", reason="permissions as on POSIX")
def test_others_who_can_read_a_secret_are_told_in_any_encoding(folder: Path) -> None:
    file = folder / ".env"
    file.write_bytes(WRITTEN["PowerShell's"])
    file.chmod(0o644)
    assert any("Other users" in what for what, _ in precautions(load_settings(), env_file=file))


def test_what_is_no_text_is_told_in_one_line(folder: Path) -> None:
    (folder / ".env").write_bytes(b"\x7fELF\2\1\1" + bytes(300))
    with pytest.raises(BadSettings, match=r"\.env is not a text file"):
        load_settings()


def test_what_is_damaged_is_told_with_its_place(folder: Path) -> None:
    (folder / ".env").write_bytes("# Für Ñandú, año, señor\n".encode() + b"A=\xff")
    with pytest.raises(BadSettings, match=r"\.env is damaged: its byte 32 is not UTF-8"):
        load_settings()


def test_what_cannot_be_read_is_told_in_one_line(folder: Path) -> None:
    with pytest.raises(BadSettings, match=r"cannot be read \(Is a directory\)"):
        read_env_file(folder)
