"""A spoken turn on the local Discord: from its last packet to the answer's first, by part."""

# mypy: ignore-errors

import asyncio
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from audio import codec
from bot.clock import SystemClock
from bot.contract import Service
from bot.contract.penny import audio_input
from bot.errors import SkydeckError
from bot.llm_source import SMALL, TINY
from bot.voice_agent.events import Stage
from bot.voice_agent.session_factory import options_for
from bot.voice_agent.turn_latency import TOTAL, TurnTrace, summary
from bot.workers.build import build_workers
from bot.workers.penny.tts import LocalVoices
from tests.bench.peers import SILENCE_S, OneAfterAnother, PeerTurn
from tests.bench.quality.findings import Chart, Section, Unit
from tests.bench.quality.local_models import local
from tests.bench.test_turn import QUESTIONS
from tests.fakes.voice_call import voice_call

ROUNDS = 2
MODELS = {"tiny": TINY, "small": SMALL}
PARTS = ("listening", "deciding", "asking", "recognizing", "thinking", "speaking", "playing")
"""Of a turn, in order; `bot/voice_agent/turn_latency.py` says what each is."""
AS_IT_IS: Mapping[str, Any] = {}
PEER = f"{SILENCE_S} s of silence, then one after another"


async def question_clips(weights: Callable[[str], Path]) -> list[Any]:
    """The questions in Piper's voice: 48 kHz."""
    voices = LocalVoices(weights)
    sounds = []
    for question in QUESTIONS:
        samples, rate_hz = await voices.synthesize(question, language="en", voice=None)
        sounds.append(codec.decode(codec.wav(samples, rate_hz), rate_hz=48_000, limit_s=60))
    await voices.close()
    return sounds


async def local_turns(
    weights: Callable[[str], Path],
    clips: Sequence[Any],
    llm: str,
    *,
    ways: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, list[TurnTrace]], list[PeerTurn]]:
    """Ask the questions in each way and the peer, by turns.

    Args:
        weights: Returns a model's folder.
        clips: The questions: 48 kHz.
        llm: "tiny" or "small".
        ways: By name, what differs from how it is: `early` and `every_ms`, or nothing.
    """
    settings = local(llm)
    workers = build_workers(settings, weights, {Service.PENNY})
    penny = workers.handlers["penny"]
    await penny.warm_up()
    peer, clock, theirs = OneAfterAnother(weights, llm=MODELS[llm]), SystemClock(), []
    ours: dict[str, list[TurnTrace]] = {name: [] for name in ways}
    options = options_for(settings)
    async with voice_call(penny, people=["Ana"], options=options) as (call, ana):
        [speaker] = await call.joins(ana)
        await peer.turn(_clip(clips[0]), clock)
        await _turn(call, speaker, clips[0])
        for number, sound in enumerate(list(clips) * ROUNDS):
            for name in sorted(ways, reverse=bool(number % 2)):  # none always comes first
                if ways[name]:
                    _change(call, ana.id, options, **ways[name])
                await _turn(call, speaker, sound)
                ours[name].append(call.session.latency.turns[-1])
            theirs.append(await peer.turn(_clip(sound), clock))
    await peer.close()
    await workers.close()
    return ours, theirs


def _change(call, user_id, options, *, early: bool, every_ms: int) -> None:
    """Let a conversation that is under way begin earlier or later."""
    call.session._manager._options = replace(options, partial_recognition=early)
    endpointing = replace(options.endpointing, partial_every_ms=every_ms)
    call.session.speech_input._speakers[user_id]._endpointer._options = endpointing


async def _turn(call, speaker, sound) -> None:
    """One question, and its answer as far as its first packets."""
    await speaker.plays(sound)
    await call.reader.sees(Stage.ANSWERING)
    await call.line.until_speaking()
    await asyncio.sleep(0.3)
    call.session.stop_answer()
    await call.reader.sees(Stage.INTERRUPTED, Stage.DONE)
    await asyncio.sleep(0.5)


def _clip(sound):
    return audio_input(codec.wav(sound, 48_000), format="wav")


def percentile(values: Sequence[float], share: float) -> float:
    """By nearest rank."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def totals_ms(theirs: Sequence[PeerTurn]) -> list[float]:
    """The peer's turns with its silence."""
    return [(SILENCE_S + turn.total_s) * 1000 for turn in theirs]


def ratio(theirs: Sequence[PeerTurn], ours: Sequence[TurnTrace]) -> float:
    """How many times as soon ours begins to speak, turn by turn."""
    pairs = zip(totals_ms(theirs), ours, strict=True)
    return statistics.median(peer_ms / turn.total_ms for peer_ms, turn in pairs)


def measure(weights: Callable[[str], Path]) -> Section:
    """Measure the turns with both models; one that is missing leaves its bars out."""
    found, remarks = {}, []
    clips = asyncio.run(question_clips(weights))
    for llm in MODELS:
        try:
            ways, theirs = asyncio.run(local_turns(weights, clips, llm, ways={"skydeck": AS_IT_IS}))
        except SkydeckError as e:
            remarks.append(f"{llm}: could not run: {e}")
            continue
        found[llm] = (ways["skydeck"], theirs)
        times = ratio(theirs, ways["skydeck"])
        remarks.append(f"With `{llm}`, skydeck begins to speak {times:.1f} times as soon.")
    return section(found, remarks)


def section(found, remarks) -> Section:
    groups, parts, spreads = [], {part: [] for part in PARTS}, {"median": [], "p95": []}
    for llm, (ours, theirs) in found.items():
        for who, by_part, totals in (
            (f"skydeck, {llm}", our_parts(ours), [turn.total_ms for turn in ours]),
            (f"one after another, {llm}", their_parts(theirs), totals_ms(theirs)),
        ):
            groups.append(who)
            for part in PARTS:
                parts[part].append(by_part.get(part, 0.0))
            spreads["median"].append(percentile(totals, 0.5))
            spreads["p95"].append(percentile(totals, 0.95))
    return Section(
        title="Time to the first sound",
        about=(
            "A spoken question on the local Discord, end-to-end encrypted: from its last packet to "
            "the first packet of the answer, warm. The parts are medians of their own: `listening` "
            "is the silence that ends a turn, and recognizing and thinking begin during it."
        ),
        inputs=f"{len(QUESTIONS)} questions in Piper's voice, {ROUNDS} times, the peer by turns",
        peer=f"{PEER}: the same models and prompt, recognition, the whole answer, its whole speech",
        charts=[
            Chart(
                title="Where the time goes", unit=Unit.MS, groups=groups, rows=parts,
                is_stacked=True,
            ),
            Chart(title="The whole turn", unit=Unit.MS, groups=groups, rows=spreads),
        ],
        remarks=remarks,
        is_timed=True,
    )  # fmt: skip


def our_parts(traces: Sequence[TurnTrace]) -> dict[str, float]:
    """The median of each part."""
    return {name: spread.median_ms for name, spread in summary(traces).items() if name != TOTAL}


def their_parts(turns: Sequence[PeerTurn]) -> dict[str, float]:
    """The same of the peer's."""
    return {
        "listening": SILENCE_S * 1000,
        "recognizing": 1000 * statistics.median(turn.recognizing_s for turn in turns),
        "thinking": 1000 * statistics.median(turn.thinking_s for turn in turns),
        "speaking": 1000 * statistics.median(turn.speaking_s for turn in turns),
    }
