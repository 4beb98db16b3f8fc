"""What a language model makes of an utterance."""

import numpy as np
import pytest

from bot.actions.intents.ngrams import packaged_model
from bot.actions.intents.probe import inputs_of, packaged_probe
from bot.llm_source import TINY


def test_a_probe_has_the_intents_of_the_words() -> None:
    probe = packaged_probe(TINY)
    assert probe is not None
    assert probe.labels == packaged_model().labels
    assert packaged_probe("somebody-elses-model") is None


def test_the_state_of_another_model_is_refused() -> None:
    probe = packaged_probe(TINY)
    assert probe is not None
    with pytest.raises(ValueError, match="3"):
        probe.logits(np.zeros(3, np.float32), packaged_model().bias)


def test_words_count_by_likelihood_whatever_constant_is_added() -> None:
    state, logits = np.zeros(2, np.float32), np.array([0, 2, -90], np.float32)
    assert inputs_of(state, logits) == pytest.approx(inputs_of(state, logits + 7), abs=1e-5)
    assert inputs_of(state, logits).min() == -5  # what is impossible counts no more than so much
