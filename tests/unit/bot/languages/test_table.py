"""One table of languages for everything."""

import pytest

from bot import i18n
from bot.i18n import words_for
from bot.languages import DEFAULT, LANGUAGES, find_language, primary
from bot.local_voice.choices import language_choices


def test_names_codes_and_labels_are_unique() -> None:
    every = LANGUAGES.values()
    for names in (
        [one.english for one in every],
        [one.native for one in every],
        [label for one in every for label in one.detector_ids],
        [label for one in every for label in one.asr_ids],
    ):
        assert len(names) == len(set(names))


@pytest.mark.parametrize("language", i18n.INTERFACE_LANGUAGES)
def test_each_language_has_a_name_in_each_language_of_the_texts(language: str) -> None:
    words = words_for(language)
    listed = {key.rpartition(".")[2] for key in words.texts if key.startswith("grace.language.")}
    assert listed == {"auto", *LANGUAGES}
    if language == DEFAULT:
        for code, one in LANGUAGES.items():
            assert words(f"grace.language.{code}") == one.english


def test_the_microphone_offers_every_language() -> None:
    assert {choice.name for choice in language_choices(i18n.words_for("es"))} == {None, *LANGUAGES}


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("es-419", "es"),
        ("ES_mx", "es"),
        ("zh-TW", "zh"),
        ("nb-NO", "no"),
        ("nn", "no"),
        ("fil", "tl"),
        ("iw", "he"),
        (" en ", "en"),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_a_tag_names_a_language(tag: str | None, code: str | None) -> None:
    assert primary(tag) == code
    found = find_language(tag)
    assert (found.code if found else None) == code


def test_an_unknown_tag_is_none() -> None:
    assert find_language("tlh") is None
    assert primary("tlh-x") == "tlh"
