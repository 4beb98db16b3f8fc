"""From people's packets to what they say when: speech begins, pauses, goes on, a turn ends.

    hearing = Hearing(vad=Vad(…), turns=TurnDetector(…))
    every 20 ms, on one thread:  events = hearing.tick(frames, now_s)

Each speaker has a decoder, a voice detector's memory, an endpointer and a tape; the voice detector
hears all of them at once. A clip is made of the packets as they came. Nothing of a turn is kept
when it is over.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Final, Protocol

import numpy as np

from audio.constants import (
    FRAME_MS,
    FRAME_SAMPLES,
    MAX_CONCEALED_MS,
    SILENCE_FRAME,
    SPEECH_FRAME_SAMPLES,
    SPEECH_RATE_HZ,
)
from audio.endpointing import (
    Began,
    Ended,
    Endpointer,
    EndpointingOptions,
    Mark,
    Paused,
    Resumed,
    TurnDetectionRequested,
)
from audio.errors import AudioError
from audio.opus import OpusDecoder
from audio.samples import Samples
from audio.speech_events import (
    Clip,
    DtxStarted,
    LostSpeech,
    SpeechBegan,
    SpeechEvent,
    SpeechFrame,
    SpeechPacket,
    SpeechPaused,
    SpeechResumed,
    TurnEnded,
)
from audio.turn_audio_buffer import TurnAudioBuffer
from audio.turn_detector import TurnDetector
from audio.vad import WINDOW, WINDOW_MS, Vad, VadMemory

log = logging.getLogger(__name__)

MAX_GAP_MS: Final = 600
"""Of a silence in which the client sent nothing, so much goes into the clip."""
_JUDGED_WITH_MS: Final = 200
"""The turn detector was taught on turns that end in so much silence."""
_TOLD_WITHIN_S: Final = 0.05
"""A client's first silence frame comes 20 ms after its last packet; what is said to be silent later
than this is so because nothing comes, which may be the network's doing."""
_HELD_S: Final = 0.08
"""So long, at most, a pause is told only once the turn detector has said what it thinks of it. Who
hears of a pause begins to recognise what was said; begun at the same moment on the same processor,
each holds the other up, and the end of the turn waits for the detector."""
_DEAF_AFTER_S: Final = 1.0
"""Should nobody say that a client has gone silent, it has after so long."""
_REST_AFTER_S: Final = 1.0
"""Without a packet for so long, what comes next begins anew."""
_GONE_AFTER_S: Final = 30.0
"""A speaker silent for so long is forgotten, with the decoder."""


class Decoder(Protocol):
    """One speaker's Opus decoder, to 16 kHz mono."""

    def decode(self, packet: bytes) -> Samples:
        """A packet's sound. Raises AudioError when it is damaged."""
        ...

    def conceal(self, samples_48k: int, following: bytes = b"") -> Samples:
        """What may have been in a gap; the packet after it may tell."""
        ...

    def close(self) -> None:
        """Free its memory."""
        ...


class SpeechSegmenter:
    """The ears. For one thread.

    Args:
        vad: Tells speech from noise.
        turns: Tells whole turns from halves.
        patience: How long to wait.
        decoder: Makes a decoder for a speaker.
    """

    def __init__(
        self,
        *,
        vad: Vad,
        turns: TurnDetector,
        patience: EndpointingOptions = EndpointingOptions(),  # noqa: B008  (frozen)
        decoder: Callable[[], Decoder] = OpusDecoder,
    ) -> None:
        self._vad = vad
        self._turns = turns
        self._patience = patience
        self._decoder = decoder
        self._speakers: dict[int, _Speaker] = {}

    def tick(self, frames: Iterable[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        """What the packets of the last 20 ms say, and the time that went by.

        Args:
            frames: In order for each speaker.
            now_s: Now, on the clock of the packets' arrivals.
        """
        for frame in frames:
            self._speaker(frame.user_id, now_s).inbox.append(frame)
        events: list[SpeechEvent] = []
        speakers = list(self._speakers.values())
        while ready := [
            (s, w) for s in speakers if (w := s.next_window(now_s, events)) is not None
        ]:
            memories = [speaker.memory for speaker, _ in ready]
            likely = self._vad.probabilities([window for _, window in ready], memories)
            for (speaker, _), probability in zip(ready, likely, strict=True):
                speaker.hear(probability, now_s, events)
        for speaker in speakers:
            speaker.settle(now_s, events)
            if speaker.gone(now_s):
                self.forget(speaker.user_id)
        return events

    def forget(self, user_id: int) -> None:
        """Drop everything of a person's; a turn of theirs ends without a word."""
        if speaker := self._speakers.pop(user_id, None):
            speaker.close()

    def close(self) -> None:
        """Drop everything of everybody's. The models stay open: they are not ours."""
        for user_id in list(self._speakers):
            self.forget(user_id)

    def _speaker(self, user_id: int, now_s: float) -> "_Speaker":
        if user_id not in self._speakers:
            self._speakers[user_id] = _Speaker(
                user_id, now_s, self._turns, Endpointer(self._patience), self._decoder()
            )
        return self._speakers[user_id]


class _Speaker:
    """One person, from packets to events."""

    def __init__(
        self,
        user_id: int,
        now_s: float,
        turns: TurnDetector,
        endpointer: Endpointer,
        decoder: Decoder,
    ) -> None:
        self.user_id = user_id
        self.memory = VadMemory()
        self.inbox: deque[SpeechFrame] = deque()
        self._turns = turns
        self._endpointer = endpointer
        self._decoder = decoder
        self._tape = TurnAudioBuffer(user_id)
        self._unheard = np.zeros(0, np.float32)
        self._arrived_s = self._voice_s = now_s
        self._silent_to_s: float | None = None
        self._told = False
        self._at_rest = True
        self._asked: tuple[int, Future[float]] | None = None
        self._clip: Clip | None = None
        self._held_since_s: float | None = None

    # -- packets to windows ----------------------------------------------------------------------

    def next_window(self, now_s: float, events: list[SpeechEvent]) -> Samples | None:
        """The next 32 ms to be heard, once there are so many."""
        while len(self._unheard) < WINDOW:
            if not self.inbox:
                return None
            self._take(self.inbox.popleft(), now_s, events)
        window, self._unheard = self._unheard[:WINDOW], self._unheard[WINDOW:]
        return window

    def _take(self, frame: SpeechFrame, now_s: float, events: list[SpeechEvent]) -> None:
        match frame:
            case SpeechPacket():
                self._wake(frame.arrived_s, now_s, events)
                self._arrived_s = frame.arrived_s
                self._play(frame)
            case LostSpeech():
                self._wake(now_s, now_s, events)
                after = self.inbox[0] if self.inbox else None
                self._conceal(frame.samples, after.opus if isinstance(after, SpeechPacket) else b"")
            case DtxStarted():
                self._fall_silent(told=frame.at_s - self._arrived_s <= _TOLD_WITHIN_S)

    def _play(self, packet: SpeechPacket) -> None:
        try:
            samples = packet.samples
            if samples is None:
                samples = self._decoder.decode(packet.opus)
        except AudioError as e:  # it was encrypted and signed, and yet is no Opus: a broken client
            log.debug("a packet of %s cannot be decoded: %s", self.user_id, e)
            self._conceal(FRAME_SAMPLES)
            return
        self._add(packet.opus, samples)

    def _conceal(self, samples_48k: int, following: bytes = b"") -> None:
        """What is missing is guessed for the models, and is silence in the clip.

        The packet after the gap may have the last of it once more (in-band FEC).
        """
        frames = min(samples_48k // FRAME_SAMPLES, MAX_CONCEALED_MS // FRAME_MS)
        for left in reversed(range(frames)):
            told = b"" if left else following
            self._add(SILENCE_FRAME, self._decoder.conceal(FRAME_SAMPLES, told))

    def _add(self, opus: bytes, samples: Samples) -> None:
        self._at_rest = False
        self._tape.add(opus, samples, self._arrived_s)
        self._unheard = np.concatenate((self._unheard, samples))

    # -- silence, in which nothing comes ---------------------------------------------------------

    def _fall_silent(self, *, told: bool) -> None:
        """Nothing comes from here on: hear out what is left of the last packet."""
        if self._silent_to_s is None:
            self._told = told
            self._silent_to_s = self._arrived_s
            self._unheard = np.pad(self._unheard, (0, -len(self._unheard) % WINDOW))

    def _wake(self, arrived_s: float, now_s: float, events: list[SpeechEvent]) -> None:
        """The client sends again: the silence between becomes a part of the turn."""
        if self._silent_to_s is None:
            return
        self._be_idle(min(arrived_s, now_s), now_s, events)
        self._silent_to_s = None
        if self._endpointer.in_turn:
            gap_ms = min(MAX_GAP_MS, round((arrived_s - self._arrived_s) * 1000))
            for _ in range(gap_ms // FRAME_MS):
                self._tape.add(
                    SILENCE_FRAME, np.zeros(SPEECH_FRAME_SAMPLES, np.float32), self._arrived_s
                )

    def _rest(self) -> None:
        """Nobody speaks any more: keep nothing of what was heard."""
        if not self._at_rest:
            self._at_rest = True
            self._tape.clear()
            self.memory.wipe()

    def _be_idle(self, to_s: float, now_s: float, events: list[SpeechEvent]) -> None:
        if self._silent_to_s is None:
            return
        ms = round((to_s - self._silent_to_s) * 1000)
        if ms > 0:
            self._silent_to_s += ms / 1000
            self._tell(self._endpointer.idle(ms, told=self._told), now_s, events)

    # -- windows to events -----------------------------------------------------------------------

    def hear(self, probability: float, now_s: float, events: list[SpeechEvent]) -> None:
        """Take in how likely the window is speech."""
        marks = self._endpointer.hear(WINDOW_MS, probability)
        if self._endpointer.quiet_ms == 0:
            self._voice_s = self._arrived_s
        self._tell(marks, now_s, events)

    def settle(self, now_s: float, events: list[SpeechEvent]) -> None:
        """Take in the time that went by, and what the turn detector found out."""
        if self._silent_to_s is None and now_s - self._arrived_s > _DEAF_AFTER_S:
            self._fall_silent(told=False)
        self._be_idle(now_s, now_s, events)
        if not self._endpointer.in_turn and now_s - self._arrived_s > _REST_AFTER_S:
            self._rest()
        self._take_judgement(now_s, events)
        self._let_go(now_s, events)

    def _take_judgement(self, now_s: float, events: list[SpeechEvent]) -> None:
        if self._asked is None or not self._asked[1].done():
            return
        (pause, answer), self._asked = self._asked, None
        if answer.cancelled():
            return
        if error := answer.exception():
            log.error("the turn detector failed: %s", error)
            return
        self._tell(self._endpointer.judged(pause, answer.result()), now_s, events)

    def _tell(self, marks: Iterable[Mark], now_s: float, events: list[SpeechEvent]) -> None:
        for mark in marks:
            match mark:
                case Began():
                    lead = mark.lead_ms * SPEECH_RATE_HZ // 1000 + len(self._unheard)
                    events.append(SpeechBegan(self.user_id, self._tape.begin(lead), now_s))
                case TurnDetectionRequested():
                    self._judge(mark.pause)
                case Paused():
                    self._clip = self._tape.clip(
                        speech_ms=self._endpointer.speech_ms, ended_s=self._voice_s
                    )
                    self._held_since_s = now_s
                case Resumed():
                    self._forget_question()
                    if self._held_since_s is None:  # else nobody has heard of the pause
                        events.append(SpeechResumed(self.user_id, now_s))
                    self._held_since_s = None
                case Ended():
                    self._tell_paused(now_s, events)
                    events.append(self._end(mark, now_s))

    def _let_go(self, now_s: float, events: list[SpeechEvent]) -> None:
        """Tell of a pause, unless it is better told a little later."""
        since_s = self._held_since_s
        if since_s is not None and (self._asked is None or now_s - since_s >= _HELD_S):
            self._tell_paused(now_s, events)

    def _tell_paused(self, now_s: float, events: list[SpeechEvent]) -> None:
        if self._held_since_s is not None and self._clip is not None:
            events.append(SpeechPaused(self._clip, now_s))
        self._held_since_s = None

    def _judge(self, pause: int) -> None:
        self._forget_question()
        more_ms = max(0, _JUDGED_WITH_MS - self._endpointer.quiet_ms)
        self._asked = pause, self._turns.ask(self._tape.sound(more_silence_ms=more_ms))

    def _end(self, mark: Ended, now_s: float) -> TurnEnded:
        clip, self._clip = self._clip, None
        if clip is None:
            raise AssertionError("a turn ends in a pause")
        self._forget_question()
        self._tape.end()
        return TurnEnded(clip, now_s, mark.completeness, mark.waited_ms)

    def _forget_question(self) -> None:
        if self._asked is not None:
            self._asked[1].cancel()
            self._asked = None

    # -- leaving ---------------------------------------------------------------------------------

    def gone(self, now_s: float) -> bool:
        """Whether nothing more is to be expected."""
        return not self._endpointer.in_turn and now_s - self._arrived_s > _GONE_AFTER_S

    def close(self) -> None:
        """Drop everything."""
        self._forget_question()
        self._tape.clear()
        self.inbox.clear()
        self._unheard = self._unheard[:0]
        self._decoder.close()
