"""The learned wait before a turn ends: the numbers of `turn_end_wait.toml`. Pure."""

import tomllib
from functools import cache
from importlib import resources

from audio.turn_end import TurnEndModel, Words


@cache
def learned_waits() -> TurnEndModel:
    """The model that `python -m tests.bench.learn_turn_end` has learned."""
    text = resources.files(__package__).joinpath("turn_end_wait.toml").read_text("utf-8")
    return waits_of(text)


def waits_of(text: str) -> TurnEndModel:
    """The model in a TOML document."""
    table = tomllib.loads(text)
    return TurnEndModel(
        bias=table["bias"],
        sound={Words(word): weight for word, weight in table["sound"].items()},
        words={Words(word): weight for word, weight in table["words"].items()},
        seconds=table["seconds"],
        went_on=table["went_on"],
        max_went_on=table["max_went_on"],
        waits=tuple((goes_on, ms) for goes_on, ms in table["waits"]),
        waits_for_words=tuple((goes_on, ms) for goes_on, ms in table["waits_for_words"]),
        looks_over_below=table["looks_over_below"],
    )
