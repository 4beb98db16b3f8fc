"""The steps after the first of a request."""

from typing import Any

import pytest

from bot.actions import chains
from bot.actions.chains import split_steps, unknown_first, with_following
from bot.actions.reading import read
from bot.actions.request_parts import Wish
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
            "outline an article about night trains, once that's there do me a snappy title for it",
            "OUTLINER",
            "outline an article about night trains",
            [("TITLER", {"style": "catchy"})],
        ),
        (
            "sácalo en español, después lo resumes y al final le pones un título",
            "TRANSLATOR",
            "sácalo en español",
            [("SUMMARIZER", {}), ("TITLER", {})],
        ),
        (
            "the gist of the file, as bullet points and in English",
            "SUMMARIZER",
            "the gist of the file, as bullet points and in English",
            [],
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


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (
            "simplify the safety sheet so the interns can follow it and then make a summary",
            ["SIMPLIFIER"],
        ),
        ("my train was late, and then translate this into French", []),
        ("translate this into French", []),
        ("compare the red one and the blue one", []),
    ],
)
def test_a_step_that_no_rule_knows_may_come_first(words: str, first: list[str]) -> None:
    known = read(words, OFFERED).wishes
    found = unknown_first(words, known[-1:], OFFERED, ["Alfred"])
    assert [one.action.module for one in found] == first


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ('translate "wash it and then find a title" into Spanish', "wash it and then find a title"),
        (
            "traduce «lávalo y luego busca un título» al inglés",
            "lávalo y luego busca un título",
        ),
        ("translate into Spanish: I ate and then summarise it", "I ate and then summarise it"),
        ("corrige esto: comemos y luego lo traduces", "comemos y luego lo traduces"),
        (
            "translate into Spanish: tidy it up a bit and then translate it",
            "tidy it up a bit and then translate it",
        ),
    ],
)
def test_a_text_asks_for_no_step(words: str, text: str) -> None:
    [wish] = read(words, OFFERED).wishes
    assert with_following(words, wish, OFFERED, ()) == (wish,)
    assert unknown_first(words, [wish], OFFERED, ()) == ()
    assert wish.reference.text == text


def test_a_quote_asks_for_no_step() -> None:
    words = "run `make and then translate into French` and explain it"
    assert split_steps(words, BY_NAME["EXPLAINER"], OFFERED, ()) == (words, ())


@pytest.mark.parametrize(
    "words",
    [
        "summarise it" + " and then" * 1_000 + " translate it",
        "get the gist of this" + " and then boil it down to its gist" * 120,
        "some ideas for names" + " and an outline would be good and then correct it" * 80,
        "get to the heart of it" + " and ideas for it would help, then a heading for it" * 80,
    ],
)
def test_a_long_text_is_read_a_few_times(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    times = 0

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal times
        times += 1
        return read(*given, **named)

    monkeypatch.setattr(chains, "read", counted)
    for first in ("SUMMARIZER", "BRAINSTORMER"):
        split_steps(words, BY_NAME[first], OFFERED, ())
        unknown_first(words, [Wish(BY_NAME[first])], OFFERED, ())
    assert times < 100
