import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workers.grace.pieces import halve, margins, split, whole_sentences

FLAG = "🇪🇸"
WORDS = st.text(alphabet="abcdefgé", min_size=1, max_size=12)
PROSE = st.lists(
    st.tuples(WORDS, st.sampled_from([" ", ". ", "? ", "\n", "\n\n", "\n \n", "  "])), max_size=200
).map(lambda pairs: "".join(word + blank for word, blank in pairs))
WILD = st.text(max_size=400) | st.text(alphabet="a \n.👩🏽\u200d🇪🇸e\u0301。", max_size=400)


@settings(deadline=None)
@given(WILD | PROSE, st.integers(1, 120))
def test_nothing_is_lost_and_every_piece_fits(text, limit):
    pieces = split(text, limit)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= limit for piece in pieces)


@settings(deadline=None)
@given(PROSE, st.integers(60, 200))
def test_no_word_is_cut_where_words_are_shorter_than_half_a_piece(text, limit):
    for piece, following in pairwise(split(text, limit)):
        assert piece[-1].isspace() or following[0].isspace()


@settings(deadline=None)
@given(PROSE, st.integers(30, 200))
def test_pieces_are_of_about_the_same_length(text, limit):
    assert len(split(text, limit)) <= 2 * (len(text) // limit + 1)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["e\u0301\u0323", "👩🏽\u200d🚀", FLAG, "x", "❤\ufe0f"]),
        min_size=1,
        max_size=60,
    )
    .filter(lambda characters: not any(a == b == FLAG for a, b in pairwise(characters)))
    .map("".join),
    st.integers(10, 40),
)
def test_no_visible_character_is_cut(text, limit):
    for piece in split(text, limit)[1:]:
        assert not unicodedata.combining(piece[0])
        assert piece[0] not in "\u200d\ufe0f🏽🇸🚀"


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 10, []),
        ("short", 10, ["short"]),
        ("One two.\n\nThree four five.", 20, ["One two.\n\n", "Three four five."]),
        (
            "One two\nthree four five",
            14,
            ["One two\n", "three four ", "five"],
        ),
        ("Is it? It is so. Yes.", 12, ["Is it? ", "It is so. ", "Yes."]),
        ("一二三。四五六。七八九。", 5, ["一二三。", "四五六。", "七八九。"]),
        ("aaaaaaaaaa", 4, ["aaaa", "aaaa", "aa"]),
    ],
)
def test_the_best_border_wins(text, limit, pieces):
    assert split(text, limit) == pieces


def test_a_limit_must_be_positive():
    with pytest.raises(ValueError, match="0 characters"):
        split("text", 0)


def test_a_megabyte_is_cut_whole():
    """How quickly: `tests/bench/test_split.py`."""
    text = "word " * 200_000 + "\n" * 100_000
    assert "".join(split(text, 6_000)) == text


@settings(deadline=None)
@given(WILD.filter(lambda text: len(text) > 1))
def test_halves_are_shorter_and_whole(text):
    halves = halve(text)
    assert "".join(halves) == text
    assert len(halves) > 1
    assert all(len(half) < len(text) for half in halves)


@settings(deadline=None)
@given(WILD)
def test_margins_are_blanks_and_nothing_is_lost(text):
    before, words, after = margins(text)
    assert before + words + after == text
    assert not before.strip()
    assert not after.strip()
    assert words == text.strip()


def test_no_piece_ends_with_a_title_or_the_number_of_a_list():
    text = "I know Prof. Smith well and he knows me. Ask him. 2. Add salt to the water and wait."
    assert split(text, 60) == [
        "I know Prof. Smith well and he knows me. Ask him. ",
        "2. Add salt to the water and wait.",
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It rains. It pours. The old", "It rains. It pours."),
        ("It costs 3.5 dollars", "It costs 3.5 dollars"),
        ("- one\n- two\n- thr", "- one\n- two"),
        ('He said "no." And th', 'He said "no."'),
        ("下雨了。天", "下雨了。"),
        ("It rains. Ask Prof. Sm", "It rains."),
        ("Llueve. La Dra. Góm", "Llueve."),
        ("Es regnet. Am 3. Okto", "Es regnet."),
        ("Take salt, e.g. sea salt. 2. Then ad", "Take salt, e.g. sea salt."),
        ("बारिश है। क्य", "बारिश है।"),
        ("", ""),
    ],
)
def test_a_sentence_that_was_cut_off_is_dropped(text, kept):
    assert whole_sentences(text) == kept
    assert not re.search(r"\s$", whole_sentences(text))
