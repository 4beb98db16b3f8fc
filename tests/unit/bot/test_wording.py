"""Money and time as people say them."""

import pytest

from bot.i18n import words_for
from bot.wording import money_in_words, time_in_words


@pytest.mark.parametrize(
    ("micro_usd", "english", "spanish"),
    [
        (1, "less than one cent", "menos de un centavo"),
        (4_999, "less than one cent", "menos de un centavo"),
        (5_000, "one cent", "un centavo"),
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
