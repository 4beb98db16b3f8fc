"""What `--help` shows holds no word of Python's, in no command."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

from bot.cli.help_text import joined, kind_in_words
from bot.cli.lazy import COMMANDS, load
from bot.cli.main import app

_PYTHON = re.compile(r"\b(?:str|int|float|bool|Path|list|None|True|False)\b")


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("<str>", "<text>"),
        ("<int range>", "<number>"),
        ("<list[Path]>", "<path>"),
        ("<path>", "<path>"),
        ("<language|speech>", "<language|speech>"),
        ("<bool>", ""),
    ],
)
def test_a_kind_of_value_is_named_in_words(shown, words):
    assert kind_in_words(shown) == words


def test_paragraphs_stay_apart_and_lose_their_line_breaks():
    assert joined("One\nline.\n\n    Two,\n    with a rest.\n") == "One line.\n\nTwo, with a rest."
    assert joined(None) is None


def with_subcommands(name: str) -> Iterator[Any]:
    if name == "skydeck":
        yield get_command(app)
        return
    command = load(name)
    yield command
    yield from getattr(command, "commands", {}).values()


@pytest.mark.parametrize("name", ["skydeck", *COMMANDS])
def test_no_command_names_a_type_of_python(name):
    for command in with_subcommands(name):
        assert_in_words(command)


def assert_in_words(command):
    context = typer.Context(command, info_name="x")
    shown = [one.display_type_rich(context) or "" for one in command.get_params(context)]
    assert [one for one in shown if _PYTHON.search(one)] == []
    assert not any("\n" in one for one in (command.help or "").split("\n\n"))
