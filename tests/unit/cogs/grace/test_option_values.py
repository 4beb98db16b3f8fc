"""Finding a language by what a person types."""

import pytest

from bot.contract.options import Option, OptionType
from bot.i18n import words_for
from cogs.grace._option_values import Offer, offer_choices, offer_languages, plain, read_language

ENGLISH, SPANISH = words_for("en"), words_for("es")
BOTH = (ENGLISH, SPANISH)
TO = Option(name="to", description="To.", type=OptionType.LANGUAGE, default="English")
IN = Option(name="in", description="In.", type=OptionType.LANGUAGE, default="auto")


def names(typed, words=ENGLISH, option=TO):
    return [offer.name for offer in offer_languages(typed, option, words, BOTH)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("es", "Spanish"),
        ("Span", "Spanish"),
        ("espanol", "Spanish"),
        ("ESPAÑOL", "Spanish"),
        ("aleman", "German"),
        ("ger", "German"),
        ("zh", "Chinese"),
    ],
)
def test_by_code_and_by_both_names(typed, found):
    assert names(typed)[0] == found


def test_what_begins_so_comes_before_what_contains_it():
    assert "Spanish" in names("an")
    assert names("po")[:2] == ["Polish", "Portuguese"]
    assert names("ish")[:2] == ["Danish", "English"]


def test_the_names_are_in_the_persons_language():
    assert "alemán" in names("", SPANISH)
    assert names("auto", SPANISH, IN)[0] == "el del texto"
    assert "auto" not in [o.value for o in offer_languages("", TO, ENGLISH, BOTH)]


@pytest.mark.parametrize(
    ("typed", "read"),
    [("francés", "fr"), ("FRENCH", "fr"), ("fr", "fr"), ("auto", "auto"), ("fr-CA", "fr-CA")],
)
def test_typed_without_choosing(typed, read):
    assert read_language(typed, IN, BOTH) == read


def test_choices_that_are_too_many_for_a_menu():
    towns = [f"town {n}" for n in range(40)] + ["x" * 120, "málaga"]
    option = Option(
        name="t", description="T.", type=OptionType.CHOICE, choices=towns, default="town 0"
    )
    assert len(offer_choices("", option)) == 25
    assert offer_choices("malaga", option) == [Offer("málaga", "málaga")]
    assert offer_choices("xxx", option) == []


def test_plain():
    assert plain(" Français ") == "francais"
