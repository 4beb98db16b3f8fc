import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language_names import any_language, guess_language, language_named, no_language
from bot.languages import LANGUAGES


@pytest.mark.parametrize("word", ["es", "ES", "es-MX", "es_419", " Spanish ", "español", "ESPAÑOL"])
def test_a_language_is_named_by_its_tag_or_its_names(word):
    assert language_named(word).code == "es"


@pytest.mark.parametrize("one", LANGUAGES.values(), ids=LANGUAGES)
def test_each_language_is_found_by_each_of_its_names(one):
    for name in (one.code, one.english, one.native, one.native.upper()):
        assert language_named(name) is one


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("spanisch", "es"),
        ("spansh", "es"),
        ("sp", "es"),
        ("espanol", "es"),
        ("ger", "de"),
        ("deutch", "de"),
        ("jp", "ja"),
        ("cn", "zh"),
        ("japan", "ja"),
        ("fran", "fr"),
        ("englsh", "en"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(word, code):
    assert language_named(word) is None
    assert guess_language(word) == f"Did you mean {code} ({LANGUAGES[code].english})?"


def test_several_that_begin_so_are_all_named():
    assert guess_language("po") == "Did you mean pl (Polish) or pt (Portuguese)?"


@pytest.mark.parametrize("word", ["", " ", "xx", "is", "klingon"])
def test_what_is_like_none_gets_the_list(word):
    problem, hint = no_language(word)
    assert problem == f"There is no language '{word.strip()}'."
    assert hint.startswith("The languages are: ar, bg, bn, ")


@given(st.text())
def test_any_text_is_a_language_or_one_short_line(word):
    if language_named(word) is None:
        problem, hint = no_language(word)
        assert len((problem + hint).splitlines()) == 1
        assert len(problem) < 60


@pytest.mark.parametrize(
    ("word", "name"),
    [("Welsh", "Welsh"), (" galés", "Welsh"), ("GUARANÍ", "Guarani"), ("es-MX", "Spanish")],
)
def test_a_language_may_be_known_only_by_name(word, name):
    assert any_language(word) == name


@pytest.mark.parametrize("word", ["", "Klingon", "plain"])
def test_no_other_word_is_a_language(word):
    assert any_language(word) is None
