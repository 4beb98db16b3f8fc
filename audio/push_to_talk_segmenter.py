"""Push to talk: speech between press and release of a key, as the same events as `segmenter`'s.

    IDLE ──press──▶ RECORDING ──release──▶ ENDING ──tail complete──▶ IDLE
                        ▲                     │
                        └───────press─────────┘

Silence never ends a turn here. People begin to speak before the key is quite down, and let go
before the last sound is out, so a turn includes a little audio before the press and after the
release.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from audio.constants import FRAME_MS, FRAME_SAMPLES, MAX_CONCEALED_MS, PRE_ROLL_MS
from audio.silence_frames import SILENCE_FRAME
from audio.speech_events import (
    Clip,
    DtxStarted,
    LostSpeech,
    SpeechBegan,
    SpeechContinued,
    SpeechEvent,
    SpeechFrame,
    SpeechPacket,
    SpeechPartial,
    TurnEnded,
)
from audio.turn_end import Words

TAIL_MS: Final = 200
"""How much audio after the release is kept."""
MAX_TURN_MS: Final = 120_000
"""A turn this long ends by itself."""
_MAX_TAIL_DELAY_MS: Final = 500
"""How long to wait for a tail that is overdue."""
_CONTINUED_EVERY_MS: Final = 200
"""How often a turn emits SpeechContinued."""
_PARTIAL_EVERY_MS: Final = 1_200
"""How often a turn emits SpeechPartial, so that recognition need not wait for the key."""


@dataclass(frozen=True, slots=True)
class _Press:
    at_s: float


@dataclass(frozen=True, slots=True)
class _Release:
    at_s: float


@dataclass(frozen=True, slots=True)
class _Cancel:
    pass


_KeyEvent: TypeAlias = _Press | _Release | _Cancel


@dataclass(slots=True)
class _Recording:
    began_s: float
    packets: list[tuple[bytes, float]] = field(default_factory=list)  # with their times
    released_s: float | None = None
    reported_ms: int = 0
    partial_ms: int = 0

    @property
    def length_ms(self) -> int:
        return len(self.packets) * FRAME_MS

    def includes(self, packet: SpeechPacket) -> bool:
        return packet.arrived_s > self.began_s - PRE_ROLL_MS / 1000


class PushToTalkSegmenter:
    """Segments the speech of one person with a talk key.

    `press`, `release` and `cancel` may be called from any thread; `tick` from one. All times are
    seconds of the clock that stamps the packets.
    """

    def __init__(self, user_id: int, *, channels: int = 1) -> None:
        self._user_id = user_id
        self._channels = channels
        self._key_events: deque[_KeyEvent] = deque()
        self._recent: deque[SpeechPacket] = deque(maxlen=1_000 // FRAME_MS)
        self._recording: _Recording | None = None
        self._overran = False

    @property
    def is_open(self) -> bool:
        """Whether packets are wanted: a turn is recorded, or about to be. For any thread."""
        return self._recording is not None or bool(self._key_events)

    def has_overrun(self) -> bool:
        """Whether a turn has ended by itself since the last call."""
        overran, self._overran = self._overran, False
        return overran

    def press(self, at_s: float) -> None:
        """The key went down: a turn begins, or the one whose key was just released continues."""
        self._key_events.append(_Press(at_s))

    def release(self, at_s: float) -> None:
        """The key went up: the turn ends when its tail is complete."""
        self._key_events.append(_Release(at_s))

    def cancel(self) -> None:
        """Drop the current turn without another event."""
        self._key_events.append(_Cancel())

    def tick(self, frames: Sequence[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        """Process the key events and packets since the last call; packets in order."""
        events: list[SpeechEvent] = []
        while self._key_events:
            self._apply(self._key_events.popleft(), now_s, events)
        for frame in frames:
            self._process(frame, now_s, events)
        self._end_if_late(now_s, events)
        return events

    def transcribed(self, user_id: int, ended_s: float, words: Words) -> None:
        """Ignore how complete the words are: the key alone ends a turn."""

    def forget(self, user_id: int) -> None:
        """Drop everything from a person."""
        if user_id == self._user_id:
            self._recent.clear()
            self._recording = None

    def _apply(self, event: _KeyEvent, now_s: float, events: list[SpeechEvent]) -> None:
        match event:
            case _Press(at_s) if self._recording is None:
                self._begin(at_s, now_s, events)
            case _Press() if self._recording is not None:
                self._recording.released_s = None
            case _Release(at_s) if self._recording is not None:
                self._recording.released_s = at_s
                self._trim()
            case _Cancel():
                self._recording = None

    def _begin(self, at_s: float, now_s: float, events: list[SpeechEvent]) -> None:
        recording = self._recording = _Recording(at_s)
        for packet in self._recent:
            if recording.includes(packet):
                recording.packets.append((packet.opus, packet.arrived_s))
        events.append(SpeechBegan(self._user_id, at_s, now_s))

    def _trim(self) -> None:
        """After a release that is processed late: drop the packets after the tail."""
        recording = self._recording
        if recording is None or recording.released_s is None:
            return
        until_s = recording.released_s + (TAIL_MS + FRAME_MS) / 1000
        while recording.packets and recording.packets[-1][1] > until_s:
            recording.packets.pop()

    def _process(self, frame: SpeechFrame, now_s: float, events: list[SpeechEvent]) -> None:
        match frame:
            case SpeechPacket():
                self._recent.append(frame)
                if self._recording is not None and self._recording.includes(frame):
                    self._recording.packets.append((frame.opus, frame.arrived_s))
                    self._trim()
                if self._has_tail(frame.arrived_s):
                    self._end(now_s, events)
                self._check_length(now_s, events)
            case LostSpeech(_, _, samples):
                if self._recording is not None:
                    lost = min(samples // FRAME_SAMPLES, MAX_CONCEALED_MS // FRAME_MS)
                    self._recording.packets += [(SILENCE_FRAME, now_s)] * lost
            case DtxStarted():
                pass  # the microphone is gone; the device slot reports that

    def _has_tail(self, captured_s: float) -> bool:
        released_s = self._recording.released_s if self._recording is not None else None
        return released_s is not None and captured_s >= released_s + TAIL_MS / 1000

    def _end_if_late(self, now_s: float, events: list[SpeechEvent]) -> None:
        """The microphone is gone: end the turn with what there is."""
        if self._has_tail(now_s - _MAX_TAIL_DELAY_MS / 1000):
            self._end(now_s, events)

    def _check_length(self, now_s: float, events: list[SpeechEvent]) -> None:
        recording = self._recording
        if recording is None:
            return
        if recording.length_ms >= MAX_TURN_MS:
            recording.released_s, self._overran = now_s, True
            self._end(now_s, events)
            return
        if recording.length_ms - recording.reported_ms >= _CONTINUED_EVERY_MS:
            recording.reported_ms = recording.length_ms
            events.append(SpeechContinued(self._user_id, recording.length_ms, now_s))
        if recording.length_ms - recording.partial_ms >= _PARTIAL_EVERY_MS:
            recording.partial_ms = recording.length_ms
            events.append(SpeechPartial(self._clip(recording, now_s), now_s))

    def _end(self, now_s: float, events: list[SpeechEvent]) -> None:
        recording, self._recording = self._recording, None
        if recording is None or recording.released_s is None:
            raise AssertionError("only a released recording ends")
        clip = self._clip(recording, recording.released_s)
        events.append(TurnEnded(clip, now_s, None, TAIL_MS))

    def _clip(self, recording: _Recording, ended_s: float) -> Clip:
        return Clip(
            self._user_id,
            tuple(packet for packet, _ in recording.packets) or (SILENCE_FRAME,),
            recording.length_ms,
            recording.began_s,
            ended_s,
            self._channels,
        )
