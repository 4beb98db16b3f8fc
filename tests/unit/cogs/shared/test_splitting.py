import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.shared.splitting import disarm, split

LIMIT = 120
LANGUAGES = ("py", "c++", "objective-c", "")


def words_of(text):
    """All that is not white space, a fence, or the name of a language."""
    return "".join(re.sub(r"```|py|c\+\+|objective-c", "", text).split())


def is_whole(piece, limit):
    return 0 < len(piece) <= limit and piece.strip() and piece.count("```") % 2 == 0


def test_a_short_text_stays_as_it_is():
    assert split("Hello\n\n  - there") == ["Hello\n\n  - there"]
    assert split("a" * 2000) == ["a" * 2000]


@pytest.mark.parametrize("blank", ["", " ", "\n\n \t\n", "\n" * 5000])
def test_nothing_gives_no_message(blank):
    assert split(blank) == []


def test_a_paragraph_goes_before_a_line_before_a_sentence_before_a_word():
    first, second = "a " * 40, "b " * 40
    assert split(f"{first}\n\n{second}\n{second}", LIMIT)[0] == first.rstrip()
    assert split(f"{first}\n{second}. {second}", LIMIT)[0] == first.rstrip()
    assert split(f"{first}x. {second}", LIMIT)[0] == f"{first}x."
    assert split(first + second, LIMIT)[0] == (first + second)[:LIMIT].rstrip()


def test_a_cut_that_would_leave_a_message_half_empty_is_not_taken():
    first, *_ = split("Hm.\n\n" + "word " * 100, LIMIT)
    assert len(first) > LIMIT / 2


def test_a_word_of_5000_characters_is_cut_where_it_must():
    pieces = split("x" * 5000)
    assert [len(piece) for piece in pieces] == [2000, 2000, 1000]
    assert split("a " + "x" * 2000) == ["a", "x" * 2000]


def test_a_code_block_is_closed_and_opened_again_in_its_language():
    lines = [f"    line_{n} = {n}" for n in range(30)]
    text = "Look:\n```py\n" + "\n".join(lines) + "\n```\nThat is all."
    pieces = split(text, LIMIT)
    assert all(is_whole(piece, LIMIT) for piece in pieces)
    assert all(piece.startswith("```py\n    line") for piece in pieces[1:-1])
    shown = [line for piece in pieces for line in piece.splitlines() if line.startswith("    ")]
    assert shown == lines


def test_a_code_block_that_fits_is_moved_rather_than_parted():
    block = "```py\n" + "x = 1\n" * 10 + "```"
    assert split("Some words. " * 6 + "\n" + block, LIMIT) == [("Some words. " * 6).rstrip(), block]


def test_a_block_that_nobody_closes_is_closed():
    assert split("```py\nx = 1") == ["```py\nx = 1\n```"]
    pieces = split("before ``` inside " + "word " * 100, LIMIT)
    assert all(is_whole(piece, LIMIT) for piece in pieces)


@pytest.mark.parametrize("lines", range(8, 24))
def test_no_message_begins_with_a_code_block_that_is_empty(lines):
    """A line ends right before the fence that closes a block: the wrong place to cut."""
    pieces = split("```py\n" + "x = 1\n" * lines + "``` and then " + "words " * 30, LIMIT)
    assert not any(re.search(r"```py\n\s*```", piece) for piece in pieces)
    assert sum(piece.count("x = 1") for piece in pieces) == lines


def test_a_language_as_long_as_a_novel_is_only_text():
    pieces = split("```" + "x" * 500 + "\ncode\n```", LIMIT)
    assert all(is_whole(piece, LIMIT) for piece in pieces)
    assert words_of("".join(pieces)) == "x" * 500 + "code"


@pytest.mark.parametrize("cluster", ["👩‍👩‍👧‍👦", "👍🏽", "🇪🇸", "é", "1️⃣"])
def test_an_emoji_stays_whole(cluster):
    pieces = split(cluster * 200, LIMIT)
    assert "".join(pieces) == cluster * 200
    assert all(len(piece) % len(cluster) == 0 for piece in pieces)


def test_a_reply_of_40000_characters_is_split_whole():
    """How quickly: `tests/bench/test_split.py`."""
    texts = ["word " * 8000, "x" * 40_000, "```" * 13_333, "```py\n" + "x = 1\n" * 6_666]
    for text in texts:
        pieces = split(text)
        assert all(is_whole(piece, 2000) for piece in pieces)


def test_a_limit_without_room_is_refused():
    with pytest.raises(ValueError, match="under 64"):
        split("x", 10)


token = st.text("abé漢", min_size=1, max_size=12)
prose = st.lists(token, max_size=40).flatmap(
    lambda words: st.sampled_from([" ", ". ", "\n", "\n\n"]).map(lambda gap: gap.join(words))
)
block = st.tuples(st.sampled_from(LANGUAGES), prose).map(lambda b: f"```{b[0]}\n{b[1]}\n```")
markdown = st.lists(prose | block | st.just("```") | st.just("`"), max_size=8).map("\n".join)


@given(markdown, st.integers(64, 200))
def test_every_message_is_whole_and_nothing_is_lost(text, limit):
    pieces = split(text, limit)
    assert all(is_whole(piece, limit) for piece in pieces)
    assert words_of("".join(pieces)) == words_of(text)


@given(st.text("`ab \n@.😀\u200d", max_size=600), st.integers(64, 100))
def test_no_text_breaks_it(text, limit):
    assert all(is_whole(piece, limit) for piece in split(text, limit))


@given(markdown)
def test_what_fits_is_one_message(text):
    if text.strip() and len(text) < 1900:
        assert len(split(text)) == 1


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("@everyone", "@\u200beveryone"),
        ("hi @here!", "hi @\u200bhere!"),
        ("<@123> <@!123> <@&123>", "<@\u200b123> <@\u200b!123> <@\u200b&123>"),
        ("a@b.com @hereafter <#1> @Ana", "a@b.com @hereafter <#1> @Ana"),
        ("`@everyone` ```\n@here``` @here", "`@everyone` ```\n@here``` @\u200bhere"),
        ("``` @everyone", "``` @\u200beveryone"),
    ],
)
def test_mentions_are_disarmed_outside_code(text, harmless):
    assert disarm(text) == harmless
    assert disarm(harmless) == harmless
