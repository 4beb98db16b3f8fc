"""How many words are recognized wrongly, clean and beside babble, by language."""

# mypy: ignore-errors

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bot.languages import LanguageHints
from bot.settings import Settings
from bot.workers.penny.build import build_recognizer, build_voices
from tests.bench.peers import plain_whisper
from tests.bench.quality import sound
from tests.bench.quality.clips import CHECKING, REAL_WORDS, babble, real_speech, recordings
from tests.bench.quality.findings import Chart, Section, Unit
from tests.bench.quality.language import NAMES
from tests.fakes.voice_call import wer

NOISE_DB = 10
EVERY_OTHER = 2
"""Sentence of a voice: each takes a second and more of the peer."""
BEAM = {"en": 1, "es": 5}
"""What we search with, for the peer, too."""
OURS, PEER = "skydeck", "faster-whisper as it comes"


def measure(weights: Callable[[str], Path]) -> Section:
    """Recognize each recording clean and beside babble, by turns with the peer."""
    rates, took, number = asyncio.run(_measure(weights))
    columns = [(code, kind) for code in NAMES for kind in ("clean", "babble")]
    names = {"clean": "clean", "babble": f"babble {NOISE_DB} dB below"}
    groups = [f"{NAMES[code]}, {names[kind]}" for code, kind in columns]
    rows = {
        who: [100 * weighted(rates[who, code, kind]) for code, kind in columns]
        for who in (OURS, PEER)
    }
    times = {
        who: [1000 * float(np.median(took[who, code, kind])) for code, kind in columns]
        for who in (OURS, PEER)
    }
    return Section(
        title="Words recognized",
        about=(
            "The word error rate (words wrong, missing or too many, by words said), with the "
            "language told. Babble is six voices at once, none of them the speaker's."
        ),
        inputs=f"{number} recordings: sentences by four voices, and a real speech of 22 words",
        peer="the same Whisper models in faster-whisper, called as its documentation shows",
        charts=[
            Chart(title="Word error rate", unit=Unit.PERCENT, groups=groups, rows=rows),
            Chart(title="Time to recognize", unit=Unit.MS, groups=groups, rows=times),
        ],
        is_timed=True,
    )


def weighted(rates: Sequence[tuple[float, int]]) -> float:
    """The error rate of all words, from each recording's rate and number of words."""
    words = sum(count for _, count in rates)
    return sum(rate * count for rate, count in rates) / max(1, words)


async def _measure(weights):
    settings = Settings(_env_file=None)
    stt, tts = build_recognizer(settings, weights), build_voices(settings, weights)
    await stt.warm_up()
    every = [one async for one in recordings(tts, CHECKING) if one.text is not None]
    said = [(one.language, one.text, one.clip) for one in every[::EVERY_OTHER]]
    said.append(("en", REAL_WORDS, real_speech()))
    await tts.close()
    peers = {code: plain_whisper(weights, code) for code in NAMES}
    background = babble()
    rates, took = defaultdict(list), defaultdict(list)
    for number, (code, text, clip) in enumerate(said):
        noisy = sound.beside(clip, background, NOISE_DB, start_s=1.7 * number)
        for kind, heard in (("clean", clip), ("babble", noisy)):
            started = time.perf_counter()
            ours = await recognize(stt, heard, code)
            between = time.perf_counter()
            found, _ = peers[code].transcribe(heard, language=code, beam_size=BEAM[code])
            theirs = " ".join(segment.text for segment in found)
            took[OURS, code, kind].append(between - started)
            took[PEER, code, kind].append(time.perf_counter() - between)
            for who, words in ((OURS, ours), (PEER, theirs)):
                rates[who, code, kind].append((wer(words, text), len(text.split())))
    await stt.close()
    return rates, took, len(said)


async def recognize(stt, clip, language: str, name: str = "") -> str:
    """The words of a clip whose language is told."""
    heard = stt.recognize(lambda _: iter([clip]), hints=LanguageHints(pinned=language), name=name)
    return " ".join([part.text async for part in heard])
