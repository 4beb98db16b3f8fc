"""A name that the English model does not know is looked for by the other one."""

from typing import Any

import numpy as np
import pytest

from bot.workers.penny import stt
from bot.workers.penny.stt import Whisper, says_name

WINDOW = np.zeros(16_000, np.float32)


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("Hey Captain Nemo, where are we?", True),
        ("captain  némo!", True),
        ("Captain, ask Nemo.", False),
        ("Captains Nemo", False),
        ("", False),
    ],
)
def test_a_name_is_its_words_in_a_row(text: str, is_said: bool) -> None:
    assert says_name(text, "Captain Nemo") is is_said
    assert not says_name(text, "")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the multilingual model hears, and how often it was asked."""
    found: dict[str, Any] = {"text": "Hey Zuri.", "is_doubtful": False, "asked": 0}

    def attempt(model: object, *_: object, **__: object) -> stt._Attempt:
        assert model == "multilingual"
        found["asked"] += 1
        return stt._Attempt(found["text"], found["is_doubtful"], is_clear=False)

    monkeypatch.setattr(stt, "_attempt", attempt)
    return found


def hear(text: str, *, one_model: bool = False) -> str:
    whisper = Whisper(None, None, threads=1)  # type: ignore[arg-type]
    whisper._models = {True: "multilingual" if one_model else "english", False: "multilingual"}
    return whisper._hear_name(WINDOW, 1.0, text, "Zuri")


def test_what_it_hears_counts_if_it_hears_the_name(heard: dict[str, Any]) -> None:
    assert hear("Hey Siri.") == "Hey Zuri."


@pytest.mark.parametrize(
    "other", [{"text": "Hey Suri."}, {"text": ""}, {"is_doubtful": True}], ids=str
)
def test_otherwise_nothing_else_of_it_does(heard: dict[str, Any], other: dict[str, Any]) -> None:
    heard |= other
    assert hear("Hey Siri.") == "Hey Siri."
    assert heard["asked"] == 1


def test_it_is_not_asked_without_need(heard: dict[str, Any]) -> None:
    assert hear("Zuri, hello.") == "Zuri, hello."
    assert hear("Hey Siri.", one_model=True) == "Hey Siri."
    assert heard["asked"] == 0
