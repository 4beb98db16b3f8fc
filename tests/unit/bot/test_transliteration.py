"""Signs that an encoding lacks."""
# ruff: noqa: RUF001  (quotes and dashes)

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transliteration import TRANSLITERATE, install, transliterate

install()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It’s “so”…", 'It\'s "so"...'),
        ("¿Qué tal, señor? ¡Sí!", "?Que tal, senor? !Si!"),
        ("2 – 3 — −4 × 5", "2 - 3 - -4 x 5"),
        ("Łódź, Straße, Ærø", "Lodz, Strasse, AEro"),
        ("└─┐ │ █ ⠋ •", "+-+ | * * *"),
        ("a\u00a0b\u2009c", "a b c"),
        ("ﬁne ½ ²", "fine 12 2"),
        ("日本 🎉", "?? ?"),
        ("e\u0301", "e"),
        ("plain", "plain"),
    ],
)
def test_the_nearest_signs(text, plain):
    assert transliterate(text) == plain


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "cp1252", "koi8-r", "shift_jis"])
@given(text=st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_goes_to_any_encoding(encoding, text):
    target = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=TRANSLITERATE)
    target.write(text)
    target.flush()


@given(st.text())
def test_it_is_always_ascii(text):
    assert transliterate(text).isascii()


def test_what_the_encoding_has_stays():
    assert "señor’s".encode("latin-1", TRANSLITERATE) == "señor's".encode("latin-1")
