"""When to begin to speak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workers.penny.phrasing import Phrasing, speakable


def phrases(text: str, step: int = 3) -> list[str]:
    phrasing = Phrasing()
    pieces = [text[i : i + step] for i in range(0, len(text), step)]
    return [p for piece in pieces for p in phrasing.feed(piece)] + phrasing.finish()


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Paris.", ["Paris."]),
        (
            "Yes, of course, it is Paris. It lies on the Seine.",
            ["Yes, of course,", "it is Paris.", "It lies on the Seine."],
        ),
        ("Dr. Smith lives here. He is in.", ["Dr. Smith lives here.", "He is in."]),
        ("Pi is 3.14 and no more. Good!", ["Pi is 3.14 and no more.", "Good!"]),
        ("¿Qué tal? Muy bien.", ["¿Qué tal?", "Muy bien."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("One:\n- first\n- second\n", ["One:", "first", "second"]),
        ("Look: ```py\nprint(1)\n``` That is all.", ["Look: That is all."]),
        ("", []),
        ("…", []),
        ("**Bold** and `code` at https://example.org today.", ["Bold and code at today."]),
    ],
)
def test_phrases(text: str, spoken: list[str]) -> None:
    assert phrases(text) == spoken


def test_the_first_clause_does_not_wait_for_its_sentence() -> None:
    phrasing = Phrasing()
    assert phrasing.feed("Well, in the north of France, ") == ["Well, in the north of France,"]


def test_the_first_sentence_does_not_wait_for_the_next_word() -> None:
    assert Phrasing().feed("The capital of France is Paris.") == ["The capital of France is Paris."]


@pytest.mark.parametrize(
    "text",
    ["Ask Dr.", "Pi is 3.", 'He said "stop.', "See https://example.", "So (see above.", "A."],
)
def test_what_may_go_on_waits_for_the_next_word(text: str) -> None:
    assert Phrasing().feed(text) == []


def test_later_clauses_do_wait() -> None:
    phrasing = Phrasing()
    phrasing.feed("That is right. ")
    assert phrasing.feed("In the north of France, ") == []


def test_a_sentence_without_an_end_is_spoken_anyway() -> None:
    phrasing = Phrasing()
    spoken = phrasing.feed("word " * 200)
    assert spoken
    assert all(len(phrase) <= 221 for phrase in spoken)


@given(st.lists(st.sampled_from(["red", "green", "blue,", "sea.", "why?", "so;"]), max_size=80))
def test_words_come_out_in_order(words: list[str]) -> None:
    assert " ".join(phrases(" ".join(words))).split() == words


def test_markup_alone_is_not_spoken() -> None:
    assert speakable("** -- **") == ""
