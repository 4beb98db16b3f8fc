"""Spoken commands in words that no phrase has."""

import pytest

from bot.actions.intents.commands import likely_command
from bot.spoken_commands import CommandKind, SpokenCommand

ALFRED = [("alfred",)]


@pytest.mark.parametrize(
    ("says", "command"),
    [
        ("could you speak a bit louder, I'm in the kitchen", SpokenCommand(CommandKind.LOUDER)),
        (
            "from now on please talk to me in Italian, I need the practice",
            SpokenCommand(CommandKind.LANGUAGE, "it"),
        ),
        ("¿cuánto llevamos gastado hoy con tanta pregunta?", SpokenCommand(CommandKind.COST)),
        ("how far along is that game you're building", SpokenCommand(CommandKind.PROGRESS)),
        ("scrap the build you're doing, I found one", SpokenCommand(CommandKind.CANCEL_JOB)),
    ],
)
def test_what_is_likely_a_command(says: str, command: SpokenCommand) -> None:
    found = likely_command(says, ALFRED)
    assert found is not None
    assert found.commands == (command,)


@pytest.mark.parametrize(
    "says",
    [
        "now",
        "speak up",  # a phrase knows it, or it is none
        "What is the capital of Peru?",
        "my sister speaks Italian with her boss from now on",
        "the shop is closed on Sundays, so we leave on Monday",
        "resume esto y tradúcelo al inglés",
        "",
    ],
)
def test_what_is_likely_something_else(says: str) -> None:
    assert likely_command(says, ALFRED) is None
