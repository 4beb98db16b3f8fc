"""Judges an utterance by its features: how likely each intent is. Pure, and a millisecond.

A softmax regression, learned by `tests/bench/learn_intents.py`. A feature is known by its CRC-32.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MIN_WORDS: Final = 3
"""Of fewer, the rules know all that mean something: "now" is like no sentence that was learned."""
Floats = NDArray[np.float32]

TALK: Final = "TALK"
"""The intent of whoever asks for nothing that the assistant could start."""


@dataclass(frozen=True, slots=True)
class NgramModel:
    """A model over features.

    Attributes:
        labels: The intents, one a column.
        hashes: The CRC-32 of each feature, in rising order.
        rarity: The inverse document frequency of each feature.
        weights: A row a feature, a column an intent; in steps of `step`.
        bias: One an intent.
    """

    labels: tuple[str, ...]
    hashes: NDArray[np.uint32]
    rarity: Floats
    weights: NDArray[np.int8]
    step: Floats
    bias: Floats

    def judge(self, features: Iterable[str]) -> "Judgement":
        """What the features say."""
        return judged(self.labels, self.logits(features))

    def logits(self, features: Iterable[str]) -> Floats:
        """The natural logarithm of each intent's likelihood, up to a constant; by `labels`."""
        rows, values = self.encode(features)
        return values @ (self.weights[rows] * self.step) + self.bias

    def encode(self, features: Iterable[str]) -> tuple[NDArray[np.int64], Floats]:
        """The rows of the features that are known, and their values.

        The values of all, with those that are not known, have length one: of a language that was
        not learned little is known, and so little is judged.
        """
        hashes = np.unique(np.fromiter(map(hash_of, features), np.uint32))
        rows = np.searchsorted(self.hashes, hashes)
        rows = rows[self.hashes[np.minimum(rows, len(self.hashes) - 1)] == hashes]
        values = self.rarity[rows]
        unknown = (len(hashes) - len(rows)) * float(self.rarity.max()) ** 2
        return rows, values / max(float(np.sqrt(values @ values + unknown)), 1e-9)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an utterance asks for, as far as its words or a model's state tell.

    Attributes:
        intent: The likeliest besides TALK.
        log_odds: The natural logarithm of how much likelier any of them is than TALK.
        logits: Of all intents, in the order of the model's labels.
    """

    intent: str
    log_odds: float
    logits: Floats = field(compare=False, repr=False)


def judged(labels: Sequence[str], logits: Floats) -> Judgement:
    """What logits by `labels` say."""
    talk = labels.index(TALK)
    asks = np.delete(logits, talk)
    highest = float(asks.max())
    log_odds = highest + float(np.log(np.exp(asks - highest).sum())) - float(logits[talk])
    intents = [one for one in labels if one != TALK]
    return Judgement(intents[int(asks.argmax())], log_odds, logits)


def hash_of(feature: str) -> int:
    """What stands for a feature in a model."""
    return zlib.crc32(feature.encode())


@cache
def packaged_model() -> NgramModel:
    """The model that comes with skydeck."""
    with resources.files(__package__).joinpath("ngrams.npz").open("rb") as file:
        kept: Mapping[str, Any] = np.load(file, allow_pickle=False)
        return NgramModel(
            labels=tuple(map(str, kept["labels"])),
            **{name: kept[name] for name in ("hashes", "weights", "step", "bias")},
            rarity=kept["rarity"].astype(np.float32),
        )
