"""eSpeak's phonemes as the symbols of Kokoro."""

# mypy: ignore-errors
# ruff: noqa: RUF001  (phonetic letters)

import pytest

from bot.workers.penny import kokoro
from bot.workers.penny.kokoro import as_symbols

SYMBOLS = {number: symbol for symbol, number in kokoro._table().symbols.items()}


def test_every_symbol_of_the_model_has_its_number():
    assert len(SYMBOLS) == len(kokoro._table().symbols) == 114
    assert [kokoro._table().symbols[one] for one in ";~a ːᵻ".replace("~", "\u0303")] == [
        1,
        17,
        43,
        16,
        158,
        177,
    ]


@pytest.mark.parametrize(
    ("phonemes", "espeak", "symbols"),
    [
        ("həlˈoʊ wˈɜːld, dʒˈeɪ.", "en-us", "həlˈO wˈɜɹld, ʤˈA."),
        ("həlˈəʊ wˈɜːld!", "en", "həlˈQ wˈɜːld!"),
        ("mˈutʃas ɣɾˈaθjas", "es", "mˈuʧas ɣɾˈaθjas"),
        ("fʁɑ\u0303sˈɛ c\u0327", "fr", "fʁɑ\u0303sˈɛ ç"),
        ("日本\x00", "es", ""),
    ],
)
def test_phonemes_become_symbols(phonemes, espeak, symbols):
    assert "".join(SYMBOLS[one] for one in as_symbols(phonemes, espeak)) == symbols
