"""Money and time as people say them."""

import pytest

from bot.contract import Service
from bot.i18n import words_for
from bot.wording import call_in_words, from_now, money_in_words, time_in_words


@pytest.mark.parametrize(
    ("micro_usd", "english", "spanish"),
    [
        (1, "less than one cent", "menos de un centavo"),
        (4_999, "less than one cent", "menos de un centavo"),
        (5_000, "less than one cent", "menos de un centavo"),
        (5_001, "one cent", "un centavo"),
        (725_000, "72 cents", "72 centavos"),  # as $0.72 is shown
        (123_456, "12 cents", "12 centavos"),
        (999_999, "one dollar", "un dólar"),
        (1_200_000, "one dollar and 20 cents", "un dólar con 20 centavos"),
        (3_010_000, "3 dollars and one cent", "3 dólares con un centavo"),
    ],
)
def test_money(micro_usd: int, english: str, spanish: str) -> None:
    assert money_in_words(micro_usd, words_for("en")) == english
    assert money_in_words(micro_usd, words_for("es")) == spanish


@pytest.mark.parametrize(
    ("seconds", "english"),
    [
        (0.0, "one second"),
        (-5.0, "one second"),
        (59.4, "59 seconds"),
        (60.0, "one minute"),
        (3_599.0, "59 minutes"),
        (7_300.0, "2 hours"),
    ],
)
def test_time(seconds: float, english: str) -> None:
    assert time_in_words(seconds, words_for("en")) == english


@pytest.mark.parametrize(
    ("seconds", "english", "spanish"),
    [
        (-5.0, "in 1 s", "dentro de 1 s"),
        (59.0, "in 59 s", "dentro de 59 s"),
        (3_000.0, "in 50 min", "dentro de 50 min"),
        (3_599.7, "in 1 h", "dentro de 1 h"),
        (8 * 3_600 + 100.0, "in 8 h", "dentro de 8 h"),
        (47 * 3_600.0, "in 47 h", "dentro de 47 h"),
        (12 * 86_400.0, "in 12 days", "dentro de 12 días"),
    ],
)
def test_from_now(seconds: float, english: str, spanish: str) -> None:
    assert from_now(seconds, words_for("en")) == english
    assert from_now(seconds, words_for("es")) == spanish


@pytest.mark.parametrize(
    ("service", "module", "english", "spanish"),
    [
        (Service.PENNY, "CONVERSE", "Penny · talk", "Penny · hablar"),
        (Service.PENNY, "SPEAK", "Penny · read aloud", "Penny · leer en voz alta"),
        (Service.GRACE, "SUMMARIZER", "Grace · summarize", "Grace · resumir"),
        (Service.FACTORY, "BUILD", "Factory · build", "Factory · encargar"),
        (Service.GRACE, "MY_OWN", "Grace · my-own", "Grace · my-own"),
        (Service.GRACE, "SPEAK", "Grace · speak", "Grace · speak"),
        (Service.PENNY, "", "Penny · ", "Penny · "),
    ],
)
def test_what_was_called(service: Service, module: str, english: str, spanish: str) -> None:
    assert call_in_words(service, module, words_for("en")) == english
    assert call_in_words(service, module, words_for("es")) == spanish
