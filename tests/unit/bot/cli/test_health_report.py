"""The tables of `skydeck health`."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from audio.discord_voice.stats import ReceptionStats
from bot.cli.health_report import HealthReport, as_page
from bot.contract import Service
from bot.contract.job import Health, JobCounts, WorkerCounts
from bot.observability.heartbeat import ChannelReception, Heartbeat
from bot.service_calls.availability import Availability, LatestHealth, Warmth

PENNY = Availability(
    service=Service.PENNY,
    warmth=Warmth.WARM,
    health=Health(workers=WorkerCounts(running=1, idle=2), jobs=JobCounts(inQueue=3, inProgress=4)),
    latest=LatestHealth(at_s=0, delay_ms=100, execution_ms=900),
    age_s=65,
)
STARVED = Availability(
    service=Service.GRACE,
    warmth=Warmth.STARVED,
    health=Health(workers=WorkerCounts(throttled=2), jobs=JobCounts()),
)
GONE = Availability(
    service=Service.FACTORY, warmth=Warmth.UNKNOWN, trouble="RunPod does not answer."
)
ROOM = ChannelReception(
    guild_id=812_345_678_901_234_567,
    latency_ms=48.4,
    people=2,
    heard=ReceptionStats(received=990, lost=15, late=5, undecryptable=10),
)
BOT = Heartbeat(gateway_ms={0: 41.6, 1: None}, rooms=[ROOM])
WELL = HealthReport((PENNY, STARVED), frozenset(), (BOT,))


def shown(report: HealthReport, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(as_page(report))
    return console.file.getvalue()


def test_figures_stand_in_columns():
    lines = shown(WELL).splitlines()
    assert lines[0].split() == [
        "service", "state", "working", "idle", "waiting", "running", "last", "answer",
    ]  # fmt: skip
    assert " ".join(lines[1].split()) == "penny ● a worker is up 1 2 3 4 1 min 5 s ago"
    assert "1         2       42 ms               1" in shown(WELL)
    assert "812345678901234567" in shown(WELL)
    assert "2.5%" in shown(WELL)
    assert lines[-1] == "✓ All well."


def test_what_is_wrong_is_said_in_words():
    text = shown(HealthReport((STARVED, GONE), frozenset({Service.PENNY}), (), "It is locked."))
    assert "✗ RunPod does not answer." in text
    assert "✗ PENNY_ENDPOINT_ID is" in text
    assert "▲ grace: 2 workers without a GPU" in text
    assert "▲ It is locked." in text
    assert "skydeck doctor" in text


def test_that_no_bot_runs_is_no_fault():
    text = shown(replace(WELL, bots=()))
    assert "no bot is running" in text
    assert "✓ All well." in text


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_it_is_never_wider_than_the_screen(width):
    assert all(len(line) <= width for line in shown(WELL, width).splitlines())
