"""An answer that repeats itself until it is cut off."""

import pytest

from bot.workers.answer_loops import looped_chars, loops


@pytest.mark.parametrize(
    ("answer", "question", "expected"),
    [
        ("It is so. " * 4, "", False),  # ten characters: an echo, no loop
        ("It really is so. " * 4, "", True),
        ("It really is so. " * 3, "", False),
        ("It really is so. " * 4, "Copy: " + "It really is so. " * 5, False),
        ("-" * 200, "", False),
        ("| --- " * 20, "", False),
        ("0 " * 60, "", False),
        ("\u00a1" * 60, "", True),  # a model's whole answer, once
        ("ja" * 40, "", False),
        ("Yes. " + "one two three, " * 9, "", True),
        ("", "", False),
    ],
)
def test_loops(answer: str, question: str, expected: bool) -> None:
    assert loops(answer, question) is expected


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (
            "Con Antonio Banderas" + ", Javier Bardem" * 6 + ", Jav",
            "Con Antonio Banderas, Javier Bardem",
        ),
        ("It really is so. " * 5, "It really is so. "),
        ("ja" * 40, "ja" * 6),
        ("| 0 " * 40, "| 0 " * 40),
        ("It really is so. It is.", "It really is so. It is."),
        ("", ""),
    ],
)
def test_one_time_is_kept(answer: str, kept: str) -> None:
    assert answer[: len(answer) - looped_chars(answer)] == kept
