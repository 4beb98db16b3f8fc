"""Push to talk: what is said between a press and its end, as the same events that hearing gives.

    IDLE ──press──▶ RECORDING ──release──▶ ENDING ──the tail is in──▶ IDLE
                        ▲                     │
                        └───────press─────────┘

Silence never ends a turn here. A person begins to speak before the key is quite down, and lets go
before the last sound is out: a little from before the press and after the release belongs to it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from audio.constants import FRAME_MS, FRAME_SAMPLES, MAX_CONCEALED_MS, SILENCE_FRAME
from audio.speech_events import (
    Clip,
    DtxStarted,
    LostSpeech,
    SpeechBegan,
    SpeechEvent,
    SpeechFrame,
    SpeechPacket,
    SpeechResumed,
    TurnEnded,
)

PRE_ROLL_MS: Final = 300
"""Of what came before the press, so much is kept."""
TAIL_MS: Final = 200
"""Of what comes after the release, so much is kept."""
MAX_MS: Final = 120_000
"""A turn that lasts so long ends by itself, and is asked."""
_LATE_MS: Final = 500
"""A tail that has not come for so long after its time is not going to."""
_NEWS_MS: Final = 30_000
"""As often as this it is told that somebody still speaks."""


@dataclass(frozen=True, slots=True)
class _Press:
    at_s: float


@dataclass(frozen=True, slots=True)
class _Release:
    at_s: float


@dataclass(frozen=True, slots=True)
class _Cancel:
    pass


_Wish: TypeAlias = _Press | _Release | _Cancel


@dataclass(slots=True)
class _Recording:
    began_s: float
    packets: list[tuple[bytes, float]] = field(default_factory=list)  # with their times
    released_s: float | None = None
    told_ms: int = 0

    @property
    def length_ms(self) -> int:
        return len(self.packets) * FRAME_MS

    def takes(self, packet: SpeechPacket) -> bool:
        return packet.arrived_s > self.began_s - PRE_ROLL_MS / 1000


class PushToTalkSegmenter:
    """The ears of one person with a talk key.

    `press`, `release` and `cancel` may be called by any thread; `tick` by one. All times are
    seconds of the clock that stamps the packets.

    Args:
        user_id: Whose packets these are.
        channels: How many the packets have.
    """

    def __init__(self, user_id: int, *, channels: int = 1) -> None:
        self._user_id = user_id
        self._channels = channels
        self._wishes: deque[_Wish] = deque()
        self._recent: deque[SpeechPacket] = deque(maxlen=1_000 // FRAME_MS)
        self._recording: _Recording | None = None
        self._overran = False

    @property
    def is_open(self) -> bool:
        """Whether packets are wanted: somebody talks, or is about to. For any thread."""
        return self._recording is not None or bool(self._wishes)

    def has_overrun(self) -> bool:
        """Whether a turn has ended by itself since the last call."""
        overran, self._overran = self._overran, False
        return overran

    def press(self, at_s: float) -> None:
        """The key went down: a turn begins, or the one whose key has just been let go goes on."""
        self._wishes.append(_Press(at_s))

    def release(self, at_s: float) -> None:
        """The key went up: the turn ends when its tail is in."""
        self._wishes.append(_Release(at_s))

    def cancel(self) -> None:
        """Drop what is being said; nothing more is told of it."""
        self._wishes.append(_Cancel())

    def tick(self, frames: Sequence[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        """What the packets since the last call say, and the presses.

        Args:
            frames: In order.
            now_s: Now.
        """
        events: list[SpeechEvent] = []
        while self._wishes:
            self._obey(self._wishes.popleft(), now_s, events)
        for frame in frames:
            self._take(frame, now_s, events)
        self._end_if_late(now_s, events)
        return events

    def forget(self, user_id: int) -> None:
        """Drop everything of a person's."""
        if user_id == self._user_id:
            self._recent.clear()
            self._recording = None

    def _obey(self, wish: _Wish, now_s: float, events: list[SpeechEvent]) -> None:
        match wish:
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
            if recording.takes(packet):
                recording.packets.append((packet.opus, packet.arrived_s))
        events.append(SpeechBegan(self._user_id, at_s, now_s))

    def _trim(self) -> None:
        """A release that is told late: what came after its tail is not of the turn."""
        recording = self._recording
        if recording is None or recording.released_s is None:
            return
        until_s = recording.released_s + (TAIL_MS + FRAME_MS) / 1000
        while recording.packets and recording.packets[-1][1] > until_s:
            recording.packets.pop()

    def _take(self, frame: SpeechFrame, now_s: float, events: list[SpeechEvent]) -> None:
        match frame:
            case SpeechPacket():
                self._recent.append(frame)
                if self._recording is not None and self._recording.takes(frame):
                    self._recording.packets.append((frame.opus, frame.arrived_s))
                    self._trim()
                if self._has_tail(frame.arrived_s):
                    self._end(now_s, events)
                self._tell_length(now_s, events)
            case LostSpeech(_, _, samples):
                if self._recording is not None:
                    lost = min(samples // FRAME_SAMPLES, MAX_CONCEALED_MS // FRAME_MS)
                    self._recording.packets += [(SILENCE_FRAME, now_s)] * lost
            case DtxStarted():
                pass  # a microphone that is away; the line says so

    def _has_tail(self, captured_s: float) -> bool:
        released_s = self._recording.released_s if self._recording is not None else None
        return released_s is not None and captured_s >= released_s + TAIL_MS / 1000

    def _end_if_late(self, now_s: float, events: list[SpeechEvent]) -> None:
        """The microphone is gone: end with what there is."""
        if self._has_tail(now_s - _LATE_MS / 1000):
            self._end(now_s, events)

    def _tell_length(self, now_s: float, events: list[SpeechEvent]) -> None:
        recording = self._recording
        if recording is None:
            return
        if recording.length_ms >= MAX_MS:
            recording.released_s, self._overran = now_s, True
            self._end(now_s, events)
        elif recording.length_ms - recording.told_ms >= _NEWS_MS:
            recording.told_ms = recording.length_ms
            events.append(SpeechResumed(self._user_id, now_s))

    def _end(self, now_s: float, events: list[SpeechEvent]) -> None:
        recording, self._recording = self._recording, None
        if recording is None or recording.released_s is None:
            raise AssertionError("only what was begun and let go of ends")
        clip = Clip(
            self._user_id,
            tuple(packet for packet, _ in recording.packets) or (SILENCE_FRAME,),
            recording.length_ms,
            recording.began_s,
            recording.released_s,
            self._channels,
        )
        events.append(TurnEnded(clip, now_s, None, TAIL_MS))
