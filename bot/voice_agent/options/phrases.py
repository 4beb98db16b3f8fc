"""Backchannels and names: the words that decide what an utterance is. Pure.

Each kind has its list: `backchannels.toml`, `names.toml`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text("utf-8"))


def _phrases(*texts: str) -> frozenset[str]:
    """The phrases of lists, as TOML has them: divided by commas, over any number of lines."""
    parts = (part for text in texts for part in text.split(","))
    return frozenset(phrase for part in parts if (phrase := " ".join(part.split())))


def _by_language(table: Mapping[str, str]) -> frozenset[str]:
    """The phrases of all languages together: people mix them."""
    return _phrases(*table.values())


_BACKCHANNELS: Final = _table("backchannels.toml")
_NAMES: Final = _table("names.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseOptions:
    """The words that decide what an utterance is: lower case, no accents, no apostrophes.

    Attributes:
        backchannels: A regular expression for sounds such as "mm-hm". They are never answered and
            do not interrupt.
        acknowledgements: "Ok", "vale", "thanks". Spoken over an answer, they do not interrupt;
            otherwise they are answered when alone with the assistant, or after it has asked
            something.
        around_names: What people say around the assistant's name when they call it and say nothing
            else.
        call_openers: Words that begin a call. After one of them, a name in `misheard_names` counts.
        misheard_names: What recognisers write for each name that is more than one letter off.
        not_names: Words one letter off a name that do not mean it, beside common words and people's
            names.
        min_fuzzy_name_chars: In letters. Of shorter names, too many words are one letter off.
        min_alike_name_chars: In letters. Shorter names must match exactly; too many words sound
            like them.
        max_lengths_apart: In letters. Words whose lengths differ more do not sound alike.
        sound_limits: From how many sounds on a name is recognised in a word that sounds so
            differently (`bot.sound_alike.sound_distance`) where somebody is called; the longest
            first. Elsewhere it has to sound the same.
    """

    backchannels: str = _BACKCHANNELS["sounds"]
    acknowledgements: frozenset[str] = _by_language(_BACKCHANNELS["acknowledgements"])
    around_names: frozenset[str] = _by_language(_NAMES["around"])
    call_openers: frozenset[str] = _by_language(_NAMES["openers"])
    misheard_names: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {name: _phrases(text) for name, text in _NAMES["misheard"].items()}
    )
    not_names: frozenset[str] = _phrases(_NAMES["not_names"])
    min_fuzzy_name_chars: int = _NAMES["min_fuzzy_chars"]
    min_alike_name_chars: int = _NAMES["min_alike_chars"]
    max_lengths_apart: int = _NAMES["max_lengths_apart"]
    sound_limits: tuple[tuple[int, int], ...] = tuple(map(tuple, _NAMES["sound_limits"]))
