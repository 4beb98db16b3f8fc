"""Judges an utterance by what a language model made of it, and by its words. Pure.

The state of a model's last layer at the last token of a sentence holds what the sentence means, in
other words than those that the features know. A linear classifier over both is learned for each of
our models by `tests/bench/learn_intents.py`: a linear probe (Alain and Bengio, 2016).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np

from bot.actions.intents.ngrams import Floats

MAX_CHARS: Final = 600
"""How much of an utterance the model reads: its beginning."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe of one model.

    Attributes:
        labels: The intents, those of the n-grams.
        mean: Of each number of a state.
        scale: The standard deviation of each.
        weights: A row for each number of a state and each of the n-grams' logits, a column an
            intent.
        bias: One an intent.
    """

    labels: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats

    def logits(self, state: Floats, by_words: Floats) -> Floats:
        """The natural logarithm of each intent's likelihood, up to a constant.

        Args:
            state: The model's state where its answer would begin; its shape is that of `mean`.
            by_words: What the n-grams say.

        Raises:
            ValueError: The state is of another model.
        """
        if state.shape != self.mean.shape:
            raise ValueError(f"a state of {state.shape}, not {self.mean.shape}")
        found = inputs_of((state - self.mean) / self.scale, by_words) @ self.weights + self.bias
        return np.asarray(found, np.float32)


def inputs_of(standardized: Floats, by_words: Floats) -> Floats:
    """What a probe weighs: a state, and the logarithm of the likelihoods by the words."""
    shifted = by_words - by_words.max(-1, keepdims=True)
    likely = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return np.concatenate([standardized, np.maximum(likely, -10) / 2], axis=-1)


@cache
def packaged_probe(model: str) -> Probe | None:
    """The probe of one of our models, by its name; None: there is none."""
    file = resources.files(__package__).joinpath(f"{model}.npz")
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        kept: Mapping[str, Any] = np.load(opened, allow_pickle=False)
        numbers = {name: kept[name] for name in ("mean", "scale", "weights", "bias")}
        return Probe(
            labels=tuple(map(str, kept["labels"])),
            **{name: value.astype(np.float32) for name, value in numbers.items()},
        )
