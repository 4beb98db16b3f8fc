"""The language that words ask for, among those that they name."""

import pytest

from bot.actions.language_words import language_in, language_span, target_language


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("translate my fable to swahili", "Swahili"),
        ("traduceme al gales el aviso", "Welsh"),
        ("a quechua el lema", "Quechua"),
        ("en guarani porfa", "Guarani"),
        ("put it into haitian creole", "Haitian Creole"),
        ("into brazilian portuguese pls", "Portuguese"),
        ("from greek into french no wait italian", "Italian"),
        ("they write in russian put it in english for me", "English"),
        ("pasala al castellano esta en aleman", "Spanish"),
        ("translate it into polish the thing above", "Polish"),
        ("vuelvelo a escribir en ingles", "English"),
        ("its all in portuguese", None),
        ("polish this letter", None),
        ("a hindi song", None),
    ],
)
def test_the_language_that_is_asked_for(words: str, language: str | None) -> None:
    assert language_in(words) == language


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("make it english", "English"),
        ("my aunt only reads gujarati put the message into that", "Gujarati"),
        ("no not danish swedish that line", "Swedish"),
        ("i cant read french translate it", None),
        ("its a swedish recipe", None),
        ("french or italian", None),
    ],
)
def test_a_translation_needs_no_more_than_a_name(words: str, language: str | None) -> None:
    assert target_language(words) == language


def test_the_span_has_what_leads_to_the_language() -> None:
    assert language_span("good morning into welsh") == (13, 23)
    assert language_span("it is in welsh") is None
