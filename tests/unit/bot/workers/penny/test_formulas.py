"""LaTeX and HTML's entities are spoken as the signs that they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workers.penny.formulas import with_signs
from bot.workers.penny.spoken_text import shown, spoken


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"It is \frac{1}{2} of it.", "It is one half of it."),
        (r"3 \times 4 = 12", "3 times 4 equals 12"),
        (r"6 \div 2 = 3", "6 divided by 2 equals 3"),
        (r"\sqrt{16} = 4", "square root of 16 equals 4"),
        (r"2 \pi", "2 pi"),
        (r"\boxed{\text{Paris}}", "Paris"),
        ("salt &amp; water", "salt and water"),
        ("it&#39;s five&nbsp;euros", "it's five euros"),
        ("a&#xe000;b&#27;c &#xd800;", "a bc \N{REPLACEMENT CHARACTER}"),
        ("`&amp;` is one", "and amp; is one"),
    ],
)
def test_a_formula_is_spoken(text: str, words: str):
    assert spoken(shown(text, "en"), "en") == words


@pytest.mark.parametrize(
    "text", [r"C:\times\pi", r"a\b", "AT&T; R&D", "&nosuch;", r"\timesheet", r"\frac{1}", "&", "\\"]
)
def test_what_only_looks_like_it_stays(text: str):
    assert with_signs(text) == text


@given(st.text(alphabet=r"\{}&;#fracsqt12 "))
def test_any_text_is_taken(text: str):
    assert len(with_signs(text)) <= len(text)
