"""Endpointing: when a turn begins, pauses and ends. Pure.

The wait before a turn ends is learned; its numbers are in `turn_end_wait.toml`. How much sooner it
may end for how many people cut off: `CUT_OFF_COST_S` in `tests/bench/learn_turn_end.py`.
"""

import tomllib
from functools import cache
from importlib import resources

from audio.endpointing import EndpointingOptions
from audio.turn_end import TurnEndModel, Words


def default_endpointing() -> EndpointingOptions:
    """When a turn begins, pauses and ends; all in milliseconds."""
    return EndpointingOptions(
        min_speech_ms=192,  # shorter sounds count as clicks, breaths or coughs
        min_resume_ms=96,  # this much speech in a pause continues the turn
        detect_after_ms=128,  # silence before the turn detector is asked, ahead of the pause
        pause_ms=192,  # silence that makes a pause; a preemptive request is sent then
        waits=learned_waits(),  # the wait before a turn ends, by its sound and its words
        same_turn_ms=2500,  # who speaks again within this time had not finished
        packet_stall_ms=400,  # the shortest wait when packets just stop: it may be the network
        soft_max_turn_ms=45_000,  # a turn this long ends at its next pause
        max_turn_ms=60_000,  # a turn this long is cut
        partial_silence_ms=64,  # silence that may become a pause: recognition may begin
        partial_every_ms=2_000,  # after this much speech without such a silence, it begins, too
    )


@cache
def learned_waits() -> TurnEndModel:
    """The model that `python -m tests.bench.learn_turn_end` has learned."""
    text = resources.files(__package__).joinpath("turn_end_wait.toml").read_text("utf-8")
    return waits_of(text)


def waits_of(text: str) -> TurnEndModel:
    """The model in a TOML document."""
    table = tomllib.loads(text)
    return TurnEndModel(
        words={Words(word): weight for word, weight in table["words"].items()},
        sound={Words(word): weight for word, weight in table["sound"].items()},
        fragment=table["fragment"],
        fragment_ms=table["fragment_ms"],
        monologue=table["monologue"],
        monologue_ms=table["monologue_ms"],
        went_on=table["went_on"],
        max_went_on=table["max_went_on"],
        waits={
            Words(word): tuple((goes_on, ms) for goes_on, ms in points)
            for word, points in table["waits"].items()
        },
        looks_over_below=table["looks_over_below"],
    )
