"""A written call by the name that people gave the bot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.chat._called_by_name import WrittenCalls

NOVA = WrittenCalls("Nova")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Nova, what is a rook?", "what is a rook?"),
        ("nova: what is a rook?", "what is a rook?"),
        ("Hey Nova what is a rook?", "what is a rook?"),
        ("Oye, Nova, ¿qué es una torre?", "¿qué es una torre?"),
        ("¿Nova? ¿Estás ahí?", "¿Estás ahí?"),
        ("Nova?", "?"),
        ("@Nova what is a rook?", "what is a rook?"),
        ("what is a rook, @nova?", "what is a rook, @nova?"),
        ("what is a rook, Nova?", "what is a rook, Nova?"),
        ("¿Qué es una torre, Nova?", "¿Qué es una torre, Nova?"),
        ("Nova", ""),
        ("@Nova", ""),
        ("hey nova!", ""),
        ("Noba, what is a rook?", "what is a rook?"),
        ("Nova,\nwhat is a rook?", "what is a rook?"),
    ],
)
def test_a_call(text, question):
    assert NOVA.is_called_in(text)
    assert NOVA.without_call(text) == question


@pytest.mark.parametrize(
    "text",
    [
        "Nova is slow today.",
        "I asked Nova yesterday.",
        "I like nova, luna and sol.",
        "the supernova, was it bright?",
        "write to me@nova.example",
        "look at @nova.example",
        "@novak come here",
        "`Nova, what is a rook?`",
        "```\n@Nova run\n```",
        "<@123456789012345678>, hi",
        "Eso no va conmigo",
        "> Nova, what is a rook?\nThat is a good question.",
        "> @Nova what is a rook?",
        ">>> Well.\nNova, what is a rook?",
        "",
        "?!",
    ],
)
def test_no_call(text):
    assert not NOVA.is_called_in(text)
    assert NOVA.without_call(text) == text


def test_a_word_that_people_say_anyway_calls_with_an_at_sign_alone():
    vale = WrittenCalls("Vale")
    assert not vale.is_called_in("Vale, nos vemos.")
    assert not vale.is_called_in("¿Comemos, vale?")
    assert vale.is_called_in("@vale ¿qué hora es?")


def test_words_that_people_say_anyway_make_no_name_of_several_either():
    morning = WrittenCalls("Good Morning")
    assert not morning.is_called_in("Good morning, everybody!")
    assert morning.is_called_in("@Good Morning, what time is it?")


def test_what_comes_after_a_quote_may_call():
    assert NOVA.is_called_in("> It moves straight.\nNova, is that so?")


def test_who_is_mentioned_or_answered_is_meant_by_their_own_name():
    assert not NOVA.is_called_in("Nova, thank you!", ["Nova Ruiz"])
    assert not NOVA.is_called_in("@nova thank you!", ["nova"])


def test_several_words():
    nemo = WrittenCalls("Captain Nemo")
    assert nemo.without_call("Captain Nemo, where are we?") == "where are we?"
    assert nemo.without_call("@Captain Nemo where are we?") == "where are we?"
    assert not nemo.is_called_in("Captain, where are we?")


@given(st.text(alphabet="@Nova, .?`\n¿xé", max_size=60))
def test_any_text(text):
    assert NOVA.without_call(text) in text
    if not NOVA.is_called_in(text):
        assert NOVA.without_call(text) == text
