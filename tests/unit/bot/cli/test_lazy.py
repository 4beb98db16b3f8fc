"""What is said before a command is there."""

import sys

import pytest
import typer
from typer.main import get_command

from bot.cli.main import app


@pytest.mark.parametrize(
    ("is_terminal", "words", "said"),
    [
        (True, ["talk"], "Starting …\n"),
        (True, ["talk", "--language", "es"], "Starting …\n"),
        (True, ["talk", "--file", "question.wav"], ""),
        (True, ["talk", "--help"], ""),
        (True, ["costs"], ""),
        (False, ["talk"], ""),
    ],
)
def test_a_window_that_comes_is_announced_at_once(
    monkeypatch, capsys, is_terminal: bool, words: list[str], said: str
):
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    group = get_command(app)
    group.resolve_command(typer.Context(group, info_name="skydeck"), words)
    assert capsys.readouterr() == ("", said)
