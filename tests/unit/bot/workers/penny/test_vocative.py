"""The name by which somebody calls is taken off a question; whom it is about stays in it."""

import pytest

from bot.workers.penny.vocative import without_vocative


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Alfred, what is the capital of France?", "What is the capital of France?"),
        ("¿Cuál es la capital de Francia, Alfred?", "¿Cuál es la capital de Francia?"),
        ("¿Alfred, qué hora es?", "¿Qué hora es?"),
        ("Oye, Alfred, ¿qué hora es?", "¿Qué hora es?"),
        ("Hey Alfred what time is it", "What time is it"),
        ("alfred what is two plus two", "what is two plus two"),
        ("What is two plus two? Alfred?", "What is two plus two?"),
        ("Hey Alfred What time is it", "What time is it"),
        ("Hi Alfred I need a joke", "I need a joke"),
        ("Alfred: tell me a joke.", "Tell me a joke."),
        ("Hola Alfred, cuéntame algo", "Cuéntame algo"),
        ("Buenos días, Alfred. ¿Quién eres?", "¿Quién eres?"),
    ],
)
def test_a_call_is_taken_off(said: str, asked: str) -> None:
    assert without_vocative(said, ["Alfred"]) == asked


@pytest.mark.parametrize(
    "question",
    [
        "Who is Alfred?",
        "Who was Alfred the Great?",
        "Alfred Hitchcock was born where?",
        "And Alfred what did he do?",
        "Is your name Alfred?",
        "My name is Alfred.",
        "¿Quién fue Alfred Nobel?",
        "Alfredo, ¿qué haces?",
        "Hey Alfred Hitchcock made which films?",
        "Write a letter that ends with: Yours, Alfred",
        "Traduce «hola, Alfred».",
        "Alfred",
        "Hey Alfred!",
        "",
    ],
)
def test_a_question_about_the_name_stays(question: str) -> None:
    assert without_vocative(question, ["Alfred"]) == question


def test_names_of_several_words_and_with_signs() -> None:
    assert without_vocative("Mr. Fox, who are you?", ["Mr. Fox"]) == "Who are you?"
    assert without_vocative("Who are you, Big  Al?", ["Al", "Big Al"]) == "Who are you?"


@pytest.mark.parametrize("sign", [" ", "\n", ",", "!", "¿", "hey ", "- "])
def test_a_text_of_spaces_or_signs_is_read_once(sign: str) -> None:
    """Its time grew with the square of its length: a second for each message of a history."""
    text = f"so{sign * 900} Alfred x"[:2000]
    assert without_vocative(text, ["Alfred"]) == text
