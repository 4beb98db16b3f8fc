"""A sum that somebody asks for is worked out, and nothing else is taken for one."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workers.penny.sums import sum_in


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("What is twelve times twelve?", 144),
        ("What\u2019s 7 x 8?", 56),
        ("What is 20 percent of 150?", 30),
        ("What's 15% of 200?", 30),
        ("What is a quarter of one hundred?", 25),
        ("a third of 90?", 30),
        ("the square root of eighty-one", 9),
        ("Two plus two.", 4),
        ("2 + 3 * 4 =", 14),
        ("calculate (2 + 3) * 4", 20),
        ("What is 2 to the power of ten?", 1024),
        ("twelve squared?", 144),
        ("Can you tell me what 5 times 6 is, please?", 30),
        ("And 7 times 9?", 63),
        ("1,250 + 1,250 =", 2500),
        ("2.5 times 3?", Fraction(15, 2)),
        ("What is minus five plus seven?", 2),
        ("How much is 10/4?", Fraction(5, 2)),
        ("What is 2² + 1?", 5),
        ("How much is 2020-2026?", -6),
    ],
)
def test_a_sum_in_english(question: str, result: Fraction) -> None:
    found = sum_in(question, "en")
    assert found is not None
    assert found.result == result
    assert found.is_exact


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("¿Cuánto es siete por ocho?", 56),
        ("¿Cuál es la mitad de cincuenta?", 25),
        ("¿Cuánto es el diez por ciento de 250?", 25),
        ("¿Cuál es la raíz cuadrada de sesenta y cuatro?", 8),
        ("¿Cuánto es la tercera parte de 27?", 9),
        ("¿y siete por nueve?", 63),
        ("Calcula 12 por 12, por favor", 144),
        ("¿Me puedes decir cuánto es treinta y cinco entre siete?", 5),
        ("¿Cuánto es 3 al cuadrado?", 9),
        ("¿Cuánto es 1.250 más 1,5?", Fraction(2503, 2)),
        ("¿Cuánto es 0.125 más 1?", Fraction(9, 8)),
        ("¿Cuánto es 3.1416 por 2?", Fraction(39270, 6250)),
        ("dime cuánto es el doble de veintiuno", 42),
        ("2 más 2", 4),
        ("¿Cuánto es 5 por ciento veinte?", 600),
        ("¿Cuánto es 100 más el 21 por ciento de 100?", 121),
    ],
)
def test_a_sum_in_spanish(question: str, result: Fraction) -> None:
    found = sum_in(question, "es")
    assert found is not None
    assert found.result == result


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "What is the capital of France?"),
        ("en", "What is two?"),
        ("en", "What is 9/11?"),
        ("en", "What's 24/7?"),
        ("en", "What is 1914-1918?"),
        ("en", "what is a 4x4?"),
        ("en", "2-1"),
        ("en", "three times a lady"),
        ("en", "What is seven times eight in Roman numerals?"),
        ("en", "What is 1 divided by 0?"),
        ("en", "What is the square root of minus four?"),
        ("en", "9^99 ="),
        ("en", "2^9^9 ="),
        ("en", "How much is 2 plus?"),
        ("en", "="),
        ("en", "1+" * 60),
        ("en", "(" * 120),
        (
            "en",
            "the square root of (999999999999999 squared squared squared squared squared plus 1)",
        ),
        ("en", "What is 0^0?"),
        ("en", "How much is 10:30 minus 2?"),
        ("en", "How much is 11/30/2026?"),
        ("en", "How much is 2026-11-30?"),
        ("en", "How much is 555-123-4567?"),
        ("en", "1,0000 + 1 ="),
        ("es", "¿Cuánto es 3.141 por 2?"),
        ("es", "1.0000 + 1 ="),
        ("en", "What is 5₂ + 1?"),
        ("en", "What is 1 / 999999999?"),
        ("es", "¿Cuánto es 5 por ciento?"),
        ("es", "¿Cuánto es 5 por ciento de 5 por ciento?"),
        ("es", "¿Cuánto es 100 más el 21 por ciento?"),
        ("es", "2 por 1"),
        ("es", "¿Qué es un 2x1?"),
        ("es", "quiero dos más"),
        ("fr", "2 + 2 ="),
    ],
)
def test_other_questions_are_the_models(language: str, question: str) -> None:
    assert sum_in(question, language) is None


def test_a_root_that_does_not_come_out_is_rounded() -> None:
    found = sum_in("the square root of two", "en")
    assert found is not None
    assert not found.is_exact
    assert found.result == Fraction("1.4142")


@pytest.mark.parametrize(
    "question",
    [
        "What is 9" + " cubed" * 18,
        "What is 999999999999999" + " squared" * 11,
        "calculate " + "(" * 20 + "1 / 9" + ")^64" * 20,
        "calculate 9^(9^(9^(9^9)))",
    ],
)
def test_a_power_that_would_take_hours_is_the_models(question: str) -> None:
    assert sum_in(question, "en") is None


def test_a_small_result_keeps_its_digits() -> None:
    found = sum_in("How much is 1 / 3000?", "en")
    assert found is not None
    assert (found.result, found.is_exact) == (Fraction("0.0003333"), False)


@given(a=st.integers(0, 10**6), b=st.integers(1, 10**6))
def test_whole_numbers(a: int, b: int) -> None:
    said = {"plus": a + b, "minus": a - b, "times": a * b}
    for words, result in said.items():
        found = sum_in(f"What is {a} {words} {b}?", "en")
        assert found is not None
        assert found.result == result


@given(st.text(alphabet="0123456789 .,+-*/^()%x?=isof", max_size=120))
def test_whatever_is_written_ends_without_an_error(text: str) -> None:
    for language in ("en", "es"):
        sum_in(text, language)
