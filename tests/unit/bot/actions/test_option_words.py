"""What words say about an action's parameters, and what they do not say."""

import pytest

from bot.actions.option_words import options_in
from bot.actions.plain_words import joined, tokens_of
from bot.contract.actions import MAX_OWN_WORDS_CHARS
from tests.unit.bot.actions.asking import OFFERED

SCHEMAS = {one.module: one.params for one in OFFERED}


def said(module: str, option: str, words: str) -> object:
    return options_in(joined(tokens_of(words)), SCHEMAS[module], words).get(option)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("a python script that reads a text file", "python"),
        ("un script en python que lea un documento", "python"),
        ("a plain text file with our rules, python tips too", "text"),
        ("un documento con las reglas de la casa", "text"),
        ("a script that reads a text file", None),
        ("un programa que convierta un documento", None),
        ("a web page with our raid times", None),
    ],
)
def test_what_is_built_is_named_before_what_it_works_on(words: str, kind: str | None) -> None:
    assert said("BUILD", "kind", words) == kind


@pytest.mark.parametrize(
    ("words", "sender"),
    [
        ("tell the dean the heating is out by email, from Carla Hughes", "Carla Hughes"),
        ("an email to my landlord, I'm Priya", "Priya"),
        ("firma como Ana", "Ana"),
        ("an email from these notes", None),
        ("reply to the mail from Brenda", None),
        ("an email to say I'm late", None),
    ],
)
def test_a_sender_is_named_and_not_only_mentioned(words: str, sender: str | None) -> None:
    assert said("EMAIL_WRITER", "sender", words) == sender


@pytest.mark.parametrize(
    ("module", "option", "words", "value"),
    [
        ("OUTLINER", "sections", "an outline in five short parts", 5),
        ("OUTLINER", "sections", "a running order of topics, five will do", 5),
        ("TITLER", "words", "five word title for that poem", 5),
        ("BRAINSTORMER", "count", "icebreakers x5 for monday", 5),
        ("BRAINSTORMER", "count", "con tres maneras de pagar el viaje", 3),
        ("BRAINSTORMER", "count", "rainy week, three kids, ideas please", None),
        ("BRAINSTORMER", "count", "hit me with a few", None),
        ("KEYWORDS", "count", "the most important words, five'll do", 5),
        ("KEYWORDS", "count", "tags for this clip, we post at 6", None),
        ("KEYWORDS", "count", "los conceptos del tema 14", None),
        ("SUMMARIZER", "length", "that file is too long, sum it up", None),
        ("SUMMARIZER", "length", "the looong version of it", "long"),
        ("EXPLAINER", "audience", "docker for dummies", "beginner"),
        ("REWRITER", "tone", "put a suit and tie on this", "formal"),
        ("TITLER", "style", "un título que venda", "catchy"),
    ],
)
def test_a_number_or_choice_is_found_where_it_is_said(
    module: str, option: str, words: str, value: object
) -> None:
    assert said(module, option, words) == value


@pytest.mark.parametrize(
    "unit", ["a ", "no ", "long ", "from the ", "french ", "i am a ", "to el "]
)
def test_as_many_words_as_a_person_may_write_are_read(unit: str) -> None:
    words = unit * (MAX_OWN_WORDS_CHARS // len(unit))
    for schema in SCHEMAS.values():
        options_in(words, schema, words)
