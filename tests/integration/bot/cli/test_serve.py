"""With which key `skydeck serve` serves; the services themselves are left out."""

import os

import pytest
from typer.testing import CliRunner

from bot.cli import main
from bot.errors import SkydeckError

CHOSEN = "a-key-of-thirty-two-characters-x"


@pytest.fixture
def served(monkeypatch, tmp_path):
    """The keys that a server was started with."""
    keys = []

    async def until_stopped(_settings, *, key, on_ready, **_):
        keys.append(key.get_secret_value())
        on_ready("http://127.0.0.1:8010/v2")

    monkeypatch.setattr("bot.composition.serve_until_stopped", until_stopped)
    monkeypatch.delenv("SKYDECK_SERVE_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    return keys


def run(*words):
    return CliRunner().invoke(main.app, ["serve", *words])


def test_without_one_a_key_is_made_up_and_shown_once(served):
    first, second = run(), run()

    assert first.stderr.count(served[0]) == second.stderr.count(served[1]) == 1
    assert served[0] != served[1]
    assert min(map(len, served)) >= 32


def test_a_key_of_the_environment_is_used_and_not_shown(served, monkeypatch):
    monkeypatch.setenv("SKYDECK_SERVE_KEY", CHOSEN)

    said = run().stderr

    assert served == [CHOSEN]
    assert CHOSEN not in said


@pytest.mark.parametrize("content", [CHOSEN, f"{CHOSEN}\n", f"  {CHOSEN} \r\nmore\n"])
def test_a_key_of_a_file_is_used_and_not_shown(served, tmp_path, monkeypatch, content):
    monkeypatch.setenv("SKYDECK_SERVE_KEY", "another")
    (tmp_path / "key").write_bytes(content.encode())

    said = run("--key-file", "key").stderr

    assert served == [CHOSEN]
    assert CHOSEN not in said


def test_a_key_on_the_command_line_is_used_and_warned_of(served):
    said = run("--key", CHOSEN).stderr

    assert served == [CHOSEN]
    assert "SKYDECK_SERVE_KEY or --key-file" in said
    assert CHOSEN not in said
    assert "--key " not in run("--help").stdout


@pytest.mark.parametrize("key", ["", "  ", "\t", "a\nb", "ñ", "a\x00b", "🔑"])
def test_a_key_that_nobody_could_send_is_refused(served, tmp_path, key):
    (tmp_path / "key").write_bytes(key.encode())

    said = run("--key", key)

    assert isinstance(said.exception, SkydeckError)
    assert "key" in str(said.exception)
    assert not served
    if "\n" not in key:
        assert isinstance(run("--key-file", "key").exception, SkydeckError)
        assert not served


def test_what_is_no_file_is_refused(served, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(b"x" * 10_000_000)

    for name in ("missing", "pipe", ".", "/dev/zero", "long"):
        said = run("--key-file", name)
        assert isinstance(said.exception, SkydeckError), name
    assert not served
