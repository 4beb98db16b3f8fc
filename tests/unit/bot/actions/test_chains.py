"""The steps after the first of a request."""

from typing import Any

import pytest

from bot.actions.chains import split_steps
from tests.unit.bot.actions.asking import OFFERED

BY_NAME = {one.module: one for one in OFFERED}


@pytest.mark.parametrize(
    ("words", "first", "own", "steps"),
    [
        (
            "boil the thread down and then put it in Polish for Tomek",
            "SUMMARIZER",
            "boil the thread down",
            [("TRANSLATOR", {"to": "Polish"})],
        ),
        (
            "quítale las faltas y luego al alemán",
            "PROOFREADER",
            "quítale las faltas",
            [("TRANSLATOR", {"to": "German"})],
        ),
        (
            "tidy up my commas, then translate it into French",
            "PROOFREADER",
            "tidy up my commas",
            [("TRANSLATOR", {"to": "French"})],
        ),
        (
            "the red one and the blue one, how do they differ",
            "COMPARER",
            "the red one and the blue one, how do they differ",
            [],
        ),
        (
            "a game that reads a word and then translates it into Spanish",
            "BUILD",
            "a game that reads a word and then translates it into Spanish",
            [],
        ),
    ],
)
def test_what_follows_works_on_the_result(
    words: str, first: str, own: str, steps: list[tuple[str, dict[str, Any]]]
) -> None:
    before, following = split_steps(words, BY_NAME[first], OFFERED, ["Alfred"])
    assert before == own
    assert [(one.action.module, dict(one.params)) for one in following] == steps


def test_only_what_is_offered_follows() -> None:
    words = "boil the thread down and then put it in Polish"
    offered = [one for one in OFFERED if one.module != "TRANSLATOR"]
    assert split_steps(words, BY_NAME["SUMMARIZER"], offered, []) == (words, ())
