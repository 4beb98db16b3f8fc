"""Own turns of many voices: questions, hesitations, several sentences, and stories.

Each voice has its own pauses, made from its name. Recordings of people can be added: any folder
with one folder a speaker (as LibriSpeech has) in SKYDECK_RUNNING_SPEECH.
"""

# mypy: ignore-errors

import os
import random
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime

from audio import codec
from bot.workers.penny import espeak
from bot.workers.penny.tts import _load_piper
from tests.bench.conversation import RATE, Conversation, Piece, join, pause, piece

TEXTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
HESITATION_S, SENTENCE_S, STORY_S = (0.35, 1.3), (0.3, 0.9), (0.3, 1.0)
SEED = 1
MAX_RECORDING_S = 60
MAX_UTTERANCES = 7


@dataclass(frozen=True)
class OwnTurn:
    """What one voice says.

    Attributes:
        kind: "turn", or "running" for speech that goes on for a minute.
    """

    voice: str
    language: str
    kind: str
    text: str
    pieces: tuple[Piece, ...]

    def conversation(self) -> Conversation:
        return join([self.pieces])


class Voices:
    """Every voice of the set.

    Args:
        weights: Returns a model's folder.
    """

    def __init__(self, weights: Callable[[str], Path]) -> None:
        onnxruntime.set_seed(SEED)  # Piper throws dice, too: the same turns in each run
        self._joe = _load_piper(weights("piper-joe") / "voice.onnx", 1)

    def say(self, text: str, voice: str) -> Piece:
        if voice.startswith("joe "):
            chunks = [chunk.audio_float_array for chunk in self._joe.synthesize(text)]
            sound, rate = np.concatenate(chunks), self._joe.config.sample_rate
            rate = round(rate * float(voice.split()[1]))
        else:
            sound, rate = espeak.synthesize(text, voice)
        heard = codec.decode(codec.wav(np.asarray(sound, np.float32), rate), limit_s=60)
        loud = np.flatnonzero(np.abs(heard) > 0.01 * np.abs(heard).max())
        return piece(heard[max(0, loud[0] - RATE // 50) : loud[-1] + RATE // 25])


def own_turns(voices: Voices, half: str) -> Iterator[OwnTurn]:
    """Every text of a half ("learn", "check"), by two of its voices in turn; stories by one."""
    for language in ("en", "es"):
        names = TEXTS["voices"][language][half]
        for kind in ("turns", "stories"):
            texts = TEXTS[language][half][kind].strip().splitlines()
            for number, text in enumerate(texts):
                for voice in (names[number % len(names)], names[(number + 1) % len(names)]):
                    yield _spoken(voices, voice, language, kind, text)


def _spoken(voices: Voices, voice: str, language: str, kind: str, text: str) -> OwnTurn:
    dice = random.Random(f"{voice} {text}")
    parts = [part.strip() for part in text.split("|")]
    pieces = [voices.say(parts[0], voice)]
    for before, part in pairwise(parts):
        is_sentence = before.endswith((".", "?"))
        limits = STORY_S if kind == "stories" else SENTENCE_S if is_sentence else HESITATION_S
        pieces += [pause(dice.uniform(*limits)), voices.say(part, voice)]
    kind = "running" if kind == "stories" else "turn"
    return OwnTurn(voice, language, kind, text, tuple(pieces))


def recorded(half: str) -> list[OwnTurn]:
    """People who read aloud: some sentences as turns, and up to a minute of running speech.

    Every other speaker is to learn from.
    """
    folder = os.environ.get("SKYDECK_RUNNING_SPEECH")
    if folder is None:
        return []
    speakers = sorted(f for f in Path(folder).iterdir() if f.is_dir())[half == "check" :: 2]
    found = []
    for speaker in speakers:
        sounds, length = [], 0
        for file in sorted(speaker.iterdir()):
            sounds.append(codec.decode(file, limit_s=60))
            length += len(sounds[-1])
            if length > MAX_RECORDING_S * RATE:
                break
        name = f"recorded {speaker.name}"
        whole = piece(np.concatenate(sounds), gate_db=-30)
        found.append(OwnTurn(name, "en", "running", "", (whole,)))
        pieces = [piece(sound, gate_db=-30) for sound in sounds[:MAX_UTTERANCES]]
        found += [OwnTurn(name, "en", "turn", "", (one,)) for one in pieces]
    return found
