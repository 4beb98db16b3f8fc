"""From people's packets to speech events: speech begins, pauses and resumes, and a turn ends.

    segmenter = SpeechSegmenter(vad=Vad(…), detector=TurnDetector(…), options=…)
    every 10 ms, on one thread:  events = segmenter.tick(frames, now_s)
    while `segmenter.is_at_rest`:  only when packets arrive, and now and then

Each speaker has an Opus decoder, a VAD memory, an endpointer and an audio buffer; one run of the
VAD covers all speakers. A clip consists of the packets as they arrived. Nothing of a turn is kept
once it is over.
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
    MAX_CLIP_GAP_MS,
    MAX_CONCEALED_MS,
    SPEECH_FRAME_SAMPLES,
    SPEECH_RATE_HZ,
)
from audio.endpointing import (
    Began,
    Continued,
    Decision,
    Ended,
    Endpointer,
    EndpointingOptions,
    Partial,
    Paused,
    Resumed,
    TurnDetectionRequested,
)
from audio.errors import AudioError
from audio.opus import OpusDecoder
from audio.samples import Samples
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
    SpeechPaused,
    SpeechResumed,
    TurnEnded,
)
from audio.turn_audio_buffer import TurnAudioBuffer
from audio.turn_detector import TurnDetector
from audio.turn_end import Words
from audio.vad import WINDOW, WINDOW_MS, Vad, VadMemory

log = logging.getLogger(__name__)

_DETECTOR_SILENCE_MS: Final = 200
"""The turn detector was trained on turns that end in this much silence."""
_EXPLICIT_DTX_WITHIN_S: Final = 0.05
"""A client's first silence frame arrives 20 ms after its last packet. DTX that is reported later
than this was inferred from missing packets, which may be the network's fault."""
_MAX_PAUSE_HOLD_S: Final = 0.08
"""How long a pause is held back until the turn detector has answered. A pause starts recognition;
if both ran at once on the same processor, the end of the turn would wait for a slower detector."""
_ASSUME_DTX_AFTER_S: Final = 1.0
"""Without packets and without news from the receiver, a client counts as silent after this time."""
_REST_AFTER_S: Final = 1.0
"""Without packets for this long, nothing heard before is kept."""
_MAX_TAIL, _MAX_TAIL_RISE = 0.05, 1.5
"""How loud the rest of a pause may be, beside the speech before it or (in noise) beside its own
beginning, if its partial is to serve as the clip: a faint last sound, such as the "s" of "six", may
not be speech to the detector."""
_FORGET_AFTER_S: Final = 30.0
"""A speaker who is silent for this long is forgotten, decoder and all."""


class Decoder(Protocol):
    """One speaker's Opus decoder, to 16 kHz mono."""

    def decode(self, packet: bytes) -> Samples:
        """Decode a packet. Raises AudioError if it is damaged."""

    def conceal(self, samples_48k: int, following: bytes = b"") -> Samples:
        """Guess what was in a gap, with the help of the packet after it."""

    def close(self) -> None:
        """Free its memory."""


class SpeechSegmenter:
    """Segments the audio of one call into speech events. Not thread-safe.

    Args:
        detector: Tells complete turns from incomplete ones.
    """

    def __init__(
        self,
        *,
        vad: Vad,
        detector: TurnDetector,
        options: EndpointingOptions,
        decoder: Callable[[], Decoder] = OpusDecoder,
    ) -> None:
        self._vad = vad
        self._detector = detector
        self._options = options
        self._decoder = decoder
        self._speakers: dict[int, _Speaker] = {}

    def tick(self, frames: Iterable[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        """Process the packets since the last call, and the time that went by.

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
            if speaker.is_gone(now_s):
                self.forget(speaker.user_id)
        return events

    @property
    def is_at_rest(self) -> bool:
        """Whether nobody has spoken for a second: until packets arrive, a tick changes nothing.

        It still forgets who has been silent for long.
        """
        return all(speaker.is_at_rest for speaker in self._speakers.values())

    def transcribed(self, user_id: int, ended_s: float, words: Words) -> None:
        """Take in what a person has said up to a pause; the next tick draws the conclusion.

        Args:
            user_id: Who.
            ended_s: The `ended_s` of the clip that was recognised. If they have gone on since, the
                words tell nothing.
            words: How complete they are.
        """
        if speaker := self._speakers.get(user_id):
            speaker.transcribed(ended_s, words)

    def forget(self, user_id: int) -> None:
        """Drop everything from a person; a turn in progress ends without an event."""
        if speaker := self._speakers.pop(user_id, None):
            speaker.close()

    def close(self) -> None:
        """Drop everything. The models stay open: they belong to the caller."""
        for user_id in list(self._speakers):
            self.forget(user_id)

    def _speaker(self, user_id: int, now_s: float) -> "_Speaker":
        if user_id not in self._speakers:
            self._speakers[user_id] = _Speaker(
                user_id, now_s, self._detector, Endpointer(self._options), self._decoder()
            )
        return self._speakers[user_id]


class _Speaker:
    """One person, from packets to events."""

    def __init__(
        self,
        user_id: int,
        now_s: float,
        detector: TurnDetector,
        endpointer: Endpointer,
        decoder: Decoder,
    ) -> None:
        self.user_id = user_id
        self.memory = VadMemory()
        self.inbox: deque[SpeechFrame] = deque()
        self._detector = detector
        self._endpointer = endpointer
        self._decoder = decoder
        self._audio = TurnAudioBuffer(user_id)
        self._unheard = np.zeros(0, np.float32)  # decoded, but not yet a whole VAD window
        self._arrived_s = self._voice_s = now_s
        self._silent_to_s: float | None = None  # while the client sends nothing
        self._explicit_dtx = False
        self._is_audio_dropped = True
        self._detection: tuple[int, Future[float]] | None = None
        self._clip: Clip | None = None
        self._pause_held_since_s: float | None = None
        self._partial: Clip | None = None
        self._window_loudness = self._speech_loudness = 0.0
        self._partial_loudness = self._tail_loudness = 0.0
        self._words: tuple[float, Words] | None = None

    # -- packets to windows ----------------------------------------------------------------------

    def next_window(self, now_s: float, events: list[SpeechEvent]) -> Samples | None:
        """The next VAD window of 32 ms, once there is enough audio."""
        while len(self._unheard) < WINDOW:
            if not self.inbox:
                return None
            self._process(self.inbox.popleft(), now_s, events)
        window, self._unheard = self._unheard[:WINDOW], self._unheard[WINDOW:]
        self._window_loudness = float(np.sqrt(np.mean(np.square(window))))
        return window

    def _process(self, frame: SpeechFrame, now_s: float, events: list[SpeechEvent]) -> None:
        match frame:
            case SpeechPacket():
                self._end_dtx(frame.arrived_s, now_s, events)
                self._arrived_s = frame.arrived_s
                self._decode(frame)
            case LostSpeech():
                self._end_dtx(now_s, now_s, events)
                after = self.inbox[0] if self.inbox else None
                self._conceal(frame.samples, after.opus if isinstance(after, SpeechPacket) else b"")
            case DtxStarted():
                is_explicit = frame.at_s - self._arrived_s <= _EXPLICIT_DTX_WITHIN_S
                self._begin_dtx(explicit=is_explicit)

    def _decode(self, packet: SpeechPacket) -> None:
        try:
            samples = packet.samples
            if samples is None:
                samples = self._decoder.decode(packet.opus)
        except AudioError as e:  # encrypted and signed, yet not Opus: a broken client
            log.debug("a packet of %s cannot be decoded: %s", self.user_id, e)
            self._conceal(FRAME_SAMPLES)
            return
        self._add(packet.opus, samples)

    def _conceal(self, samples_48k: int, following: bytes = b"") -> None:
        """Fill a gap: with a guess for the models, with silence in the clip.

        The packet after the gap may carry the gap's last 20 ms once more (in-band FEC).
        """
        frames = min(samples_48k // FRAME_SAMPLES, MAX_CONCEALED_MS // FRAME_MS)
        for left in reversed(range(frames)):
            fec = b"" if left else following
            self._add(SILENCE_FRAME, self._decoder.conceal(FRAME_SAMPLES, fec))

    def _add(self, opus: bytes, samples: Samples) -> None:
        self._is_audio_dropped = False
        self._audio.add(opus, samples, self._arrived_s)
        self._unheard = np.concatenate((self._unheard, samples))

    # -- time without packets --------------------------------------------------------------------

    def _begin_dtx(self, *, explicit: bool) -> None:
        """No packets from here on: pad the last window so that it can be heard."""
        if self._silent_to_s is None:
            self._explicit_dtx = explicit
            self._silent_to_s = self._arrived_s
            self._unheard = np.pad(self._unheard, (0, -len(self._unheard) % WINDOW))

    def _end_dtx(self, arrived_s: float, now_s: float, events: list[SpeechEvent]) -> None:
        """The client sends again: within a turn, the silence becomes part of the clip."""
        if self._silent_to_s is None:
            return
        self._idle(min(arrived_s, now_s), now_s, events)
        self._silent_to_s = None
        if self._endpointer.in_turn:
            gap_ms = min(MAX_CLIP_GAP_MS, round((arrived_s - self._arrived_s) * 1000))
            silence = np.zeros(SPEECH_FRAME_SAMPLES, np.float32)
            for _ in range(gap_ms // FRAME_MS):
                self._audio.add(SILENCE_FRAME, silence, self._arrived_s)

    def _rest(self) -> None:
        """Nobody is speaking any more: keep no audio."""
        if not self._is_audio_dropped:
            self._is_audio_dropped = True
            self._audio.clear()
            self.memory.wipe()

    def _idle(self, to_s: float, now_s: float, events: list[SpeechEvent]) -> None:
        if self._silent_to_s is None:
            return
        ms = round((to_s - self._silent_to_s) * 1000)
        if ms > 0:
            self._silent_to_s += ms / 1000
            decisions = self._endpointer.idle(ms, explicit_dtx=self._explicit_dtx)
            self._apply(decisions, now_s, events)

    # -- windows to events -----------------------------------------------------------------------

    def hear(self, probability: float, now_s: float, events: list[SpeechEvent]) -> None:
        """Process the speech probability of the last window."""
        decisions = self._endpointer.hear(WINDOW_MS, probability)
        self._tail_loudness = max(self._tail_loudness, self._window_loudness)
        if self._endpointer.quiet_ms == 0:
            self._voice_s = self._arrived_s
            self._speech_loudness += (self._window_loudness - self._speech_loudness) / 8
        self._apply(decisions, now_s, events)

    def settle(self, now_s: float, events: list[SpeechEvent]) -> None:
        """Process the time that went by, and the turn detector's answer."""
        if self._silent_to_s is None and now_s - self._arrived_s > _ASSUME_DTX_AFTER_S:
            self._begin_dtx(explicit=False)
        self._idle(now_s, now_s, events)
        if not self._endpointer.in_turn and now_s - self._arrived_s > _REST_AFTER_S:
            self._rest()
        self._collect_detection(now_s, events)
        if self._words is not None:
            (ended_s, words), self._words = self._words, None
            if ended_s == self._voice_s:  # otherwise they have gone on
                self._apply(self._endpointer.transcribed(words), now_s, events)
        held_since_s = self._pause_held_since_s
        if held_since_s is not None and (
            self._detection is None or now_s - held_since_s >= _MAX_PAUSE_HOLD_S
        ):
            self._emit_pause(now_s, events)

    @property
    def is_at_rest(self) -> bool:
        """Whether time alone changes nothing until another packet arrives."""
        is_waiting = self.inbox or self._endpointer.in_turn or self._words is not None
        return self._is_audio_dropped and not is_waiting

    def transcribed(self, ended_s: float, words: Words) -> None:
        """Take in how complete the words are that end at a time."""
        self._words = ended_s, words

    def _collect_detection(self, now_s: float, events: list[SpeechEvent]) -> None:
        if self._detection is None or not self._detection[1].done():
            return
        (pause, answer), self._detection = self._detection, None
        if answer.cancelled():
            return
        if error := answer.exception():
            log.error("the turn detector failed: %s", error)
            return
        self._apply(self._endpointer.detected(pause, answer.result()), now_s, events)

    def _apply(
        self, decisions: Iterable[Decision], now_s: float, events: list[SpeechEvent]
    ) -> None:
        for decision in decisions:
            match decision:
                case Began(lead_ms):
                    lead = lead_ms * SPEECH_RATE_HZ // 1000 + len(self._unheard)
                    events.append(SpeechBegan(self.user_id, self._audio.begin(lead), now_s))
                case TurnDetectionRequested(pause):
                    self._request_detection(pause)
                case Continued(speech_ms):
                    events.append(SpeechContinued(self.user_id, speech_ms, now_s))
                case Partial():
                    events.append(self._partial_so_far(now_s))
                case Paused() | Resumed() | Ended():
                    self._apply_pause(decision, now_s, events)

    def _apply_pause(
        self, decision: Paused | Resumed | Ended, now_s: float, events: list[SpeechEvent]
    ) -> None:
        match decision:
            case Paused():
                self._clip = self._partial if self._partial_is_whole else self._clip_so_far()
                self._pause_held_since_s = now_s
            case Resumed():
                self._resume(now_s, events)
            case Ended():
                self._emit_pause(now_s, events)
                events.append(self._end(decision, now_s))

    def _partial_so_far(self, now_s: float) -> SpeechPartial:
        self._partial, self._tail_loudness = self._clip_so_far(), 0.0
        self._partial_loudness = self._window_loudness
        return SpeechPartial(self._partial, now_s, self._endpointer.quiet_ms > 0)

    def _resume(self, now_s: float, events: list[SpeechEvent]) -> None:
        self._cancel_detection()
        if self._pause_held_since_s is None:  # otherwise nobody knows about the pause
            events.append(SpeechResumed(self.user_id, now_s))
        self._pause_held_since_s = None

    def _clip_so_far(self) -> Clip:
        return self._audio.clip(speech_ms=self._endpointer.speech_ms, ended_s=self._voice_s)

    @property
    def _partial_is_whole(self) -> bool:
        """Whether nothing was said since the last partial, however faintly."""
        return (
            self._partial is not None
            and self._partial.ended_s == self._voice_s
            and self._partial.speech_ms == self._endpointer.speech_ms
            and self._tail_loudness
            <= max(_MAX_TAIL * self._speech_loudness, _MAX_TAIL_RISE * self._partial_loudness)
        )

    def _emit_pause(self, now_s: float, events: list[SpeechEvent]) -> None:
        if self._pause_held_since_s is not None and self._clip is not None:
            events.append(SpeechPaused(self._clip, now_s))
        self._pause_held_since_s = None

    def _request_detection(self, pause: int) -> None:
        self._cancel_detection()
        silence_ms = max(0, _DETECTOR_SILENCE_MS - self._endpointer.quiet_ms)
        self._detection = pause, self._detector.ask(self._audio.sound(more_silence_ms=silence_ms))

    def _end(self, ended: Ended, now_s: float) -> TurnEnded:
        clip, self._clip, self._partial = self._clip, None, None
        if clip is None:
            raise AssertionError("a turn ends in a pause")
        self._cancel_detection()
        self._audio.end()
        return TurnEnded(clip, now_s, ended.completeness, ended.waited_ms)

    def _cancel_detection(self) -> None:
        if self._detection is not None:
            self._detection[1].cancel()
            self._detection = None

    # -- leaving ---------------------------------------------------------------------------------

    def is_gone(self, now_s: float) -> bool:
        """Whether the speaker has been silent long enough to be forgotten."""
        return not self._endpointer.in_turn and now_s - self._arrived_s > _FORGET_AFTER_S

    def close(self) -> None:
        """Drop everything."""
        self._cancel_detection()
        self._audio.clear()
        self.inbox.clear()
        self._unheard = self._unheard[:0]
        self._decoder.close()
