"""What fifteen hundred sentences ask for, or that they ask for nothing."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.actions.cues import points_at_text
from bot.actions.offering import offer
from bot.actions.reading import read
from bot.actions.references import Points
from bot.catalogue import packaged_catalogue
from bot.contract import Service
from bot.contract.grace import parse_catalogue

OFFERED = offer(parse_catalogue(packaged_catalogue()), set(Service))
SENTENCES = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text("utf-8"))


def wrong(language: str) -> Iterator[tuple[str, str, list[str]]]:
    for wanted, sentences in SENTENCES[language].items():
        for one in sentences:
            reading = read(one, OFFERED, names=["Alfred"])
            found = [wish.action.module for wish in reading.wishes]
            if found != ([] if wanted == "TALK" else [wanted]):
                yield one, wanted, found


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_sentence_asks_for_its_module_or_for_nothing(language: str) -> None:
    assert list(wrong(language)) == []


@pytest.mark.parametrize(
    "words",
    [
        "write a function that adds two numbers in a code block",
        "build a script for it, just show me the code",
        "write me a program as a snippet",
        "escribe una función que sume dos números en un bloque de código",
        "hazme un programa, solo enséñame el código",
    ],
)
def test_code_to_read_is_no_build(words: str) -> None:
    assert read(words, OFFERED).is_talk


@pytest.mark.parametrize(
    ("words", "points"),
    [
        ("rework my cover letter so it sounds more formal", Points.THIS),
        ("get the spelling in the attached file sorted", Points.FILE),
        ("¿me lo puedes poner en inglés?", Points.THIS),
        ("convierte las notas de arriba en un correo", Points.THIS),
    ],
)
def test_a_cue_works_on_what_is_pointed_at(words: str, points: Points) -> None:
    [wish] = read(words, OFFERED).wishes
    assert wish.reference.points is points


@pytest.mark.parametrize(
    "words", ["this film more formal", "the garden", "my spelling", "it rains"]
)
def test_no_text_is_pointed_at(words: str) -> None:
    assert not points_at_text(words)
