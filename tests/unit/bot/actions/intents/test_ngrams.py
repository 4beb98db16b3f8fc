"""How likely each intent is by words."""

import numpy as np
import pytest

from bot.actions.intents.features import features_of
from bot.actions.intents.ngrams import TALK, judged, packaged_model
from bot.catalogue import packaged_catalogue
from bot.contract.grace import parse_catalogue

ALFRED = [("alfred",)]


def test_it_knows_every_action_that_comes_with_skydeck() -> None:
    known = set(packaged_model().labels)
    assert {TALK, "BUILD", *parse_catalogue(packaged_catalogue())} <= known


def test_words_that_it_has_never_met_leave_what_is_usual() -> None:
    model = packaged_model()
    assert model.logits(["w:zxqv"]) == pytest.approx(model.bias)
    assert judged(model.labels, model.bias).log_odds < 0


def test_the_odds_of_all_intents_count_against_talk() -> None:
    found = judged(["COST", TALK, "STOP"], np.log(np.array([3, 2, 5], np.float32)))
    assert (found.intent, found.log_odds) == ("STOP", pytest.approx(np.log(4), rel=1e-5))


@pytest.mark.parametrize(
    ("says", "intent"),
    [
        ("I'd need those three pages boiled down to what matters", "SUMMARIZER"),
        ("my aunt only understands Italian, so could this be in that", "TRANSLATOR"),
        ("échale un ojo a la ortografía de esto antes de que lo mande", "PROOFREADER"),
        ("de lo que hemos hablado, ¿quién se encarga de qué y para cuándo?", "ACTION_ITEMS"),
        ("can you talk a bit louder please, I can't hear you over the kettle", "LOUDER"),
    ],
)
def test_other_words_than_any_rule_has(says: str, intent: str) -> None:
    model = packaged_model()
    found = judged(model.labels, model.logits(features_of(says, ALFRED)))
    assert found.intent == intent
    assert found.log_odds > 0
