"""Microphone and loudspeaker as the two ends of a voice conversation."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from audio.codec import OpusEncoder, Resampler
from audio.constants import FRAME_MS, FRAME_SAMPLES, OPUS_RATE_HZ, SPEECH_RATE_HZ
from audio.devices.blocks import Block
from audio.playout_queue import PlayoutQueue
from audio.push_to_talk_segmenter import PRE_ROLL_MS, PushToTalkSegmenter
from audio.samples import Samples
from audio.speech_events import SpeechBegan, SpeechEvent, SpeechFrame, SpeechPacket, TurnEnded
from bot.local_voice.view import TalkMode
from bot.voice_agent.session import SpeechInput

SPEAKER: Final = 1
"""The user id of whoever is at the microphone."""
TYPIST: Final = 2
"""The same person's at the keyboard: what is typed is a turn of its own."""
_BITRATE: Final = 32_000
_TAP_LIMIT: Final = 10_000 // FRAME_MS
_WAITING: Final = (PRE_ROLL_MS + 200) // FRAME_MS
"""A press is told a little late; so much is kept before it."""


class Microphone(Protocol):
    """What gives blocks of 20 ms (`audio.devices.duplex.LocalAudio`)."""

    def pull(self) -> list[Block]:
        """Those since the last call."""
        ...


class LocalAudioIO:
    """A `VoiceLine`: packets as a voice channel's client would send them, all the time.

    The packet has the raw sound, for the recogniser. Where the echo of the loudspeaker has been
    taken out, that is what is listened to.

    Encoding takes more than all the rest, so what nobody listens to is only kept for a moment, as
    it is: it may be what came before a press.

    Args:
        microphone: Where blocks come from.
        playout: What the loudspeaker plays.
        is_wanted: Whether anybody listens; asked by the hearing thread.
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

    def pull(self, now_s: float) -> list[SpeechFrame]:
        """What the microphone has heard since the last call; for the hearing thread."""
        blocks = self._microphone.pull()
        if self._tap is not None:
            self._tap += [block.raw for block in blocks[: _TAP_LIMIT - len(self._tap)]]
        if not self._is_wanted():
            self._waiting.extend(blocks)
            return []
        frames: list[SpeechFrame] = []
        for block in (*self._waiting, *blocks):
            frames += self._packets(block)
        self._waiting.clear()
        return frames

    def _packets(self, block: Block) -> Iterator[SpeechPacket]:
        heard = None if block.near is None else self._down.resample(block.near)
        for packet in self._encoder.encode(block.raw).packets:
            yield SpeechPacket(SPEAKER, self._timestamp, packet, block.captured_s, heard)
            self._timestamp += FRAME_SAMPLES

    def tap(self) -> None:
        """From now on keep what the microphone hears, ten seconds at most."""
        self._tap = []

    def untap(self) -> list[Samples]:
        """What was kept: blocks of 20 ms at 48 kHz."""
        tapped, self._tap = self._tap or [], None
        return tapped


class LocalSpeechInput:
    """The ears of a desk: between presses, or whenever somebody speaks.

    `tick` and `forget` are for the hearing thread; the rest for any.

    Args:
        free: Those that hear when somebody speaks.

    Attributes:
        keyed: Those with a talk key.
        mode: Which of them count.
        is_paused: Hands free, but not listening.
        speaking_since_s: When the speech under way began; None while nobody speaks.
        latest_end: The last turn that ended: when it was let go of, and how long it was in ms.
    """

    def __init__(self, free: SpeechInput, mode: TalkMode) -> None:
        self.keyed = PushToTalkSegmenter(SPEAKER)
        self.mode = mode
        self.is_paused = False
        self.speaking_since_s: float | None = None
        self.latest_end: TurnEnded | None = None
        self._free = free
        self._heard_with = mode

    @property
    def is_open(self) -> bool:
        """Whether packets are wanted at all."""
        if self.mode is TalkMode.KEY:
            return self.keyed.is_open
        return not self.is_paused

    def tick(self, frames: Sequence[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        """What the packets of the last moments say."""
        if self.mode is not self._heard_with:
            self._heard_with = self.mode
            self.forget(SPEAKER)
        events = self._listen(frames, now_s)
        for event in events:
            match event:
                case SpeechBegan():
                    self.speaking_since_s = event.began_s
                case TurnEnded():
                    self.speaking_since_s, self.latest_end = None, event
        return events

    def forget(self, user_id: int) -> None:
        """Drop everything of a person's."""
        self.keyed.forget(user_id)
        self._free.forget(user_id)
        self.speaking_since_s = None

    def _listen(self, frames: Sequence[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        if self.mode is TalkMode.KEY:
            return self.keyed.tick(frames, now_s)
        return self._free.tick(() if self.is_paused else frames, now_s)
