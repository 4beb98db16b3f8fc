import string
import tomllib
from importlib import resources

import pytest

from bot import i18n
from bot.i18n import INTERFACE_LANGUAGES, words_for

DISCORD_LIMIT = 2000
ENGLISH, SPANISH = words_for("en-US"), words_for("es-ES")


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("es-ES", "es"),
        ("es-419", "es"),
        ("es", "es"),
        ("ES-es", "es"),
        ("en-US", "en"),
        ("en-GB", "en"),
        ("de", "en"),
        ("est", "en"),
        ("", "en"),
        (None, "en"),
        ("../es", "en"),
    ],
)
def test_a_locale_gives_its_language(locale, language):
    assert words_for(locale).language == language


def test_the_texts_are_read_once():
    assert words_for("es-ES") is words_for("es-419")


def test_a_file_is_read_when_one_of_its_texts_is_wanted(monkeypatch):
    read = []
    loads = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", lambda text: read.append(text) or loads(text))
    words = i18n.Words("es", i18n._Texts("es"))
    assert words.has("chat.state.waiting")
    assert not words.has("chat.nothing")
    assert not words.has("nothing.at_all")
    assert len(read) == 1
    assert dict(words.texts) == dict(SPANISH.texts)


def test_values_are_shown_as_they_are():
    text = ENGLISH.texts["errors.unexpected"]
    assert ENGLISH("errors.unexpected") == text
    key = next(k for k, t in ENGLISH.texts.items() if placeholders(t) == {"wait"})
    assert "{x} {0.__class__} **" in ENGLISH(key, wait="{x} {0.__class__} **")


def test_an_unknown_key_and_a_missing_value_are_mistakes_of_ours():
    with pytest.raises(KeyError):
        ENGLISH("common.no_such_text")
    key = next(k for k, t in ENGLISH.texts.items() if placeholders(t) == {"wait"})
    with pytest.raises(KeyError):
        ENGLISH(key)
    assert ENGLISH.has("common.yes")
    assert not ENGLISH.has("common.no_such_text")


def test_both_languages_have_the_same_texts():
    assert ENGLISH.texts.keys() == SPANISH.texts.keys()


def test_both_languages_have_the_same_files():
    files = [
        {file.name for file in resources.files("bot").joinpath("locales", language).iterdir()}
        for language in INTERFACE_LANGUAGES
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize("key", sorted(ENGLISH.texts.keys() | SPANISH.texts.keys()))
def test_every_text_can_be_shown_in_both_languages(key):
    texts = [words.texts[key] for words in (ENGLISH, SPANISH)]
    assert all(isinstance(text, str) and text.strip() == text and text for text in texts)
    assert all(len(text) <= DISCORD_LIMIT for text in texts)
    assert placeholders(texts[0]) == placeholders(texts[1])
    assert all(name.isidentifier() for name in placeholders(texts[0]))  # no {0}, {a.b}, {a[b]}


@pytest.mark.parametrize("words", [ENGLISH, SPANISH])
def test_what_is_counted_has_both_forms(words):
    for key in words.texts:
        stem, _, form = key.rpartition("_")
        if form in {"one", "many"}:
            assert words.has(f"{stem}_one")
            assert words.has(f"{stem}_many")


def test_whole_numbers_are_written_as_the_language_writes_them():
    long = {"number": 200_001, "most": 200_000}
    assert "200,001 characters" in words_for("en")("grace.input.too_long", **long)
    assert "200.001 caracteres" in words_for("es")("grace.input.too_long", **long)
    assert words_for("es").count("costs.calls", 1234) == "1234 peticiones"
    assert words_for("en").count("costs.calls", 1234) == "1,234 calls"
