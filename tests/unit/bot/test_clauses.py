"""Where a voice may begin before the sentence is complete."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clauses import clause_ends

LIMIT = 220


def clauses(text: str, language: str = "en") -> list[str]:
    ends = [0, *clause_ends(text, LIMIT, language), len(text)]
    return [text[a:b] for a, b in pairwise(ends) if text[a:b]]


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "Yes, it is.", ["Yes, ", "it is."]),
        (
            "en",
            "The sky is blue because air scatters.",
            ["The sky is blue ", "because air scatters."],
        ),
        ("en", "It is big and it is far.", ["It is big ", "and it is far."]),
        ("en", "It is big and it's far.", ["It is big ", "and it's far."]),
        ("en", "Salt and pepper are spices.", ["Salt and pepper are spices."]),
        ("en", "From the sun and the moon.", ["From the sun and the moon."]),
        ("en", "It is big, and it is far.", ["It is big, ", "and it is far."]),
        ("en", "It was nothing but", ["It was nothing but"]),  # the next word may still grow
        ("en", "It was big but sma", ["It was big but sma"]),
        ("en", "A butter knife is sharp.", ["A butter knife is sharp."]),
        ("es", "Es azul porque el aire dispersa.", ["Es azul ", "porque el aire dispersa."]),
        ("es", "Es Madrid y tiene tres ríos.", ["Es Madrid ", "y tiene tres ríos."]),
        ("es", "Romeo y Julieta es de él.", ["Romeo y Julieta es de él."]),
        ("de", "Er ist rot, weil er alt ist.", ["Er ist rot, ", "weil er alt ist."]),
        ("fr", "Il est grand mais il dort.", ["Il est grand ", "mais il dort."]),
        ("", "It is big and it is far.", ["It is big and it is far."]),
        ("xx", "It is big; it is far.", ["It is big; ", "it is far."]),
    ],
)
def test_clauses(language: str, text: str, found: list[str]) -> None:
    assert clauses(text, language) == found


_WORDS = st.lists(
    st.sampled_from([*"yeo", "and", "but", "porque", "it", "es", "big,", "3", "x.", "\n"]),
    max_size=40,
).map(" ".join)


@given(_WORDS, st.sampled_from(["en", "es", "de", "pt", ""]), st.text(max_size=20))
def test_later_text_takes_no_end_back(text: str, language: str, later: str) -> None:
    before = list(clause_ends(text, LIMIT, language))
    assert before == sorted(set(before))
    # A sign at the very end may be followed by more white space, which only moves its end.
    settled = [end for end in before if end < len(text)]
    assert settled == [e for e in clause_ends(text + later, LIMIT, language) if e in settled]
