import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.contract import Source, System
from bot.contract.grace import Module, find, parse_catalogue, task
from bot.contract.options import Option, fill, placeholders
from bot.errors import BadInput, BadSettings, UnknownModule
from bot.languages import LANGUAGES

SMALL = """
[[module]]
name = "ECHO"
title = "Echo"
purpose = "Says it again."
prompt = "Repeat, {tone}."
example = { input = "Hello" }
[[module.options]]
name = "tone"
description = "How."
type = "choice"
choices = ["soft", "loud"]
default = "soft"
words = { soft = "softly" }
"""
SOURCE = Source(system=System.DECK)


def option(**fields):
    return Option(**{"name": "it", "description": "What it is.", "default": "", **fields})


def echo(**fields):
    catalogue = parse_catalogue(SMALL)
    return Module.model_validate({**catalogue["ECHO"].model_dump(), **fields})


@pytest.mark.parametrize(
    ("fields", "given_value", "value"),
    [
        ({}, " words ", "words"),
        ({}, 5, "5"),
        ({"type": "integer", "default": 3, "min": 1, "max": 9}, "7", 7),
        ({"type": "boolean", "default": True}, "no", False),
        ({"type": "boolean", "default": True}, False, False),
        ({"type": "choice", "choices": ["a", "b"], "default": "a"}, "B", "b"),
        ({"type": "list", "default": "x"}, "a, b,,a ", ["a", "b"]),
        ({"type": "list", "default": ["x"]}, ["a, b", "c"], ["a, b", "c"]),
        ({"type": "language", "default": "English"}, "es", "Spanish"),
        ({"type": "language", "default": "English"}, "SPANISH", "Spanish"),
        ({"type": "language", "default": "English"}, "pt_BR", "Portuguese"),
        ({"type": "language", "default": "auto"}, "Auto", "auto"),
    ],
)
def test_a_value_is_read(fields, given_value, value):
    assert option(**fields).check(given_value) == value


@pytest.mark.parametrize(
    ("fields", "given_value", "words"),
    [
        ({"min": 2, "default": "xx"}, "x", "from 2 to 4000 characters, not 1"),
        ({}, "x" * 5000, "not 5000"),
        ({}, {"a": 1}, "must be a text"),
        ({"type": "integer", "default": 3, "min": 1, "max": 9}, 10, "from 1 to 9, not 10"),
        ({"type": "integer", "default": 3, "min": 1}, 0, "at least 1, not 0"),
        ({"type": "integer", "default": 3, "max": 9}, 10, "at most 9, not 10"),
        ({"type": "integer", "default": 3}, "3.5", "whole number, not '3.5'"),
        ({"type": "integer", "default": 3}, True, "whole number"),
        ({"type": "integer", "default": 3}, "9" * 5000, "whole number, not that"),
        ({"type": "boolean", "default": True}, "perhaps", "true or false"),
        ({"type": "choice", "choices": ["a", "b"], "default": "a"}, "c", "one of a, b, not 'c'"),
        ({"type": "list", "default": "x"}, " , ", "from 1 to 30 items, not 0"),
        ({"type": "list", "default": "x"}, ["a", 1], "list of words"),
        ({"type": "list", "default": "x"}, "x" * 200, "at most 100"),
        ({"type": "language", "default": "English"}, "auto", "one of Arabic"),
        ({"type": "language", "default": "auto"}, "Klingon", "one of auto, Arabic"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_words(fields, given_value, words):
    with pytest.raises(BadInput, match=words):
        option(**fields).check(given_value)


@settings(deadline=None)
@given(st.sampled_from(sorted(LANGUAGES.items())))
def test_every_language_has_a_code_and_a_name(language):
    code, name = language[0], language[1].english
    asked = option(type="language", default="auto")
    assert asked.check(code) == asked.check(name) == asked.check(name.lower()) == name


def test_prompts_contain_options_in_words():
    module = parse_catalogue(SMALL)["ECHO"]
    assert module.render(module.prompt, module.settings(None)) == "Repeat, softly."
    assert module.render(module.prompt, module.settings({"tone": "loud"})) == "Repeat, loud."
    assert module.render("{text} {{x}}", module.settings(None), "{tone}") == "{tone} {x}"


def test_null_means_the_default_and_an_unknown_option_is_refused():
    module = parse_catalogue(SMALL)["ECHO"]
    assert module.settings({"tone": None}) == {"tone": "soft"}
    with pytest.raises(BadInput, match="echo has no option 'tune'; it has: tone"):
        module.settings({"tune": "x"})


def test_a_schema_takes_the_options():
    template = {
        "properties": {
            "{fields}": {"type": "array", "maxItems": "{count}"},
            "kind": {"enum": ["{fields}", "none"]},
        },
        "required": ["{fields}"],
        "title": "about {fields}",
    }
    assert placeholders(template) == {"fields", "count"}
    assert fill(template, {"fields": ["who", "{count}"], "count": 3}) == {
        "properties": {
            "who": {"type": "array", "maxItems": 3},
            "{count}": {"type": "array", "maxItems": 3},
            "kind": {"enum": ["who", "{count}", "none"]},
        },
        "required": ["who", "{count}"],
        "title": "about {fields}",
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": "Be {kind}."}, "{kind}, which no option defines"),
        ({"prompt": "Be {tone!r}."}, "for a literal brace"),
        ({"prompt": "Be {tone.upper}."}, "for a literal brace"),
        ({"prompt": "Be {"}, "Single '{'"),
        ({"prompt": "Say {text}"}, "belongs in the message"),
        ({"message": "Say it"}, "belongs in the message"),
        ({"output": "json"}, "json_schema is needed"),
        ({"json_schema": {"type": "object"}}, "json_schema is needed"),
        ({"output": "json", "json_schema": {"type": "array"}}, "must describe an object"),
        ({"long": "merge"}, "'join' is for text"),
        (
            {"output": "json", "json_schema": {"type": "object"}, "long": "join"},
            "'join' is for text",
        ),
        ({"example": {"input": "x", "options": {"tone": "grey"}}}, "its example: tone must be"),
        (
            {"options": [{"name": "text", "description": "x", "default": ""}]},
            "none may be 'text'",
        ),
        (
            {"options": [{"name": "a", "description": "x", "type": "choice", "default": ""}]},
            "choices go",
        ),
        (
            {
                "options": [
                    {
                        "name": "a",
                        "description": "x",
                        "type": "choice",
                        "choices": ["A"],
                        "default": "a",
                    }
                ]
            },
            "lower case",
        ),
        (
            {"options": [{"name": "a", "description": "x", "type": "integer", "default": "x"}]},
            "default of option a must",
        ),
        ({"options": [{"name": "a", "description": "x", "default": 1.5}]}, "whole number"),
        (
            {"options": [{"name": "a", "description": "x", "default": "", "words": {"b": "c"}}]},
            "no such choice",
        ),
        ({"name": "lower"}, "pattern"),
        ({"purposes": "x"}, "Extra inputs"),
    ],
)
def test_a_module_that_does_not_hold_together_is_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        echo(**fields)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[module", "not valid TOML"),
        ("", "module: Field required"),
        ("module = 3", "module: Input should be a valid list"),
        (SMALL.replace("title", "titel"), "ECHO.title: Field required"),
        (SMALL.replace("{tone}", "{tune}"), "ECHO: it uses {tune}, which no option defines"),
        (
            SMALL.replace('default = "soft"', 'default = "grey"'),
            "ECHO.options.0: the default of option tone",
        ),
        (SMALL + SMALL, "has ECHO twice"),
    ],
)
def test_a_mistake_in_the_file_names_the_module(text, words):
    with pytest.raises(BadSettings, match="Grace's catalogue") as caught:
        parse_catalogue(text)
    assert words in str(caught.value)


def test_find_ignores_case_and_names_what_there_is():
    catalogue = parse_catalogue(SMALL)
    assert find(catalogue, "echo").name == "ECHO"
    with pytest.raises(UnknownModule, match="There are: echo"):
        find(catalogue, "nobody")


def test_a_task_is_the_seeds_request():
    module = parse_catalogue(SMALL)["ECHO"]
    assert task(module, "words", source=SOURCE).to_wire() == {
        "contract_version": "2.1",
        "source": {"system": "DECK"},
        "target": {"service": "GRACE", "module": "ECHO"},
        "input": {"type": "text", "data": "words"},
    }
    assert task(module, "words", source=SOURCE, options={"tone": "loud"}).params == {"tone": "loud"}
    for text, options in ((" \n", None), ("words", {"tone": "grey"})):
        with pytest.raises(BadInput):
            task(module, text, source=SOURCE, options=options)
