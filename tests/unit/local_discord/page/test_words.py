"""The page's words: both languages have all that its modules ask for."""

import re
import tomllib

import pytest

from bot.money import Basis
from bot.store.repositories.recovery import Ending, JobStage
from bot.voice_agent.latency_phase import Owner
from bot.voice_agent.turn_latency import TurnTrace
from tests.paths import ROOT

PAGE = ROOT / "local_discord/page"
WORDS = tomllib.loads((PAGE / "words.toml").read_text("utf-8"))
SCRIPTS = sorted((PAGE / "static").glob("*.js"))
ASKED = re.compile(r"""\bword\(\s*"([^"]+)"|"?data-(?:word|label)"?[:=]\s*"([^"]+)\"""")


def phases():
    trace = TurnTrace(1, 1, last_packet=0.0, end_of_turn=1.0, first_packet_out=2.0)
    return [phase.name for phase in trace.split()]


def test_both_languages_have_the_same_words_with_the_same_gaps():
    english, spanish = WORDS["en"], WORDS["es"]
    assert english.keys() == spanish.keys()
    gaps = re.compile(r"\{\w+\}")
    for key, words in english.items():
        assert sorted(gaps.findall(words)) == sorted(gaps.findall(spanish[key])), key


@pytest.mark.parametrize("file", [*SCRIPTS, PAGE / "static/index.html"], ids=lambda one: one.name)
def test_every_word_that_the_page_asks_for_is_there(file):
    asked = {a or b for a, b in ASKED.findall(file.read_text("utf-8"))}
    assert {key for key in asked if "$" not in key} - WORDS["en"].keys() == set()


def test_the_panel_has_a_word_for_all_that_the_bot_may_tell():
    told = [f"phase {name}" for name in phases()]
    told += [f"owner {one}" for one in Owner]
    told += [f"job {one}" for one in (*JobStage, *Ending)]
    told += [f"basis {one}" for one in Basis]
    told += [f"panel {one}" for one in ("turns", "jobs", "ledger", "requests", "log")]
    told += [f"panel {one}" for one in ("spoken", "written", "data", "query", "body", "files")]
    told += ["panel answer", "panel contract"]
    assert [key for key in told if key not in WORDS["en"]] == []
