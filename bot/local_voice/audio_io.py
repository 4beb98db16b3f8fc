"""Connects the microphone and the loudspeaker to a voice session."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol, Self

import numpy as np

from audio.codec import OpusEncoder, Resampler
from audio.constants import (
    FRAME_MS,
    FRAME_S,
    FRAME_SAMPLES,
    OPUS_RATE_HZ,
    PRE_ROLL_MS,
    SPEECH_RATE_HZ,
)
from audio.devices.blocks import Block
from audio.playout_queue import PlayoutQueue
from audio.push_to_talk_segmenter import PushToTalkSegmenter
from audio.samples import Samples
from audio.speech_events import SpeechBegan, SpeechEvent, SpeechFrame, SpeechPacket, TurnEnded
from audio.turn_end import Words
from bot.local_voice.view import TalkMode
from bot.voice_agent.ports import SpeechInput

SPEAKER: Final = 1
"""The user id of whoever is at the microphone."""
TYPIST: Final = 2
"""The user id of the same person at the keyboard: typed text is a turn of its own."""
_BITRATE: Final = 32_000
_TAP_LIMIT: Final = 10_000 // FRAME_MS
_WAITING: Final = (PRE_ROLL_MS + 200) // FRAME_MS
"""How much of the microphone's sound is kept for a press, which arrives a little late."""


class Microphone(Protocol):
    """Gives blocks of 20 ms (`audio.devices.duplex.DuplexAudio`)."""

    def pull(self) -> list[Block]:
        """The blocks since the last call."""


class LocalAudioIO:
    """A `VoiceTransport`: it gives packets as a voice channel's client would send them.

    A packet carries the raw sound, for the recogniser. If the echo canceller has removed the
    loudspeaker's sound, the segmenter listens to the result.

    Encoding costs more than everything else, so blocks that nobody listens to wait unencoded for a
    moment, in case a press follows.

    Attributes:
        loudest: The largest sample of the latest recording, from 0 to 1; None: it has no sound.

    Args:
        is_wanted: Whether anybody listens; the hearing thread calls it.
    """

    def __init__(
        self, microphone: Microphone, playout: PlayoutQueue, is_wanted: Callable[[], bool]
    ) -> None:
        self.playout = playout
        self._microphone = microphone
        self._is_wanted = is_wanted
        self._waiting: deque[Block] = deque(maxlen=_WAITING)
        self._encoder = OpusEncoder(OPUS_RATE_HZ, bitrate=_BITRATE)
        self._down = Resampler(OPUS_RATE_HZ, SPEECH_RATE_HZ)
        self._timestamp = 0
        self._tap: list[Samples] | None = None
        self._was_wanted = False
        self.loudest: float | None = None

    def pull(self, now_s: float) -> list[SpeechFrame]:
        """The packets since the last call; for the hearing thread."""
        blocks = self._microphone.pull()
        if self._tap is not None:
            self._tap += [block.raw for block in blocks[: _TAP_LIMIT - len(self._tap)]]
        was_wanted, self._was_wanted = self._was_wanted, self._is_wanted()
        if not self._was_wanted:
            self._waiting.extend(blocks)
            return []
        if not was_wanted:
            self.loudest = None
        frames: list[SpeechFrame] = []
        for block in (*self._waiting, *blocks):
            frames += self._packets(block)
            loud = float(np.abs(block.raw).max(initial=0.0))
            self.loudest = max(self.loudest or 0.0, loud)
        self._waiting.clear()
        return frames

    def wait(self, seconds: float) -> None:
        """Wait for half of a block's time: a microphone never stops."""
        time.sleep(min(seconds, FRAME_S / 2))

    def wake(self) -> None:
        """Do nothing: `wait` is short."""

    def _packets(self, block: Block) -> Iterator[SpeechPacket]:
        heard = None if block.near is None else self._down.resample(block.near)
        for packet in self._encoder.encode(block.raw).packets:
            yield SpeechPacket(SPEAKER, self._timestamp, packet, block.captured_s, heard)
            self._timestamp += FRAME_SAMPLES

    def tap(self) -> None:
        """Start keeping what the microphone hears, at most ten seconds."""
        self._tap = []

    def untap(self) -> list[Samples]:
        """Stop keeping it; return blocks of 20 ms at 48 kHz."""
        tapped, self._tap = self._tap or [], None
        return tapped


class LocalSpeechInput:
    """Finds turns between presses of the talk key, or whenever somebody speaks.

    `tick` and `forget` are for the hearing thread, the rest for any thread.

    Attributes:
        keyed: Finds turns between presses.
        mode: Which of the two ways is in use.
        is_paused: Whether the person has paused hands-free listening.
        speaking_since_s: When the current speech began; None while nobody speaks.
    """

    def __init__(self, mode: TalkMode) -> None:
        self.keyed = PushToTalkSegmenter(SPEAKER)
        self.mode = mode
        self.is_paused = False
        self.speaking_since_s: float | None = None
        self._hands_free: SpeechInput | None = None
        self._heard_with = mode

    def with_segmenter(self, segmenter: SpeechInput) -> Self:
        """Use this segmenter for hands-free listening, now that its models are loaded."""
        self._hands_free = segmenter
        return self

    @property
    def is_ready(self) -> bool:
        """Whether the segmenter's models are loaded."""
        return self._hands_free is not None

    def cancel(self) -> None:
        """Drop what is being recorded."""
        self.keyed.cancel()
        self.speaking_since_s = None

    @property
    def is_open(self) -> bool:
        """Whether it wants packets now."""
        if self.mode is TalkMode.KEY:
            return self.keyed.is_open
        return not self.is_paused

    def tick(self, frames: Sequence[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        """Find what begins and ends in the latest packets."""
        if self.mode is not self._heard_with:
            self._heard_with = self.mode
            self.forget(SPEAKER)
        events = self._listen(frames, now_s)
        for event in events:
            match event:
                case SpeechBegan():
                    self.speaking_since_s = event.began_s
                case TurnEnded():
                    self.speaking_since_s = None
        return events

    @property
    def is_at_rest(self) -> bool:
        """Never: a key that is pressed or let go is not a packet."""
        return False

    def transcribed(self, user_id: int, ended_s: float, words: Words) -> None:
        """Tell hands-free listening how complete what was said is; a key needs no telling."""
        if self._hands_free is not None:
            self._hands_free.transcribed(user_id, ended_s, words)

    def forget(self, user_id: int) -> None:
        """Drop everything that was heard from a person."""
        self.keyed.forget(user_id)
        if self._hands_free is not None:
            self._hands_free.forget(user_id)
        self.speaking_since_s = None

    def _listen(self, frames: Sequence[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        if self.mode is TalkMode.KEY:
            return self.keyed.tick(frames, now_s)
        if self._hands_free is None:
            return []
        return self._hands_free.tick(() if self.is_paused else frames, now_s)
