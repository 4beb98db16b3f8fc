"""The lists that requests name, by the packaged model and by one that was just learned."""

import pytest

from bot.actions.intents.lists import (
    MAX_TOKENS,
    NO_LIST,
    candidates,
    items_of,
    listed_in,
    packaged_lists,
    words_in,
)
from bot.actions.reading import read
from tests.unit.bot.actions.asking import OFFERED


@pytest.mark.parametrize(
    ("text", "option", "items"),
    [
        ("Get the names and the dates out of this", "fields", ["names", "dates"]),
        ("de la factura quiero el número y el total", "fields", ["número", "total"]),
        ("from the minutes I need venue and headcount", "fields", ["venue", "headcount"]),
        ("los teléfonos de este hilo, sácalos", "fields", ["teléfonos"]),
        ("billing, tech or shipping, that ticket", "labels", ["billing", "tech", "shipping"]),
        ("is the message above spam or not spam?", "labels", ["spam", "not spam"]),
        ("va así: aceptado, en espera o no", "labels", ["aceptado", "en espera", "no"]),
    ],
)
def test_a_list_is_found_wherever_it_stands(text: str, option: str, items: list[str]) -> None:
    assert listed_in(text, option) == items


@pytest.mark.parametrize(
    "text", ["", "classify this", "clasifica esto por favor", "what category does this fall into"]
)
def test_where_nothing_is_listed_there_is_none(text: str) -> None:
    assert listed_in(text, "labels") == []


def test_words_without_signs_may_be_a_list() -> None:
    words = words_in("low medium or high")
    text = "low medium or high"
    assert ["low", "medium", "high"] in [
        items_of(text, words, o) for o in candidates(words, "labels")
    ]


def test_a_decomposed_accent_is_found_as_it_is_composed() -> None:
    assert listed_in("saca los nu\u0301meros y las fechas de esto", "fields") == [
        "números",
        "fechas",
    ]


def test_of_a_long_text_the_beginning_is_looked_at() -> None:
    words = words_in("one and " * 1_000)
    assert len(words) == MAX_TOKENS
    assert len(candidates(words, "fields")) < MAX_TOKENS * 40
    assert candidates(words, "fields")[-1] is NO_LIST


def test_each_of_several_requests_has_its_own_list() -> None:
    said = "extract the client name and the budget from this, then classify it as hot, warm or cold"
    first, second = read(said, OFFERED).wishes
    assert first.params["fields"] == ["client name", "budget"]
    assert second.params["labels"] == ["hot", "warm", "cold"]


def test_the_packaged_model_is_small() -> None:
    assert len(packaged_lists().hashes) <= 16_000
