import ast
from pathlib import Path

import pytest

import cogs
from bot.i18n import words_for
from cogs.shared.commands import text

SHOWN = {"command", "Group", "Choice", "ContextMenu", "describe", "rename"}
"""The calls whose arguments Discord shows to people."""


def literals(call):
    """The texts that stand in a call itself, except for a choice's value."""
    shown = [a.value for a in call.keywords if a.arg not in {"value", "callback"}]
    if ast.unparse(call.func).endswith("Choice"):
        shown += call.args[:1]
    return [
        node for node in shown if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def calls(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def test_the_english_of_a_command_comes_from_the_locales():
    made = text("jobs.cmd.about")
    assert made.message == words_for("en")("jobs.cmd.about")
    assert made.extras == {"key": "jobs.cmd.about"}


def test_a_key_that_the_locales_lack_is_a_mistake():
    with pytest.raises(KeyError):
        text("jobs.cmd.no_such_text")


def test_a_text_of_somebody_elses_is_the_same_in_every_language():
    made = text("grace.module.own.about", "Counts sheep")
    assert made.message == "Counts sheep"
    assert not made.extras


@pytest.mark.parametrize(
    "path", sorted(Path(cogs.__file__).parent.rglob("*.py")), ids=lambda path: path.name
)
def test_no_text_of_a_command_stands_in_the_code(path):
    for name, call in calls(path):
        if name in SHOWN:
            assert not literals(call), f"line {call.lineno}: take it from the locales"
        if name == "locale_str":
            assert not isinstance(call.args[0], ast.Constant), f"line {call.lineno}"
