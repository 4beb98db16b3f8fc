"""Learns to tell what people ask for, and writes the models of `bot/actions/intents`.

    python -m tests.bench.learn_intents                   by words: some minutes
    python -m tests.bench.learn_intents states tiny FILE  a language model's states: half an hour
    python -m tests.bench.learn_intents probe tiny FILE   by these states as well
    python -m tests.bench.learn_intents lists             the lists that requests name: a minute

The sentences are in `intent_sentences`, a file an author, and in the sets that reading was mended
by. Whoever wrote a set to check by saw neither. The probe learns from what the words said of
sentences by authors that they had not learned from, since it will meet such.
"""

# mypy: ignore-errors

import asyncio
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bot.actions.intents.features import features_of
from bot.actions.intents.lists import (
    ListModel,
    candidates,
    features_of_lists,
    items_of,
    words_in,
)
from bot.actions.intents.ngrams import TALK, NgramModel, hash_of
from bot.actions.intents.probe import MAX_CHARS, Probe, inputs_of
from bot.actions.offering import offer
from bot.actions.plain_words import without_quotes
from bot.actions.reading import read
from bot.catalogue import packaged_catalogue
from bot.contract import Service
from bot.contract.grace import parse_catalogue
from bot.llm_source import SMALL, TINY
from bot.workers.qwen import Qwen
from tests.bench.quality.local_models import weights
from tests.paths import ROOT

SENTENCES = ROOT / "tests/bench/intent_sentences"
RULES = ROOT / "tests/unit/bot/actions/sentences.toml"
TARGET = ROOT / "bot/actions/intents"
NAMES = ["Alfred"]
OFFERED = offer(parse_catalogue(packaged_catalogue()), set(Service))
MENDED = ("action_sentences", "action_sentences_evening", "action_sentences_talk")
EPOCHS, BATCH, RATE = 4, 64, 1.0
MIN_SENTENCES = 2
"""A feature of one sentence only is not learned."""
KEPT_FEATURES = 90_000
"""With 30,000, one of eight utterances more is judged wrong."""
TEMPERED, TALK_PRIOR = 0.75, 2.0
"""Of authors that were not learned from, a model is too sure: its logits are made as much smaller.
And most of what people say is talk, unlike the sentences: so much is added to its logit."""
FOLDS = 3
"""In so many parts, authors are left out."""
SAVED_AFTER = 100
LISTS = {"CLASSIFIER": "labels", "EXTRACTOR": "fields"}
LIST_EPOCHS, LIST_RATE, KEPT_LIST_FEATURES = 15, 0.07, 16_000
STEPS, PROBE_RATE, WEIGHT_DECAY = 400, 0.005, 5e-3


@dataclass(frozen=True)
class Sentence:
    """A sentence, its intent, and who wrote it."""

    says: str
    intent: str
    author: str
    is_hard: bool


def sentences() -> list[Sentence]:
    """All that there is to learn from."""
    found = []
    for file in sorted(SENTENCES.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            one = json.loads(line)
            is_hard = one["do"] != TALK or bool(one.get("hard"))
            found.append(Sentence(one["says"], one["do"], file.stem, is_hard))
    for by_intent in tomllib.loads(RULES.read_text("utf-8")).values():
        for intent, ones in by_intent.items():
            found += [Sentence(one, intent, "rules", True) for one in ones]
    for name in MENDED:
        for ones in tomllib.loads((ROOT / f"tests/bench/{name}.toml").read_text("utf-8")).values():
            for one in ones:
                intent = one.get("module") or (one["command"][0] if "command" in one else TALK)
                found.append(Sentence(one["says"], intent, "own", intent != TALK))
    return found


@cache
def features_in(says: str) -> frozenset[str]:
    """The features of a sentence, with the signs that rules have found in it."""
    calls = [(name.lower(),) for name in NAMES]
    return read(says, OFFERED, names=NAMES).features or features_of(says, calls)


def learn_words(known: Sequence[Sentence], *, seed: int = 0) -> NgramModel:
    """A softmax regression by Adagrad on the features, whose vector has length one."""
    sets = [features_in(one.says) for one in known]
    counts = Counter(feature for one in sets for feature in one)
    kept = {hash_of(one): n for one, n in counts.items() if n >= MIN_SENTENCES}
    hashes = np.array(sorted(kept), np.uint32)
    rarity = np.log(len(known) / np.array([kept[one] for one in hashes.tolist()])) + 1
    labels = sorted({one.intent for one in known})
    wanted = np.array([labels.index(one.intent) for one in known])
    empty = NgramModel(
        tuple(labels),
        hashes,
        rarity.astype(np.float32),
        np.zeros((0, 0), np.int8),
        np.ones(1, np.float32),
        np.zeros(len(labels), np.float32),
    )
    rows = [empty.encode(one) for one in sets]
    weights = np.zeros((len(hashes) + 1, len(labels)), np.float32)
    weights[-1] = np.log(np.bincount(wanted) / len(known))
    squares = np.zeros_like(weights)
    order = np.random.default_rng(seed)
    for epoch in range(EPOCHS):
        shuffled = order.permutation(len(known))
        for begin in range(0, len(shuffled), BATCH):
            chosen = shuffled[begin : begin + BATCH]
            index = np.concatenate([np.append(rows[k][0], len(hashes)) for k in chosen])
            value = np.concatenate([np.append(rows[k][1], np.float32(1)) for k in chosen])
            bounds = np.cumsum([0, *(len(rows[k][0]) + 1 for k in chosen[:-1])])
            logits = np.add.reduceat(weights[index] * value[:, None], bounds)
            errors = _softmax(logits)
            errors[np.arange(len(chosen)), wanted[chosen]] -= 1
            sizes = np.diff(np.append(bounds, len(index)))
            gradient = np.repeat(errors / len(chosen), sizes, 0) * value[:, None]
            touched, place = np.unique(index, return_inverse=True)
            by_row = np.argsort(place, kind="stable")
            starts = np.searchsorted(place[by_row], np.arange(len(touched)))
            summed = np.add.reduceat(gradient[by_row], starts)
            squares[touched] += summed**2
            rate = RATE * (1 - epoch / EPOCHS)
            squares[-1] = np.inf  # what is usual is known, and not learned
            weights[touched] -= rate * summed / (np.sqrt(squares[touched]) + 1e-6)
    return _packed(empty, weights)


def _packed(empty: NgramModel, weights: np.ndarray) -> NgramModel:
    """The features that tell most, in steps of 1/127 of the largest weight of an intent."""
    body = weights[:-1]
    spread = np.abs(body - body.mean(1, keepdims=True)).max(1) * empty.rarity
    kept = np.sort(np.argsort(-spread)[:KEPT_FEATURES])
    step = np.abs(body[kept]).max(0) / 127
    bias = weights[-1] * TEMPERED + TALK_PRIOR * (np.array(empty.labels) == TALK)
    return NgramModel(
        empty.labels,
        empty.hashes[kept],
        empty.rarity[kept],
        np.round(body[kept] / step).astype(np.int8),
        (step * TEMPERED).astype(np.float32),
        bias.astype(np.float32),
    )


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


def unseen_logits(known: Sequence[Sentence]) -> np.ndarray:
    """What the words say of each sentence, learned from the sentences of other authors."""
    labels = sorted({one.intent for one in known})
    found = np.zeros((len(known), len(labels)), np.float32)
    authors = sorted({one.author for one in known})
    for left_out in (authors[fold::FOLDS] for fold in range(FOLDS)):
        model = learn_words([one for one in known if one.author not in left_out])
        columns = [labels.index(one) for one in model.labels]
        for at, one in enumerate(known):
            if one.author in left_out:
                found[at] = -20
                found[at, columns] = model.logits(features_in(one.says))
    return found


def learn_probe(states: np.ndarray, by_words: np.ndarray, wanted: Sequence[str], labels) -> Probe:
    """A softmax regression by Adam on a model's states and on what the words say."""
    mean, scale = states.mean(0), states.std(0) + 1e-6
    inputs = inputs_of((states - mean) / scale, by_words)
    targets = np.eye(len(labels), dtype=np.float32)[[labels.index(one) for one in wanted]]
    weights = np.zeros((inputs.shape[1], len(labels)), np.float32)
    weights[-len(labels) :] = np.eye(len(labels))
    bias = np.zeros(len(labels), np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        errors = (_softmax(inputs @ weights + bias) - targets) / len(inputs)
        gradient = inputs.T @ errors
        gradient[: -len(labels)] += WEIGHT_DECAY * weights[: -len(labels)]
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        rate = PROBE_RATE * (1 - step / STEPS)
        weights -= rate * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-9)
        bias -= rate * errors.sum(0)
    return Probe(tuple(labels), mean, scale, weights, bias)


async def gather_states(name: str, target: Path) -> None:
    """Save what a model makes of the sentences that are not plainly talk; goes on where it was."""
    kept = dict(_states_in(target)) if await asyncio.to_thread(target.exists) else {}
    model = Qwen(lambda: weights(name) / "model.gguf", threads=1, name=name)
    missing = [one.says for one in sentences() if one.is_hard and one.says not in kept]
    np.random.default_rng(0).shuffle(missing)
    try:
        for number, says in enumerate(missing, 1):
            kept[says] = np.asarray(await model.state(says[:MAX_CHARS]), np.float16)
            if number % SAVED_AFTER == 0 or number == len(missing):
                np.savez(target, says=list(kept), states=list(kept.values()))
                print(f"{number} of {len(missing)}", flush=True)
    finally:
        await model.close()


def _states_in(file: Path) -> Iterator[tuple[str, np.ndarray]]:
    kept = np.load(file, allow_pickle=False)
    yield from zip(kept["says"].tolist(), kept["states"].astype(np.float32), strict=True)


def probe_of(file: Path) -> Probe:
    """The probe of the model whose states are in a file."""
    known = sentences()
    labels = sorted({one.intent for one in known})
    by_words = unseen_logits(known)
    place = {one.says: at for at, one in enumerate(known)}
    found = [(place[says], state) for says, state in _states_in(file) if says in place]
    rows = [at for at, _ in found]
    states = np.array([state for _, state in found])
    return learn_probe(states, by_words[rows], [known[at].intent for at in rows], labels)


def lists_asked_for(files: Sequence[Path]) -> list[tuple[str, str, list[str]]]:
    """What is said, the option, and the list that it names; of single requests."""
    found = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    for name in MENDED:
        for ones in tomllib.loads((ROOT / f"tests/bench/{name}.toml").read_text("utf-8")).values():
            found += [{"do": one.get("module", TALK), **one} for one in ones]
    return [
        (without_quotes(one["says"])[0], option, [*map(str.casefold, named)])
        for one in found
        if (option := LISTS.get(one["do"])) and not one.get("then")
        for named in [one.get("params", {}).get(option, [])]
    ]


def learn_lists(known: Sequence[tuple[str, str, list[str]]], *, seed: int = 0) -> ListModel:
    """A log-linear model by Adagrad; the likelihood of the stretches that are the list."""
    place: dict[int, int] = {}
    rows = []
    for says, option, named in known:
        words = words_in(says)
        ones = candidates(words, option)
        right = np.array([items_of(says, words, one) == named for one in ones])
        features = list(features_of_lists(words, ones, option))
        index = np.array(
            [place.setdefault(hash_of(one), len(place)) for of in features for one in of]
        )
        if right.any():
            rows.append((index, np.cumsum([0, *map(len, features[:-1])]), right))
    weights, squares = np.zeros(len(place)), np.full(len(place), 1e-6)
    order = np.random.default_rng(seed)
    for epoch in range(LIST_EPOCHS):
        for k in order.permutation(len(rows)):
            index, begins, right = rows[k]
            logits = np.add.reduceat(weights[index], begins)
            odds = np.exp(logits - logits.max())
            errors = odds / odds.sum() - np.where(right, odds, 0) / max(odds[right].sum(), 1e-30)
            each = np.repeat(errors, np.diff(np.append(begins, len(index))))
            touched, at = np.unique(index, return_inverse=True)
            gradient = np.bincount(at, each)
            squares[touched] += gradient**2
            rate = LIST_RATE * (1 - epoch / LIST_EPOCHS)
            weights[touched] -= rate * gradient / np.sqrt(squares[touched])
    hashes = np.array(list(place), np.uint32)
    kept = np.argsort(-np.abs(weights))[:KEPT_LIST_FEATURES]
    kept = kept[np.argsort(hashes[kept])]
    step = np.float32(np.abs(weights).max() / 127)
    return ListModel(hashes[kept], np.round(weights[kept] / step).astype(np.int8), step)


def main(*words: str) -> None:
    """As said above."""
    match words:
        case ():
            model = learn_words(sentences())
            names = ("labels", "hashes", "weights", "step", "bias")
            numbers = {name: getattr(model, name) for name in names}
            rarity = model.rarity.astype(np.float16)
            np.savez_compressed(TARGET / "ngrams.npz", rarity=rarity, **numbers)
        case ("lists",):
            known = lists_asked_for(sorted(SENTENCES.glob("*.jsonl")))
            lists = learn_lists(known)
            numbers = {name: getattr(lists, name) for name in ("hashes", "weights", "step")}
            np.savez_compressed(TARGET / "lists.npz", **numbers)
        case "states", name, file:
            asyncio.run(gather_states({"tiny": TINY, "small": SMALL}[name], Path(file)))
        case "probe", name, file:
            probe = probe_of(Path(file))
            names = ("mean", "scale", "weights")
            numbers = {name: getattr(probe, name).astype(np.float16) for name in names}
            target = TARGET / f"{ {'tiny': TINY, 'small': SMALL}[name] }.npz"
            np.savez_compressed(target, labels=probe.labels, bias=probe.bias, **numbers)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
