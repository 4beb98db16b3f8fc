"""Figures as English and Spanish people write them."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import figures
from bot.i18n import INTERFACE_LANGUAGES


@pytest.mark.parametrize(
    ("micro_usd", "english", "spanish"),
    [
        (0, "$0", "0 $"),
        (1, "$0.000001", "0,000001 $"),
        (1_100, "$0.0011", "0,0011 $"),
        (1_149, "$0.0011", "0,0011 $"),
        (3_001, "$0.003", "0,003 $"),
        (9_499, "$0.0095", "0,0095 $"),
        (9_999, "$0.01", "0,01 $"),
        (10_000, "$0.01", "0,01 $"),
        (725_000, "$0.72", "0,72 $"),
        (999_999, "$1.00", "1,00 $"),
        (12_500_000, "$12.50", "12,50 $"),
        (19_050_000, "$19.05", "19,05 $"),
        (1_234_500_000, "$1,234.50", "1234,50 $"),
        (1_234_567_000_001, "$1,234,567.00", "1.234.567,00 $"),
        (-1, "-$0.000001", "-0,000001 $"),
        (-12_500_000, "-$12.50", "-12,50 $"),
    ],
)
def test_sums(micro_usd: int, english: str, spanish: str) -> None:
    assert figures.money(micro_usd, "en") == english
    assert figures.money(micro_usd, "es") == spanish.replace(" ", "\u00a0")


@given(st.integers(0, 10**12), st.sampled_from(INTERFACE_LANGUAGES))
def test_a_sum_is_true_to_the_cent_and_never_shown_as_nothing(micro_usd: int, code: str) -> None:
    digits = re.sub(r"[^\d.]", "", figures.money(micro_usd, "en"))
    shown = round(float(digits) * 1e6)
    assert (shown == 0) == (micro_usd == 0)
    assert abs(shown - micro_usd) <= (5_000 if micro_usd >= 10_000 else micro_usd / 20)
    assert "  " not in figures.money(micro_usd, code)


@pytest.mark.parametrize(
    ("micro_usd", "english", "spanish"),
    [
        (0, "$0", "0 $"),
        (2_000_000, "$2", "2 $"),
        (250_000, "$0.25", "0,25 $"),
        (1_500_000, "$1.50", "1,50 $"),
        (25_000, "$0.025", "0,025 $"),
        (12_500, "$0.0125", "0,0125 $"),
    ],
)
def test_sums_along_an_axis(micro_usd: int, english: str, spanish: str) -> None:
    assert figures.exact_money(micro_usd, "en") == english
    assert figures.exact_money(micro_usd, "es") == spanish.replace(" ", "\u00a0")


def test_numbers() -> None:
    assert [figures.decimal(0.3, 2, one) for one in ("en", "es")] == ["0.30", "0,30"]
    assert [figures.decimal(1234.56, 1, one) for one in ("en", "es")] == ["1,234.6", "1234,6"]
    assert [figures.whole(999, one) for one in ("en", "es")] == ["999", "999"]
    assert [figures.whole(1000, one) for one in ("en", "es")] == ["1,000", "1000"]
    assert [figures.whole(-1_000_000, one) for one in ("en", "es")] == ["-1,000,000", "-1.000.000"]
    assert figures.whole(10**40, "es") == f"{10**40:,}".replace(",", ".")
    assert [figures.percent(0.0123, 1, one) for one in ("en", "es")] == ["1.2%", "1,2\u00a0%"]
    assert [figures.percent(0, 1, one) for one in ("en", "es")] == ["0%", "0\u00a0%"]
    assert [figures.seconds(8.06, 1, one) for one in ("en", "es")] == ["8.1 s", "8,1 s"]


def test_days_and_times() -> None:
    day = date(2026, 11, 16)
    assert [figures.day(day, one) for one in ("en", "es")] == ["16 Nov", "16 nov"]
    assert figures.day(date(2026, 1, 2), "es", with_year=True) == "2 ene 2026"
    at = datetime(2026, 8, 3, 7, 5, 9, tzinfo=UTC)
    assert figures.moment(at, "en") == "3 Aug 2026, 07:05"
    assert figures.moment(at, "es", with_seconds=True) == "3 ago 2026, 07:05:09"


def test_a_language_that_is_neither_has_the_english_forms() -> None:
    assert figures.money(19_050_000, "fr") == "$19.05"
    assert figures.day(date(2026, 11, 16), "fr") == "16 Nov"


def test_both_languages_load_at_once() -> None:
    figures.load(INTERFACE_LANGUAGES)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (0.6, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (65, "1 min 5 s"),
        (3600, "1 h"),
        (3599.7, "1 h"),
        (7805, "2 h 10 min"),
    ],
)
def test_a_duration(seconds: float, shown: str) -> None:
    assert figures.duration(seconds) == shown
