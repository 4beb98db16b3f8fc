"""Sums, the day and the time are answered without a model."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from bot.workers.penny.calendar_questions import calendar_question
from bot.workers.penny.known_answers import known_answer

NOW = datetime(2026, 11, 30, 17, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is 1000 times 1000?", "1000 times 1000 is 1,000,000."),
        ("the square root of two", "The square root of 2 is about 1.4142."),
        ("What is a third of ten?", "A third of 10 is about 3.3333."),
        ("What time is it?", "It's 5:06 PM, UTC time."),
        ("Could you tell me the time, please?", "It's 5:06 PM, UTC time."),
        ("Hey, do you have the time?", "It's 5:06 PM, UTC time."),
        ("What day is it today?", "Today is Monday, November 30, 2026."),
        ("What's the date?", "Today is Monday, November 30, 2026."),
        ("What day is tomorrow?", "Tomorrow is Tuesday, December 1, 2026."),
        ("What year is it?", "It's 2026."),
        ("What month is it?", "It's November."),
        ("What day was Christmas?", "That's Thursday, December 25, 2025."),
        ("What day was November 30?", "That's Monday, November 30, 2026."),
        ("What day is May 5 this year?", "That's Tuesday, May 5, 2026."),
        ("How much is 1 divided by 100000?", "1 divided by 100000 is 0.00001."),
        ("How many days until Christmas?", "It's 25 days until Friday, December 25, 2026."),
        ("how many days until December 1st", "It's one day until Tuesday, December 1, 2026."),
        ("How long is it until November 30?", "That's today, Monday, November 30, 2026."),
        ("When is Halloween?", "That's Sunday, October 31, 2027."),
        ("What day of the week is the 4th of July 2027?", "That's Sunday, July 4, 2027."),
    ],
)
def test_in_english(question: str, answer: str) -> None:
    assert known_answer(question, "en", NOW) == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("¿Cuánto es uno por uno?", "1 por 1 es 1."),
        ("¿Cuánto es diez entre cuatro?", "10 entre 4 son 2,5."),
        ("La raíz cuadrada de 64", "La raíz cuadrada de 64 es 8."),
        ("¿Cuál es la tercera parte de nueve?", "La tercera parte de 9 es 3."),
        ("¿Cuál es la cuarta parte de ocho?", "La cuarta parte de 8 es 2."),
        ("¿Qué hora es?", "Son las 17:06, hora UTC."),
        ("¿Me puedes decir la hora, por favor?", "Son las 17:06, hora UTC."),
        ("Dime la hora", "Son las 17:06, hora UTC."),
        ("¿Tienes hora?", "Son las 17:06, hora UTC."),
        ("¿Me dices la fecha?", "Hoy es lunes, 30 de noviembre de 2026."),
        ("¿A qué día estamos?", "Hoy es lunes, 30 de noviembre de 2026."),
        ("¿Qué día fue ayer?", "Ayer fue domingo, 29 de noviembre de 2026."),
        ("¿En qué año estamos?", "Estamos en 2026."),
        (
            "¿Cuántos días faltan para Navidad?",
            "Faltan 25 días para el viernes, 25 de diciembre de 2026.",
        ),
        (
            "¿Cuánto falta para el 1 de diciembre?",
            "Falta un día para el martes, 1 de diciembre de 2026.",
        ),
        ("¿Qué día cayó el 5 de mayo?", "Es el martes, 5 de mayo de 2026."),
        ("¿Cuánto es el diez por ciento de 50?", "El 10 % de 50 es 5."),
        ("¿Qué día cae Nochebuena este año?", "Es el jueves, 24 de diciembre de 2026."),
    ],
)
def test_in_spanish(question: str, answer: str) -> None:
    assert known_answer(question, "es", NOW) == answer


@pytest.mark.parametrize(
    "question",
    [
        "What time is it in Lima?",
        "When is the party?",
        "What day is it in the story?",
        "The time.",
        "La fecha.",
        "la hora y el sitio",
        "When is February 29 this year?",
        "How many days are there until the 31st of February?",
        "How many days are there in a leap year?",
        "¿Cuánto falta para llegar?",
        "¿Qué hora es en Lima?",
        "¿Qué día de la semana fue el 12 de octubre de 1492?",
        "the " * 60,
    ],
)
def test_other_questions_are_the_models(question: str) -> None:
    assert known_answer(question, "en", NOW) is None
    assert known_answer(question, "es", NOW) is None


def test_other_languages_are_the_models() -> None:
    assert known_answer("2 + 2 =", "fr", NOW) is None


def test_one_o_clock_is_singular_in_spanish_and_a_zone_without_a_name_is_told_as_numbers() -> None:
    at = NOW.replace(hour=1, tzinfo=timezone(timedelta(hours=-3), "-03"))
    assert known_answer("¿Qué hora es?", "es", at) == "Es la 1:06, hora UTC-03."


def test_the_29th_of_february_is_in_a_leap_year() -> None:
    asked = calendar_question("How many days until February 29?", "en", date(2026, 11, 30))
    assert asked is not None
    assert asked.day == date(2028, 2, 29)
    asked = calendar_question("What day was February 29?", "en", date(2026, 11, 30))
    assert asked is not None
    assert asked.day == date(2024, 2, 29)
