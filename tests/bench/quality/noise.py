"""How often noise is taken for somebody who speaks."""

# mypy: ignore-errors

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio.segmenter import SpeechSegmenter
from audio.speech_events import SpeechBegan, TurnEnded
from bot.hallucinations import is_said_to_nobody
from bot.voice_agent.options import DEFAULT_OPTIONS
from tests.bench.conversation import FRAME, Conversation
from tests.bench.peers import PeerMissing, pipecat
from tests.bench.quality import sound
from tests.bench.quality.clips import babble
from tests.bench.quality.findings import Chart, Section, Unit
from tests.bench.turn_ears import Ears, Simulated
from tests.fakes.discord_speech import pull, say

SECONDS = 60.0
NEXT_DOOR = 0.1
"""How loud people in the next room are, beside a voice at the microphone."""


@dataclass
class FalseStarts:
    """What noise has caused: speech that began, turns, and turns with words in them."""

    begun: int = 0
    turns: int = 0
    words: int = 0


def measure(weights: Callable[[str], Path]) -> Section:
    """Let the ears and pipecat's hear noises."""
    ears = Ears(weights)
    sounds = {**sound.noises(SECONDS), "people next door": NEXT_DOOR * babble(SECONDS)}
    ours = [false_starts(ears, samples) for samples in sounds.values()]
    ears.close()
    rows = {
        "skydeck, speech begun": [found.begun for found in ours],
        "skydeck, turns with words": [found.words for found in ours],
    }
    remarks = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            theirs = pipecat([silent(samples) for samples in sounds.values()], Path(folder))
        rows["pipecat, turns begun"] = [len(starts) for starts in theirs["starts"]]
        rows["pipecat, turns ended"] = [len(ends) for ends in theirs["ends"]]
    except PeerMissing as e:
        remarks.append(f"Pipecat's row is missing: {e}.")
    return Section(
        title="False starts on noise",
        about=(
            "A room in which nobody speaks to the assistant, with an open microphone. Speech that "
            "began pauses an answer; a turn in which words are recognized would be answered."
        ),
        inputs=f"{len(sounds)} noises of {SECONDS:.0f} s, made by `tests/bench/quality/sound.py`",
        peer="pipecat's analyzers (Silero, Smart Turn) with its own parameters",
        charts=[
            Chart(title="False starts", unit=Unit.A_MINUTE, groups=[*sounds], rows=rows),
        ],
        remarks=remarks,
    )


def silent(samples) -> Conversation:
    """A stream in which nobody speaks."""
    return Conversation(samples, np.zeros(len(samples) // FRAME, bool), ())


def false_starts(ears: Ears, samples) -> FalseStarts:
    """What the ears make of noise, as an open microphone sends it."""
    detector = Simulated(ears.detector)
    options = DEFAULT_OPTIONS.endpointing
    segmenter = SpeechSegmenter(vad=ears.vad, detector=detector, options=options)
    found = FalseStarts()
    always = np.ones(len(samples) // FRAME, bool)
    for now_s, frames in pull(1, say(samples, always), start_s=0.0, delay_s=0.0):
        detector.advance(now_s)
        for event in segmenter.tick(frames, now_s):
            found.begun += isinstance(event, SpeechBegan)
            if isinstance(event, TurnEnded):
                found.turns += 1
                words = ears.hear(event.clip.file(), "en")
                found.words += bool(words) and not is_said_to_nobody(words)
    segmenter.close()
    return found
