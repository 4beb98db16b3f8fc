"""Learns the waits before a turn ends, and writes them to `turn_end_wait.toml`.

    python -m tests.bench.learn_turn_end            makes the pauses anew: a quarter of an hour
    python -m tests.bench.learn_turn_end LEARN.json CHECK.json    takes those of `turn_pauses`

A ridge logistic regression says how likely somebody goes on after a pause; coordinate descent then
chooses the waits that cost least, where an early end costs as much as `CUT_OFF_COST_S` of delay.
How much speech is a fragment, and how much a monologue, is what predicts best the texts that were
left out. The half to check has other speakers and other sentences, and nothing is chosen by it.

What the sound tells, and how long to wait with nothing else known, is learned from people alone
(SKYDECK_RUNNING_SPEECH); without their recordings it stays as it was learned.
"""

# mypy: ignore-errors

import itertools
import json
import sys
import tomllib
from dataclasses import replace
from enum import Enum
from functools import cache
from pathlib import Path

import numpy as np

from audio.turn_end import TurnEndFeatures, TurnEndModel, Words, completeness_logit, doublings
from bot.voice_agent.options.endpointing import learned_waits
from bot.voice_agent.word_completeness import judge_words
from tests.bench.turn_pauses import gather
from tests.paths import ROOT

TARGET = ROOT / "bot/voice_agent/options/turn_end_wait.toml"
POINTS = (0.1, 0.4, 0.7, 0.95)
"""The waits after some words have points at these shares of the pauses after them."""
CHOICES_MS = (320, 384, 448, 512, 576, 640, 768, 896, 1024, 1152, 1280, 1408, 1600, 1800, 2048)
CUT_OFF_COST_S, EARLY_REQUEST_COST_S, RUNNING_COST_S = 2.5, 1.5, 60.0
"""What an end that comes too early costs with known words, and while these may still hold it; the
same in running speech, where each would be a sound begun while somebody speaks."""
FRAGMENTS_MS, MONOLOGUES_MS = (1500, 2000, 2500, 3000), (3000, 4000, 6000, 8000)
FOLDS = 8
SHORTEST_PAUSE_S = 0.28
NOTICED_S = 0.25
"""Until they are heard to go on, an end may be decided: `turn_pauses` takes 0.1 s off, and a soft
voice is noticed later."""
MAX_WENT_ON = 3
LOOKS_OVER_BELOW = 0.4
RIDGE, READING_COUNT = 0.5, 0.2
SOUNDS = slice(len(Words), 2 * len(Words))
FIRST = TurnEndModel(
    words={words: 2.0 * (words is Words.DANGLING) for words in Words},
    sound=dict.fromkeys(Words, -1.0),
    fragment=0.0,
    fragment_ms=2000,
    monologue=0.0,
    monologue_ms=4000,
    went_on=0.0,
    max_went_on=MAX_WENT_ON,
    waits=dict.fromkeys(Words, ((0.0, 1000), (1.0, 1000))),
    looks_over_below=LOOKS_OVER_BELOW,
)


class Known(Enum):
    """Which words of a turn are known: none, those recognised, or those that were really said.

    eSpeak's voices are recognised far worse than people's, so a model of these alone would trust
    words too little, and one of what was said too much. It learns from all.
    """

    NONE = "sound alone"
    HEARD = "sound and words as recognised"
    SAID = "sound and words as said"


def words_of(turn, number: int, known: Known) -> Words:
    """How complete the words before a turn's pause are."""
    if known is Known.NONE:
        return Words.UNKNOWN
    text, parts = turn["pauses"][number]["text"], turn["text"].split("|")
    long = [p for p in turn["pauses"] if p["lasts_s"] is None or p["lasts_s"] >= SHORTEST_PAUSE_S]
    if known is Known.SAID and turn["text"] and len(long) == len(parts):
        spoken = sum(p["lasts_s"] >= SHORTEST_PAUSE_S for p in turn["pauses"][:number]) + 1
        text = "".join(parts[:spoken]).strip().removesuffix(",")
    return judged(text, turn["language"])


judged = cache(judge_words)


def pauses(turns, model: TurnEndModel, known: Known):
    """(features, seconds until they went on or None, turn's number, is it running speech)."""
    for number, turn in enumerate(turns):
        went_on = 0
        for at, pause in enumerate(turn["pauses"]):
            words = words_of(turn, at, known)
            features = TurnEndFeatures(
                completeness=pause["completeness"],
                words=words,
                speech_ms=pause["speech_ms"],
                went_on=went_on,
            )
            lasts_s = pause["lasts_s"]
            is_running = turn["kind"] == "running"
            if lasts_s is not None or not is_running:  # its end is the recording's, not a turn's
                yield features, lasts_s, number, is_running
            went_on += model.looks_over(features)


def row(features: TurnEndFeatures, model: TurnEndModel) -> list[float]:
    """The regression's inputs."""
    is_open, speech_ms = features.words is Words.OPEN, features.speech_ms
    sound = completeness_logit(0.5 if features.completeness is None else features.completeness)
    return [
        *(float(features.words is words) for words in Words),
        *(sound * (features.words is words) for words in Words),
        is_open * doublings(model.fragment_ms, since=speech_ms),
        is_open * doublings(speech_ms, since=model.monologue_ms),
        float(min(features.went_on, MAX_WENT_ON)),
    ]


def long_pauses(turns, model: TurnEndModel):
    """The pauses that may end a turn, whatever is known of their words."""
    found = [pause for known in Known for pause in pauses(turns, model, known)]
    return [one for one in found if one[1] is None or one[1] >= SHORTEST_PAUSE_S]


def fit(turns, model: TurnEndModel, sound=None) -> TurnEndModel:
    """The weights; those of the sound as given, or learned, too.

    Reading aloud is not talking to an assistant, and counts for less.
    """
    found = long_pauses(turns, model)
    inputs = np.array([row(features, model) for features, *_ in found])
    goes_on = np.array([float(lasts_s is not None) for _, lasts_s, *_ in found])
    weights = np.zeros(inputs.shape[1])
    penalty = RIDGE * np.eye(len(weights))
    penalty[: len(Words), : len(Words)] = 0.0
    given = np.zeros(len(inputs))
    if sound is not None:
        given = inputs[:, SOUNDS] @ np.array([sound[words] for words in Words])
        inputs[:, SOUNDS] = 0.0
    counts = np.array([weight(turns[number]) for _, _, number, _ in found])
    for _ in range(50):  # Newton's method
        likely = 1 / (1 + np.exp(-inputs @ weights - given))
        slope = inputs.T @ (counts * (likely - goes_on)) + penalty @ weights
        curve = (inputs * (counts * likely * (1 - likely))[:, None]).T @ inputs + penalty
        weights -= np.linalg.solve(curve, slope)
    *rest, fragment, monologue, went_on = (round(float(w), 3) for w in weights)
    words, sounds = rest[: len(Words)], rest[SOUNDS]
    return replace(
        model,
        words=dict(zip(Words, words, strict=True)),
        sound=sound or {word: min(0.0, w) for word, w in zip(Words, sounds, strict=True)},
        fragment=max(0.0, fragment),
        monologue=max(0.0, monologue),
        went_on=max(0.0, went_on),
    )


def weight(turn) -> float:
    """How much a pause of a turn teaches."""
    return READING_COUNT if turn["voice"].startswith("recorded") else 1.0


def loss(turns, model: TurnEndModel) -> float:
    """How badly the pauses of texts are predicted that were left out, in nats a pause."""
    texts = sorted({turn["text"] for turn in turns})
    total = counted = 0.0
    for fold in range(FOLDS):
        left_out = set(texts[fold::FOLDS])
        learned = fit([t for t in turns if t["text"] not in left_out], model, model.sound)
        others = [turn for turn in turns if turn["text"] in left_out]
        for features, lasts_s, number, _ in long_pauses(others, learned):
            likely, count = learned.goes_on(features), weight(others[number])
            total -= count * np.log(1 - likely if lasts_s is None else likely)
            counted += count
    return total / counted


def outcomes(turns, model, known: Known):
    """Of single turns: delays in seconds, and how many were cut off; the same of running speech.

    Which sentence of a story has which pause is a throw of dice, so each may have any of them.
    """
    delays, spoilt, cut = [], set(), 0.0
    told = [p["lasts_s"] for t in turns if t["kind"] == "running" for p in t["pauses"]]
    lengths_s = np.array([s for s in told if s is not None and s >= SHORTEST_PAUSE_S])
    for features, lasts_s, number, is_running in pauses(turns, model, known):
        wait_s = model.wait_ms(features) / 1000
        if lasts_s is None:
            delays += [] if is_running else [wait_s]
        elif wait_s < lasts_s:
            spoilt |= set() if is_running else {number}
        if is_running:
            cut += float((wait_s < lengths_s + NOTICED_S).mean())
    return np.array(delays), len(spoilt), cut


def cost(turns, model: TurnEndModel, words: Words) -> float:
    """Seconds that the waits cost all turns, with these words known, or none."""
    total, is_unknown = 0.0, words is Words.UNKNOWN
    price_s = EARLY_REQUEST_COST_S if is_unknown else CUT_OFF_COST_S
    for known in (Known.NONE,) if is_unknown else (Known.HEARD, Known.SAID):
        delays, spoilt, cut = outcomes(turns, model, known)
        total += float(delays.sum()) + price_s * spoilt + RUNNING_COST_S * cut
    return total


def choose_waits(turns, model: TurnEndModel, words: Words) -> TurnEndModel:
    """The waits of least cost after some words."""
    found = [features for features, *_ in long_pauses(turns, model) if features.words is words]
    likely = np.quantile([model.goes_on(features) for features in found], POINTS)

    def with_waits(waits) -> TurnEndModel:
        points = tuple(zip(sorted({round(float(p), 3) for p in likely}), waits, strict=False))
        return replace(model, waits={**model.waits, words: points})

    best_s, best = min(
        (cost(turns, with_waits([ms] * len(POINTS)), words), [ms] * len(POINTS))
        for ms in CHOICES_MS
    )
    for _ in range(6):
        before_s = best_s
        for at, ms in itertools.product(range(len(POINTS)), CHOICES_MS):
            # they rise
            tried = [min(w, ms) if i < at else max(w, ms) for i, w in enumerate(best)]
            tried[at] = ms
            if (found_s := cost(turns, with_waits(tried), words)) < best_s:
                best_s, best = found_s, tried
        if best_s == before_s:
            break
    return with_waits(best)


def learn(turns) -> TurnEndModel:
    """The model. eSpeak's voices have not the intonation of people's: they teach the words only."""
    people = [turn for turn in turns if turn["voice"].startswith(("joe", "recorded"))]
    has_recordings = any(turn["voice"].startswith("recorded") for turn in people)
    before, models = learned_waits(), []
    for fragment_ms, monologue_ms in itertools.product(FRAGMENTS_MS, MONOLOGUES_MS):
        model = replace(FIRST, fragment_ms=fragment_ms, monologue_ms=monologue_ms)
        for _ in range(4):  # what looked like an end depends on the model itself
            model = fit(turns, model, fit(people, model).sound if has_recordings else before.sound)
        models.append(model)
    model = min(models, key=lambda one: loss(turns, one))
    for words in set(Words) - {Words.UNKNOWN}:
        model = choose_waits(turns, model, words)
    if has_recordings:
        return choose_waits(people, model, Words.UNKNOWN)
    by_sound = {Words.UNKNOWN: before.words[Words.UNKNOWN]}
    waits = {Words.UNKNOWN: before.waits[Words.UNKNOWN]}
    return replace(model, words=model.words | by_sound, waits=model.waits | waits)


def report(name: str, turns, model: TurnEndModel) -> str:
    """How the waits do on own turns and on running speech."""
    lines = [f"# {name}: sentences read aloud are no turns, and are left out here"]
    own = [t for t in turns if t["kind"] == "running" or not t["voice"].startswith("recorded")]
    for known in Known:
        delays, spoilt, cut = outcomes(own, model, known)
        median, worst = (np.quantile(delays, part) * 1000 for part in (0.5, 0.95))
        lines.append(
            f"#   {known.value}: {len(delays)} turns, median {median:.0f} ms, p95 {worst:.0f} ms, "
            f"cut off {spoilt} ({100 * spoilt / len(delays):.0f} %), running speech {cut:.0f} times"
        )
    return "\n".join(lines)


def points(waits) -> str:
    return f"[{', '.join(f'[{p}, {ms}]' for p, ms in waits)}]"


def document(model: TurnEndModel, learned, checked) -> str:
    voices = sorted({turn["voice"] for turn in learned})
    people = [voice for voice in voices if voice.startswith("recorded")]
    by_sound = ", ".join(people) or tomllib.loads(TARGET.read_text())["by_sound"]
    return "\n".join(
        [
            "# Learned by `python -m tests.bench.learn_turn_end`; do not edit.",
            f"# From: {', '.join(voices)}.",
            report("learned", learned, model),
            "# Checked with other speakers and other sentences:",
            report("checked", checked, model),
            "",
            "# What the sound tells, and the waits by sound alone, are from:",
            f'by_sound = "{by_sound}"',
            f"fragment = {model.fragment}",
            f"fragment_ms = {model.fragment_ms}",
            f"monologue = {model.monologue}",
            f"monologue_ms = {model.monologue_ms}",
            f"went_on = {model.went_on}",
            f"max_went_on = {model.max_went_on}",
            f"looks_over_below = {model.looks_over_below}",
            "",
            "[words]",
            *(f"{words.value} = {weight}" for words, weight in model.words.items()),
            "",
            "[sound]",
            *(f"{words.value} = {weight}" for words, weight in model.sound.items()),
            "",
            "[waits]",
            *(f"{words.value} = {points(waits)}" for words, waits in model.waits.items()),
            "",
        ]
    )


def main(arguments: list[str]) -> None:
    if arguments:
        learned, checked = (json.loads(Path(path).read_text()) for path in arguments)
    else:
        from bot.models.store import ModelStore
        from bot.settings import Settings

        store = ModelStore(Settings(_env_file=None).skydeck_weights_dir)
        learned, checked = (
            list(gather(lambda name: store.ensure([name])[name], half))
            for half in ("learn", "check")
        )
    model = learn(learned)
    text = document(model, learned, checked)
    TARGET.write_text(text)
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
