"""Control sequences go; everything that scripts and emoji need stays."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.sanitize import clean, clean_line, escape_json
from tests.fakes.hostile_answers import DRIVES, forbidden_in


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mRED\x1b[0m", "RED"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]52;c;aGk=\x1b\\b", "ab"),
        ("a\x9d0;t\x9cb\x9b2Jc", "abc"),
        ("\x1b]0;no end", "0;no end"),
        ("\x1bPq#0\x1b\\x\x1bcy\x1b(0z", "xyz"),
        ("gnp\u202eexe\u2066.\u2069\u200b\ufeff\u00ad", "gnpexe."),
        ("pay\u200dpal \u200c", "paypal "),
        ("a\r\nb\rc\x85d\u2028e\tf", "a\nb\nc\nd\ne\tf"),
        ("x\U000e0041\U000e0042", "x"),
        ("a\ufe0f\ufe0e\ufe0f", "a"),
        ("❤\ufe0f\ufe0e\ufe0f", "❤\ufe0f"),
        ("h\U000e0100i\U000e0151 中\U000e0100\U000e0100", "hi 中\U000e0100"),
        ("🏴" + "".join(chr(0xE0000 + ord(c)) for c in "ignore") + "\U000e007f", "🏴"),
        ("z" + "\u0301" * 500 + "\u200b" + "\u0489" * 500 + "a", "z" + "\u0301" * 8 + "a"),
        ("half \ud83d of one", "half  of one"),
    ],
)
def test_what_is_left(text, shown):
    assert clean(text) == shown
    assert clean_line(text) == " ".join(shown.replace("\t", "\n").split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "क्\u200dष",
        "ശ്രീ\u200d",
        "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 🧑🏽\u200d🚀 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 🇪🇸",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "葛\U000e0100城 ∩\ufe00 ᠠ\u1820\ufe00 ©\ufe0e",
        "naïve e\u0301 中文 עברית",
    ],
)
def test_what_people_write_stays(text):
    assert clean(text) == text


@given(st.text())
def test_nothing_forbidden_is_left(text):
    assert not forbidden_in(clean(text + DRIVES))
    assert not forbidden_in(clean_line(text + DRIVES))
    assert "\n" not in clean_line(text + DRIVES)
    assert clean(clean(text)) == clean(text)


_BESIDE_JOINERS = st.lists(
    st.sampled_from(
        ["a", " ", "\n", "❤", "🏴", "न", "中", "\u3000", "\u1680", "\u200b", "\u200c", "\u200d",
         "\ufe0e", "\ufe0f", "\u1ab0", "\u0301" * 8, "\u0301" * 9, "\x1b", "\x9b", "\U000e0067",
         "\U000e007f", "\U000e0100"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(_BESIDE_JOINERS)
@example("\ufe0f\u200d❤")
@example("z" + "\u0301" * 8 + "\u1ab0\u200d" * 3)
def test_what_is_clean_stays_as_it_is(text):
    """Each removal may leave a joiner beside a character that does not join."""
    assert clean(clean(text)) == clean(text)
    assert clean_line(clean_line(text)) == clean_line(text)


@given(st.text() | st.just(DRIVES))
def test_json_says_the_same_in_escapes(text):
    line = escape_json(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(line) == {"a": text}
    assert not forbidden_in(line.replace("\u200c", "").replace("\u200d", ""))
    line.encode()
