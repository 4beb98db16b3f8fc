"""People's turns as streams, and what a detector of their ends made of them."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples
from tests.fakes.discord_speech import FRAME_S, voice_frames

RATE = SPEECH_RATE_HZ
FRAME = round(FRAME_S * RATE)
BETWEEN_S = 5.0
"""From one turn to the next: the other one answers."""
ROOM = 1e-4
"""A quiet room, -80 dB, under everything: a microphone never gives digital silence."""


@dataclass(frozen=True)
class Piece:
    """A part of a turn.

    Attributes:
        samples: 16 kHz.
        gate_db: How much fainter than its loudest 20 ms a voice in it may be: where its own noise
            is not heard yet.
    """

    samples: Samples
    gate_db: float = -38.0

    def voiced(self) -> NDArray[np.bool_]:
        """Which 20 ms of it are voice."""
        if not self.samples.any():
            return np.zeros(len(self.samples) // FRAME, bool)
        return voice_frames(self.samples, gate_db=self.gate_db)


@dataclass(frozen=True)
class Conversation:
    """One speaker's turns.

    Attributes:
        samples: All of it, 16 kHz.
        voiced: Which 20 ms are voice, by loudness.
        turns: When each begins and when its last voice ends, in seconds.
    """

    samples: Samples
    voiced: NDArray[np.bool_]
    turns: tuple[tuple[float, float], ...]


def pause(seconds: float) -> Piece:
    return Piece(np.zeros(round(seconds / FRAME_S) * FRAME, np.float32))


def join(turns: Sequence[Sequence[Piece]]) -> Conversation:
    """Turns one after another; each is pieces of sound, pauses among them."""
    pieces, spans, at = [pause(1.0)], [], round(1.0 / FRAME_S)
    for turn in turns:
        voiced = np.flatnonzero(np.concatenate([piece.voiced() for piece in turn]))
        spans.append(((at + voiced[0]) * FRAME_S, (at + voiced[-1] + 1) * FRAME_S))
        pieces += [*turn, pause(BETWEEN_S)]
        at += sum(len(piece.samples) for piece in pieces[-len(turn) - 1 :]) // FRAME
    samples = np.concatenate([piece.samples for piece in pieces])
    room = np.random.default_rng(0).normal(0, ROOM, len(samples))
    return Conversation(
        (samples + room).astype(np.float32),
        np.concatenate([piece.voiced() for piece in pieces]),
        tuple(spans),
    )


def piece(sound: Samples, *, gate_db: float = -38.0) -> Piece:
    """Sound as a piece, as loud as all others."""
    whole = sound[: len(sound) // FRAME * FRAME]
    return Piece(whole / np.abs(whole).max() * np.float32(0.7), gate_db)


def recording(
    path: Path, start_s: float = 0.0, end_s: float | None = None, *, gate_db: float = -38.0
) -> Piece:
    """A part of a recording, with its pauses."""
    sound = codec.decode(path, limit_s=120)
    end = len(sound) if end_s is None else round(end_s * RATE)
    return piece(sound[round(start_s * RATE) : end], gate_db=gate_db)


@dataclass(frozen=True)
class Score:
    """How well the ends were found.

    Attributes:
        delays_s: From the last voice of each turn to its end being decided.
        cut_off: How many ends were decided before the last voice of their turn.
        spoilt: How many turns had such an end.
        missed: How many turns' ends were never decided.
        turns: How many turns there were.
    """

    delays_s: tuple[float, ...]
    cut_off: int
    spoilt: int
    missed: int
    turns: int

    def line(self, name: str) -> str:
        median = statistics.median(self.delays_s) * 1000
        worst = statistics.quantiles(self.delays_s, n=20)[-1] * 1000
        return (
            f"  {name:28} median {median:5.0f} ms   p95 {worst:5.0f} ms   "
            f"false cut-offs {self.cut_off:3} (in {self.spoilt} of {self.turns} turns)   "
            f"missed {self.missed}"
        )


def score(conversations: Sequence[Conversation], decided: Sequence[Sequence[float]]) -> Score:
    """Compare the moments at which ends were decided with the turns."""
    delays, cut_off, spoilt, missed, turns = [], 0, 0, 0, 0
    for conversation, ends in zip(conversations, decided, strict=True):
        for began_s, ended_s in conversation.turns:
            turns += 1
            early = sum(began_s < at_s < ended_s for at_s in ends)
            cut_off += early
            spoilt += early > 0
            after = [at_s for at_s in ends if ended_s <= at_s < ended_s + BETWEEN_S]
            delays += [after[0] - ended_s] if after else []
            missed += not after
    return Score(tuple(delays), cut_off, spoilt, missed, turns)
