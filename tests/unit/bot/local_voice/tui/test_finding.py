"""Search in what is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local_voice.tui.finding import hits


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("What is the capital?", "CAPITAL", ["capital"]),
        ("El día y la DIA", "dia", ["día", "DIA"]),
        ("a spider has\n        eight legs", "has eight", ["has\n        eight"]),
        ("a.b a+b", "a+b", ["a+b"]),
        ("İstanbul", "stanbul", ["stanbul"]),
        ("text", "", []),
        ("text", "  ", []),
        ("text", "none", []),
    ],
)
def test_hits(text, wanted, found):
    assert [text[begin:end] for begin, end in hits(text, wanted)] == found


@given(st.text(max_size=80))
def test_whatever_stands_there_is_found(text):
    word = text.strip()[:10].strip()
    assert bool(hits(text, word)) == bool(word)
