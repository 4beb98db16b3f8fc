"""How often a sentence leads to the action that it asks for, and what that adds to a turn of talk.

The sentences of `action_sentences_unseen` are by authors who knew neither the rules nor what the
intents were learned from; two thirds of them are ordinary talk, and half of that mentions what
could be asked for. By the sets d and h parameters and chains were mended; the others were new when
measured.
Spoken commands are left out. The others, action_sentences.toml, action_sentences_evening.toml and
action_sentences_talk.toml, the rules and the intents have learned from. The peer is the same model
without our reading of the words: it chooses among all actions for each sentence, as a model with
tools does.
"""

import json
import statistics
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from bot.actions.offering import offer
from bot.catalogue import packaged_catalogue
from bot.contract import Service
from bot.contract.grace import parse_catalogue
from bot.llm_source import SMALL, TINY
from bot.processors import model_threads
from bot.spoken_commands import CommandKind
from bot.workers.penny import action_choice
from bot.workers.qwen import Qwen
from tests.paths import ROOT

OFFERED: Final = offer(parse_catalogue(packaged_catalogue()), set(Service))
SENTENCES: Final[dict[str, dict[str, list[dict[str, Any]]]]] = {
    name: tomllib.loads((ROOT / f"tests/bench/{name}.toml").read_text("utf-8"))
    for name in (
        "action_sentences",
        "action_sentences_evening",
        "action_sentences_talk",
    )
}
COMMANDS: Final = {kind.name for kind in CommandKind} | {
    "LONGER"
}  # which has no command yet, and is answered as talk


def _unseen(file: Path) -> dict[str, list[dict[str, Any]]]:
    """A set of another hand, in the form of our own."""
    found: dict[str, list[dict[str, Any]]] = {"en": [], "es": []}
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["do"] not in COMMANDS:
            found[row["l"]].append(_ours(row))
    return found


def _ours(row: dict[str, Any]) -> dict[str, Any]:
    if row["do"] == "TALK":
        return {"says": row["says"]}
    params = {n: v for n, v in row.get("params", {}).items() if n != "question"}
    then = [one["do"] for one in row.get("then", [])]
    others = [_ours({"says": row["says"], **one}) for one in row.get("or", [])]
    return {"says": row["says"], "module": row["do"], "params": params, "then": then, "or": others}


SENTENCES |= {
    f"unseen {file.stem}": _unseen(file)
    for file in sorted((ROOT / "tests/bench/action_sentences_unseen").glob("*.jsonl"))
}
_OF_PEER: Final = 20
"""The peer gets every twentieth sentence: it takes seconds for each."""


@dataclass(slots=True)
class Score:
    """What became of some sentences.

    Attributes:
        right: How many led to the right action with the right parameters at once.
        after_yes: How many do after a yes, since the person is asked whether they mean it.
        asked: How many asked for one.
        false: The talk that led to an action.
        asked_about: The talk after which the person is asked whether they mean an action.
        talk: How many were talk.
        talk_ms: What choosing took for each of those.
        wrong: The sentences that led to another action, or none.
    """

    right: int = 0
    after_yes: int = 0
    asked: int = 0
    talk: int = 0
    asked_about: int = 0
    false: list[str] = field(default_factory=list)
    talk_ms: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def take(self, sentence: dict[str, Any], action: Any, took_ms: float) -> None:
        is_unsure = action is not None and action.is_unsure
        if "module" not in sentence:
            self.talk += 1
            self.talk_ms.append(took_ms)
            self.asked_about += is_unsure
            if action is not None and not is_unsure:
                self.false.append(f"{sentence['says']} -> {action.module}")
            return
        self.asked += 1
        steps = action.steps if action is not None else ()
        params = steps[0].params if steps else {}
        modules = [step.module for step in steps]
        if any(_fits(one, modules, params) for one in (sentence, *sentence.get("or", []))):
            self.right += not is_unsure
            self.after_yes += is_unsure
        else:
            self.wrong.append(f"{sentence['says']} -> {modules} {params}")

    def line(self, name: str) -> str:
        ms = statistics.median(self.talk_ms) if self.talk_ms else 0.0
        return (
            f"{name}: {self.right}/{self.asked} right, {self.after_yes} more after a yes, "
            f"{len(self.false)}/{self.talk} false, {self.asked_about} asked about, "
            f"{ms:.2f} ms added to a turn of talk (median)"
        )


def _fits(wanted: dict[str, Any], modules: list[str], params: dict[str, Any]) -> bool:
    if modules != [wanted.get("module"), *wanted.get("then", [])]:
        return False
    return all(params.get(name) == value for name, value in wanted.get("params", {}).items())


async def _chosen(words: str, llm: Qwen, language: str) -> Any:
    choice = await action_choice.choose(
        words, OFFERED, llm=llm, language=language, names=["Alfred"]
    )
    return choice.action


async def _chosen_by_model_alone(words: str, llm: Qwen, language: str) -> Any:
    choice = await action_choice._ask_model(words, OFFERED, llm, language)
    return choice.action


async def _score(sentences: list[dict[str, Any]], llm: Qwen, language: str, choose: Any) -> Score:
    score = Score()
    for sentence in sentences:
        begun = time.perf_counter()
        action = await choose(sentence["says"], llm, language)
        score.take(sentence, action, (time.perf_counter() - begun) * 1000)
    return score


@pytest.mark.bench
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", [TINY, SMALL])
async def test_actions(name: str, weights: Callable[[str], Path]) -> None:
    llm = Qwen(lambda: weights(name) / "model.gguf", threads=model_threads(), name=name)
    try:
        await llm.warm_up()
        sets = [(n, *one) for n, by_language in SENTENCES.items() for one in by_language.items()]
        for known, language, sentences in sets:
            ours = await _score(sentences, llm, language, _chosen)
            some = sentences[::_OF_PEER]
            few = await _score(some, llm, language, _chosen)
            peer = await _score(some, llm, language, _chosen_by_model_alone)
            print(f"\n{name} {known} {language}")
            print(ours.line("ours"))
            print(few.line(f"ours, every {_OF_PEER}th"))
            print(peer.line("the model alone, the same"))
            for line in (*ours.wrong, *ours.false):
                print(f"    {line}")
    finally:
        await llm.close()
