"""Learns the waits before a turn ends, and writes them to `turn_end_wait.toml`.

    python -m tests.bench.learn_turn_end            makes the pauses anew: a quarter of an hour
    python -m tests.bench.learn_turn_end LEARN.json CHECK.json    takes those of `turn_pauses`

A ridge logistic regression says how likely somebody goes on after a pause; coordinate descent then
chooses the waits that cost least, where an early end costs as much as `CUT_OFF_COST_S` of delay.
The half to check has other speakers and other sentences, and nothing is chosen by it.
"""

# mypy: ignore-errors

import itertools
import json
import sys
from dataclasses import replace
from enum import Enum
from functools import cache
from pathlib import Path

import numpy as np

from audio.turn_end import TurnEndFeatures, TurnEndModel, Words, completeness_logit, doublings
from bot.voice_agent.word_completeness import judge_words
from tests.bench.turn_pauses import gather
from tests.paths import ROOT

TARGET = ROOT / "bot/voice_agent/options/turn_end_wait.toml"
LIKELY = (0.04, 0.1, 0.2, 0.35, 0.55, 0.75, 0.92)
LIKELY_BY_SOUND = (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.75)
"""Where the waits have points; sound alone is never as sure as words."""
CHOICES_MS = (256, 320, 384, 448, 512, 576, 640, 768, 896, 1024, 1152, 1280, 1408, 1600, 1800, 2048)
CUT_OFF_COST_S, EARLY_REQUEST_COST_S = 2.5, 1.5
"""What an end that comes too early costs with known words, and while these may still hold it."""
RUNNING_SHARE = 0.25
"""Of that, in running speech, where every pause may be one."""
SHORTEST_PAUSE_S = 0.28
MAX_WENT_ON = 3
LOOKS_OVER_BELOW = 0.4
RIDGE, READING_COUNT = 0.5, 0.2
SOUNDS = slice(1, 1 + len(Words))
FIRST = TurnEndModel(
    bias=0.0,
    sound=dict.fromkeys(Words, -1.0),
    words={words: 2.0 * (words is Words.DANGLING) for words in Words},
    seconds=0.0,
    went_on=0.0,
    max_went_on=MAX_WENT_ON,
    waits=tuple((p, 300 + round(1700 * p)) for p in LIKELY),
    waits_for_words=tuple((p, 300 + round(1700 * p)) for p in LIKELY_BY_SOUND),
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


def row(features: TurnEndFeatures) -> list[float]:
    """The regression's inputs."""
    sound = completeness_logit(0.5 if features.completeness is None else features.completeness)
    return [
        1.0,
        *(sound * (features.words is words) for words in Words),
        *(float(features.words is words) for words in list(Words)[1:]),
        doublings(features.speech_ms),
        float(min(features.went_on, MAX_WENT_ON)),
    ]


def fit(turns, model: TurnEndModel, sound=None) -> TurnEndModel:
    """The weights; those of the sound as given, or learned, too.

    Reading aloud is not talking to an assistant, and counts for less.
    """
    found = [
        pause
        for known in Known
        for pause in pauses(turns, model, known)
        if pause[1] is None or pause[1] >= SHORTEST_PAUSE_S  # shorter ones end no turn
    ]
    inputs = np.array([row(features) for features, *_ in found])
    goes_on = np.array([float(lasts_s is not None) for _, lasts_s, *_ in found])
    weights = np.zeros(inputs.shape[1])
    penalty = RIDGE * np.eye(len(weights))
    penalty[0, 0] = 0.0
    given = np.zeros(len(inputs))
    if sound is not None:
        given = inputs[:, SOUNDS] @ np.array([sound[words] for words in Words])
        inputs[:, SOUNDS] = 0.0
    reading = [turns[number]["voice"].startswith("recorded") for _, _, number, _ in found]
    counts = np.where(reading, READING_COUNT, 1.0)
    for _ in range(50):  # Newton's method
        likely = 1 / (1 + np.exp(-inputs @ weights - given))
        slope = inputs.T @ (counts * (likely - goes_on)) + penalty @ weights
        curve = (inputs * (counts * likely * (1 - likely))[:, None]).T @ inputs + penalty
        weights -= np.linalg.solve(curve, slope)
    bias, *rest, seconds, went_on = (round(float(w), 3) for w in weights)
    sounds, words = rest[: len(Words)], [0.0, *rest[len(Words) :]]
    return replace(
        model,
        bias=bias,
        sound=sound or {word: min(0.0, w) for word, w in zip(Words, sounds, strict=True)},
        words=dict(zip(Words, words, strict=True)),
        seconds=max(0.0, seconds),
        went_on=max(0.0, went_on),
    )


def outcomes(turns, model, known: Known):
    """Of single turns: delays in seconds, and how many were cut off; the same of running speech."""
    delays, spoilt, cut = [], set(), 0
    for features, lasts_s, number, is_running in pauses(turns, model, known):
        wait_s = model.wait_ms(features) / 1000
        if lasts_s is None:
            delays += [] if is_running else [wait_s]
        elif wait_s < lasts_s:
            cut += is_running
            spoilt |= set() if is_running else {number}
    return np.array(delays), len(spoilt), cut


def cost(turns, model: TurnEndModel, *, with_words: bool) -> float:
    """Seconds a turn that the waits cost."""
    total, price_s = 0.0, CUT_OFF_COST_S if with_words else EARLY_REQUEST_COST_S
    for known in (Known.HEARD, Known.SAID) if with_words else (Known.NONE,):
        delays, spoilt, cut = outcomes(turns, model, known)
        total += (float(delays.sum()) + price_s * (spoilt + RUNNING_SHARE * cut)) / len(delays)
    return total


def choose_waits(turns, model: TurnEndModel, *, with_words: bool) -> TurnEndModel:
    """The waits of least cost."""
    name = "waits" if with_words else "waits_for_words"
    best = cost(turns, model, with_words=with_words)
    for _ in range(6):
        before = best
        for at, ms in itertools.product(range(len(getattr(model, name))), CHOICES_MS):
            waits = [list(point) for point in getattr(model, name)]
            for other, point in enumerate(waits):  # they rise
                point[1] = max(point[1], ms) if other > at else min(point[1], ms)
            waits[at][1] = ms
            tried = replace(model, **{name: tuple(map(tuple, waits))})
            if (found := cost(turns, tried, with_words=with_words)) < best:
                best, model = found, tried
        if best == before:
            break
    return model


def learn(turns) -> TurnEndModel:
    """The model. eSpeak's voices have not the intonation of people's: they teach the words only."""
    people = [turn for turn in turns if turn["voice"].startswith(("joe", "recorded"))]
    model = FIRST
    for _ in range(4):  # what looked like an end depends on the model itself
        model = fit(turns, model, fit(people, model).sound)
    model = choose_waits(turns, model, with_words=True)
    return choose_waits(people, model, with_words=False)


def report(name: str, turns, model: TurnEndModel) -> str:
    """How the waits do on own turns and on running speech."""
    lines = [f"# {name}: sentences read aloud are no turns, and are left out here"]
    own = [t for t in turns if t["kind"] == "running" or not t["voice"].startswith("recorded")]
    for known in Known:
        delays, spoilt, cut = outcomes(own, model, known)
        median, worst = (np.quantile(delays, part) * 1000 for part in (0.5, 0.95))
        lines.append(
            f"#   {known.value}: {len(delays)} turns, median {median:.0f} ms, p95 {worst:.0f} ms, "
            f"cut off {spoilt} ({100 * spoilt / len(delays):.0f} %), running speech {cut} times"
        )
    return "\n".join(lines)


def points(waits) -> str:
    return f"[{', '.join(f'[{p}, {ms}]' for p, ms in waits)}]"


def document(model: TurnEndModel, learned, checked) -> str:
    voices = sorted({turn["voice"] for turn in learned})
    return "\n".join(
        [
            "# Learned by `python -m tests.bench.learn_turn_end`; do not edit.",
            f"# From: {', '.join(voices)}.",
            "# (recorded: speakers of LibriSpeech's test-other; the rest: turn_set.toml)",
            report("learned", learned, model),
            "# Checked with other speakers and other sentences:",
            report("checked", checked, model),
            "",
            f"bias = {model.bias}",
            f"seconds = {model.seconds}",
            f"went_on = {model.went_on}",
            f"max_went_on = {model.max_went_on}",
            f"looks_over_below = {model.looks_over_below}",
            f"waits = {points(model.waits)}",
            f"waits_for_words = {points(model.waits_for_words)}",
            "",
            "[words]",
            *(f"{words.value} = {weight}" for words, weight in model.words.items()),
            "",
            "[sound]",
            *(f"{words.value} = {weight}" for words, weight in model.sound.items()),
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
