"""`/status` as people see it."""

# mypy: ignore-errors

import pytest

from audio.discord_voice.client import LinkHealth
from audio.discord_voice.stats import ReceptionStats, Totals
from bot.contract import Service
from bot.contract.job import Health, JobCounts, WorkerCounts
from bot.i18n import words_for
from bot.observability.status_words import discord_line
from bot.service_calls.availability import Availability, LatestHealth, Warmth
from bot.service_calls.circuit_breaker import FAILURES, Verdict
from cogs.status._pages import service_lines, voice_line
from tests.integration.cogs.grace.sight import settled

ENGLISH = words_for("en-US")


def fields(reply):
    [embed] = reply.message.embeds
    return {field["name"]: field["value"] for field in embed["fields"]}


async def test_how_everything_stands(sim, deck, ben):
    reply = await ben.slash("/status")
    await reply.done()
    shown = fields(reply)
    assert reply.ephemeral
    assert "Workers:" in shown["Penny (voice)"]
    assert "Last answer" not in shown["Grace (texts)"]
    assert "Database:" in shown["Me"]
    await ben.slash("/grace summarize", text="some words")
    await settled(ben, "some words")
    again = await ben.slash("/status")
    await again.done()
    assert "🟢 A worker is up" in fields(again)["Grace (texts)"]
    assert "Last answer <t:" in fields(again)["Grace (texts)"]
    assert not sim.problems


async def test_a_service_that_is_down_says_when_it_is_tried_again(sim, deck, ana):
    breaker = deck.services.breaker(Service.GRACE)
    for _ in range(FAILURES):
        breaker.ended(Verdict.FAULT, deck.clock.now())
    reply = await ana.slash("/estado")
    await reply.done()
    assert "Volveré a intentarlo <t:" in fields(reply)["Grace (textos)"]
    await ana.slash("/grace resumir", texto="…")
    refused = await ana.sees("está caído")
    assert "Volveré a intentarlo <t:" in refused.text
    assert not sim.problems


@pytest.mark.parametrize("warmth", list(Warmth))
def test_every_warmth_has_its_words(warmth):
    health = Health(jobs=JobCounts(inQueue=3), workers=WorkerCounts(running=1))
    standing = Availability(service=Service.PENNY, warmth=warmth, health=health)
    text = service_lines(standing, ENGLISH, now_s=1_000)
    assert ENGLISH(f"status.warmth.{warmth.value}") in text
    assert "Workers: 1 working, 0 idle. Jobs: 3 waiting, 0 running." in text


def test_what_is_rare_is_told_when_there_is_some():
    workers = WorkerCounts(idle=2, ready=2, throttled=1)
    standing = Availability(
        service=Service.PENNY, warmth=Warmth.UNSURE, health=Health(workers=workers)
    )
    text = service_lines(standing, words_for("es-ES"), now_s=1_000)
    assert "Máquinas: 0 trabajando, 2 sin tarea, 1 sin GPU. Trabajos: 0 en espera" in text


def test_a_service_that_does_not_answer_is_a_line():
    gone = Availability(
        service=Service.PENNY, warmth=Warmth.UNKNOWN, code="key_refused",
        latest=LatestHealth(at_s=5, delay_ms=61_000, execution_ms=None), age_s=60,
    )  # fmt: skip
    text = service_lines(gone, ENGLISH, now_s=1_000)
    assert text.startswith(ENGLISH("errors.key_refused"))
    assert "Last answer <t:940:R>: 1 min 1 s waiting for a worker." in text
    assert service_lines(None, ENGLISH, now_s=0) == ENGLISH("status.not_set_up")


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en", "0.4 s waiting for a worker, 12.0 s running."),
        ("es", "0,4 s esperando una máquina, 12,0 s en marcha."),
    ],
)
def test_times_are_written_as_the_reader_writes_them(locale, told):
    latest = LatestHealth(at_s=5, delay_ms=420, execution_ms=12_000)
    gone = Availability(
        service=Service.PENNY, warmth=Warmth.UNKNOWN, code="key_refused", latest=latest, age_s=60
    )
    assert told in service_lines(gone, words_for(locale), now_s=1_000)


@pytest.mark.parametrize(
    ("locale", "told"),
    [("en", "99,999 packets received, 1.2% lost"), ("es", "99.999 paquetes recibidos, 1,2\u00a0%")],
)
def test_what_was_lost_is_a_percentage_in_the_readers_language(locale, told):
    one = ReceptionStats(received=99_999, lost=1_234)
    assert told in voice_line(_link({7: one}), words_for(locale))
    assert "0" not in voice_line(_link({}), words_for(locale)).replace("23 ms", "")


def _link(people):
    return LinkHealth(
        connected=True, encrypted=True, privacy_code=None, latency_ms=23.4, fault=None,
        fault_counts={}, people=people, totals=Totals(),
    )  # fmt: skip


def test_the_line_to_discord():
    infinite = float("inf")
    assert "not measured" in discord_line([(0, infinite)], ENGLISH)
    assert "40 ms" in discord_line([(0, 0.04)], ENGLISH)
    assert "not measured" in discord_line([(0, 41.25)], ENGLISH)  # the heartbeats' interval
    assert "2 of 3 shards" in discord_line([(0, 0.04), (1, 0.09), (2, infinite)], ENGLISH)
