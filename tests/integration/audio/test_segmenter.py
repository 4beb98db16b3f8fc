"""From packets to turns, with real speech, the real models, and Discord's way of being silent."""

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from audio.segmenter import SpeechSegmenter
from audio.silence_frames import SILENCE_FRAME
from audio.speech_events import (
    DtxStarted,
    LostSpeech,
    SpeechBegan,
    SpeechContinued,
    SpeechPacket,
    SpeechPartial,
    SpeechPaused,
    SpeechResumed,
    TurnEnded,
)
from audio.turn_detector import TurnDetector
from audio.turn_end import TurnEndFeatures, Words
from audio.vad import Vad
from bot.voice_agent.options import DEFAULT_OPTIONS
from tests.fakes.discord_speech import Spoken, pull, say

ENDPOINTING = DEFAULT_OPTIONS.endpointing

RATE = SPEECH_RATE_HZ
ANA, BEN = 1, 2


class AtOnce:
    """The turn detector, answering within the tick: no test depends on the machine's speed."""

    def __init__(self, turns: TurnDetector) -> None:
        self._turns = turns

    def ask(self, samples):
        answer: Future[float] = Future()
        answer.set_result(self._turns.completeness(samples))
        return answer


@pytest.fixture(scope="module")
def models(weights):
    turns = TurnDetector(weights("smart-turn-v3.2") / "model.onnx")
    yield Vad(weights("silero-vad") / "model.onnx"), AtOnce(turns)
    turns.close()


@pytest.fixture
def segmenter(models) -> SpeechSegmenter:
    vad, turns = models
    return SpeechSegmenter(vad=vad, detector=turns, options=ENDPOINTING)


def speech(clips: Path, name: str):
    """A clip, and a second of a quiet room."""
    room = np.random.default_rng(0).normal(0, 1e-4, RATE).astype(np.float32)
    return np.concatenate([codec.decode(clips / name, limit_s=60), room])


def listen(segmenter: SpeechSegmenter, *streams, words: Words | None = None) -> list:
    """All events of people who speak at the same time, but for those that come while they speak.

    What they say is `words`, at each pause.
    """
    events = []
    for steps in zip(*map(list, streams), strict=False):
        frames = [frame for _, frames in steps for frame in frames]
        events += segmenter.tick(frames, steps[0][0])
        if words is not None and events and isinstance(events[-1], SpeechPaused):
            clip = events[-1].clip
            segmenter.transcribed(clip.user_id, clip.ended_s, words)
    return [e for e in events if not isinstance(e, SpeechPartial | SpeechContinued)]


def of(kind, events: list) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_a_question_is_one_turn(segmenter: SpeechSegmenter, clips: Path) -> None:
    spoken = say(speech(clips, "question.wav"))
    events = listen(segmenter, pull(ANA, spoken, start_s=100))
    assert [type(event) for event in events] == [SpeechBegan, SpeechPaused, TurnEnded]
    began, paused, ended = events
    assert began.at_s - began.began_s < 0.35
    assert ended.clip == paused.clip
    assert ended.completeness > 0.9
    assert 1000 < ended.clip.speech_ms < 1800
    assert ended.at_s - (100 + spoken.last_voice_s()) < 0.8  # by its sound alone


@pytest.mark.parametrize(
    ("words", "earliest_s", "latest_s"), [(Words.WHOLE, 0.0, 0.4), (Words.DANGLING, 1.0, 1.8)]
)
def test_its_words_end_a_turn_sooner_or_later(
    segmenter: SpeechSegmenter, clips: Path, words: Words, earliest_s: float, latest_s: float
) -> None:
    spoken = say(speech(clips, "question.wav"))
    (ended,) = of(TurnEnded, listen(segmenter, pull(ANA, spoken, start_s=100), words=words))
    assert earliest_s < ended.at_s - (100 + spoken.last_voice_s()) < latest_s


def test_words_of_a_pause_that_is_over_are_ignored(segmenter: SpeechSegmenter, clips: Path) -> None:
    spoken = say(speech(clips, "question.wav"))
    for now_s, frames in pull(ANA, spoken, start_s=100):
        segmenter.transcribed(ANA, 99.0, Words.DANGLING)
        segmenter.transcribed(BEN, 99.0, Words.DANGLING)  # nobody has heard him
        if ended := of(TurnEnded, segmenter.tick(frames, now_s)):
            assert ended[0].at_s - (100 + spoken.last_voice_s()) < 0.8
            return
    pytest.fail("the turn has not ended")


def test_the_clip_is_the_packets_as_they_came(segmenter: SpeechSegmenter, clips: Path) -> None:
    spoken = say(speech(clips, "question.wav"))
    (ended,) = of(TurnEnded, listen(segmenter, pull(ANA, spoken)))
    sent = [packet for packet in spoken.packets if packet is not None]
    assert list(ended.clip.packets) == sent[: len(ended.clip.packets)]  # the first syllable is in
    heard = codec.decode(ended.clip.file(), limit_s=60)
    assert abs(len(heard) / RATE - ended.clip.duration_ms / 1000) < 0.05


def test_a_partial_is_what_the_pause_brings(segmenter: SpeechSegmenter, clips: Path) -> None:
    events = []
    for now_s, frames in pull(ANA, say(speech(clips, "question.wav"))):
        events += segmenter.tick(frames, now_s)
    *_, partial = of(SpeechPartial, events)
    (paused,) = of(SpeechPaused, events)
    assert partial.clip is paused.clip  # so that it need not be recognised again
    assert paused.at_s - partial.at_s > 0.05


def test_sleeping_while_it_rests_changes_nothing(models, clips: Path) -> None:
    vad, turns = models
    pause = np.zeros(3 * RATE, np.float32)
    question = speech(clips, "question.wav")
    steps = list(pull(ANA, say(np.concatenate([question, pause, question, pause]))))

    def found(*, sleeps: bool) -> tuple[list, int]:
        segmenter = SpeechSegmenter(vad=vad, detector=turns, options=ENDPOINTING)
        events, slept = [], 0
        for now_s, frames in steps:
            if sleeps and not frames and segmenter.is_at_rest:
                slept += 1
            else:
                events += segmenter.tick(frames, now_s)
        return events, slept

    (awake, _), (asleep, slept) = found(sleeps=False), found(sleeps=True)
    assert [type(event) for event in asleep] == [type(event) for event in awake]
    assert len(of(TurnEnded, asleep)) == 2
    for a, b in zip(awake, asleep, strict=True):
        assert a.at_s == b.at_s
    assert slept > 100


def test_a_faint_sound_after_a_partial_is_in_the_clip() -> None:
    script = Script()
    segmenter = SpeechSegmenter(vad=script, detector=script, decoder=Script, options=ENDPOINTING)
    loudness = [240] * 40 + [0] * 4 + [40] * 6  # a vowel, a stop, an "s"
    events = []
    for number, level in enumerate(loudness):
        now_s = 50.0 + number / 50
        packet = b"\xfc" + number.to_bytes(4, "big") + bytes([level])
        events += segmenter.tick([SpeechPacket(ANA, number * 960, packet, now_s)], now_s)
    *_, partial = of(SpeechPartial, events)
    (paused,) = of(SpeechPaused, events)
    assert len(paused.clip.packets) > len(partial.clip.packets)


def test_a_pause_in_a_sentence_is_waited_for(segmenter: SpeechSegmenter, clips: Path) -> None:
    sound = speech(clips, "jfk.flac")[round(3.1 * RATE) :]  # "ask not … for your country"
    events = listen(segmenter, pull(ANA, say(sound)), words=Words.OPEN)
    assert len(of(TurnEnded, events)) == 1
    assert len(of(SpeechResumed, events)) >= 2


def test_what_was_said_after_the_pause_is_in_the_clip(
    segmenter: SpeechSegmenter, clips: Path
) -> None:
    sound = speech(clips, "jfk.flac")[round(3.1 * RATE) :]
    spoken = say(sound)
    (ended,) = of(TurnEnded, listen(segmenter, pull(ANA, spoken), words=Words.OPEN))
    sent = [packet for packet in spoken.packets if packet is not None]
    kept = [packet for packet in ended.clip.packets if packet != SILENCE_FRAME]
    first = sent.index(kept[0])
    assert kept == sent[first : first + len(kept)]


def test_noise_and_music_are_nobody_speaking(segmenter: SpeechSegmenter) -> None:
    rng = np.random.default_rng(3)
    time = np.arange(6 * RATE) / RATE
    noise = rng.normal(0, 0.05, len(time)).astype(np.float32)
    music = 0.1 * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277, 330, 440))
    cough = np.zeros(len(time), np.float32)
    burst = rng.normal(0, 0.3, RATE // 6) * np.exp(-np.arange(RATE // 6) / (RATE / 20))
    for start in range(RATE, 5 * RATE, RATE):
        cough[start : start + len(burst)] = burst
    sounds = [noise, (music * (1 + np.sin(8 * time))).astype(np.float32), cough]
    streams = [pull(user, say(sound), start_s=100) for user, sound in enumerate(sounds)]
    assert listen(segmenter, *streams) == []


def test_two_at_once_are_heard_as_each_alone(models, clips: Path) -> None:
    vad, turns = models
    sounds = {ANA: say(speech(clips, "vosk_test.wav")), BEN: say(speech(clips, "jfk.flac"))}

    def turns_of(user_id: int, events: list) -> list:
        return [event.clip.packets for event in of(TurnEnded, events) if event.user_id == user_id]

    both = SpeechSegmenter(vad=vad, detector=turns, options=ENDPOINTING)
    together = listen(both, *(pull(user, spoken) for user, spoken in sounds.items()))
    for user, spoken in sounds.items():
        alone = SpeechSegmenter(vad=vad, detector=turns, options=ENDPOINTING)
        assert turns_of(user, listen(alone, pull(user, spoken)))[0] in turns_of(user, together)


def test_lost_packets_are_silence_in_the_clip(segmenter: SpeechSegmenter, clips: Path) -> None:
    spoken = say(speech(clips, "question.wav"))
    lost = [20, 21, 40, 55]
    (ended,) = of(TurnEnded, listen(segmenter, pull(ANA, spoken, lost=lost)))
    first = spoken.packets.index(ended.clip.packets[0])
    for step, kept in enumerate(ended.clip.packets, start=first):
        assert kept == (SILENCE_FRAME if step in lost else spoken.packets[step])


def test_a_network_that_stalls_in_mid_speech_ends_nothing(
    segmenter: SpeechSegmenter, clips: Path
) -> None:
    steps = list(pull(ANA, say(speech(clips, "question.wav"))))
    events = []
    for step, (now_s, frames) in enumerate(steps):
        if step == 30:  # nothing for 0.3 s, and what comes then is as late
            events += segmenter.tick([DtxStarted(ANA, 0, now_s)], now_s)
            for wait in range(1, 15):
                events += segmenter.tick([], now_s + wait * 0.02)
        late = 0.3 if step >= 30 else 0.0
        moved = [
            replace(f, arrived_s=f.arrived_s + late) for f in frames if type(f) is SpeechPacket
        ]
        other = [replace(f, at_s=f.at_s + late) for f in frames if type(f) is DtxStarted]
        events += segmenter.tick(moved + other, now_s + late)
    assert len(of(TurnEnded, events)) == 1
    assert len(of(SpeechBegan, events)) == 1


def test_a_packet_that_is_no_opus_is_a_lost_one(segmenter: SpeechSegmenter, clips: Path) -> None:
    spoken = say(speech(clips, "question.wav"))
    packets = list(spoken.packets)
    packets[30] = b"\x00" * 3
    events = listen(segmenter, pull(ANA, Spoken(tuple(packets))))
    assert len(of(TurnEnded, events)) == 1


def test_a_turn_without_end_is_cut_and_nothing_is_lost(models, clips: Path) -> None:
    vad, turns = models
    options = replace(ENDPOINTING, soft_max_turn_ms=60_000, max_turn_ms=1_500)
    segmenter = SpeechSegmenter(vad=vad, detector=turns, options=options)
    spoken = say(speech(clips, "jfk.flac")[round(8.2 * RATE) :])
    ended = of(TurnEnded, listen(segmenter, pull(ANA, spoken)))
    assert len(ended) == 2
    assert ended[0].clip.duration_ms <= 1_900
    sent = [packet for packet in spoken.packets if packet is not None]
    kept = [packet for event in ended for packet in event.clip.packets]
    assert kept == sent[sent.index(kept[0]) :][: len(kept)]


def test_a_slow_detector_is_not_waited_for(models, clips: Path) -> None:
    vad, _ = models

    class Never:
        def ask(self, _samples):
            return Future()

    segmenter = SpeechSegmenter(vad=vad, detector=Never(), options=ENDPOINTING)
    (ended,) = of(TurnEnded, listen(segmenter, pull(ANA, say(speech(clips, "question.wav")))))
    assert ended.completeness is None
    assert ended.waited_ms == ENDPOINTING.waits.wait_ms(
        TurnEndFeatures(completeness=None, speech_ms=1500)
    )


def test_a_failing_detector_is_said_and_time_decides(models, clips: Path, caplog) -> None:
    vad, _ = models

    class Broken:
        def ask(self, _samples):
            answer = Future()
            answer.set_exception(RuntimeError("no such input"))
            return answer

    segmenter = SpeechSegmenter(vad=vad, detector=Broken(), options=ENDPOINTING)
    events = listen(segmenter, pull(ANA, say(speech(clips, "question.wav"))))
    assert of(TurnEnded, events)[0].completeness is None
    assert "no such input" in caplog.text


def test_it_answers_from_its_own_thread(weights, models, clips: Path) -> None:
    vad, _ = models
    turns = TurnDetector(weights("smart-turn-v3.2") / "model.onnx")
    segmenter = SpeechSegmenter(vad=vad, detector=turns, options=ENDPOINTING)
    events = []
    for now_s, frames in pull(ANA, say(speech(clips, "question.wav"))):
        events += segmenter.tick(frames, now_s)
        for speaker in segmenter._speakers.values():
            if speaker._detection:
                speaker._detection[1].exception(timeout=20)
    turns.close()
    assert of(TurnEnded, events)[0].completeness > 0.9


def test_who_is_forgotten_ends_without_a_word(segmenter: SpeechSegmenter, clips: Path) -> None:
    steps = list(pull(ANA, say(speech(clips, "question.wav"))))
    for now_s, frames in steps[:40]:
        segmenter.tick(frames, now_s)
    segmenter.forget(ANA)
    segmenter.forget(BEN)
    assert segmenter.tick([], steps[40][0]) == []
    assert not segmenter._speakers


def test_nothing_is_kept_after_a_turn(segmenter: SpeechSegmenter, clips: Path) -> None:
    spoken = say(speech(clips, "question.wav"))
    steps = list(pull(ANA, spoken))
    for now_s, frames in steps:
        segmenter.tick(frames, now_s)
    audio = segmenter._speakers[ANA]._audio
    assert not audio._turn
    assert not audio._samples
    assert not audio._recent
    segmenter.tick([], steps[-1][0] + 60)
    assert not segmenter._speakers


def test_a_client_that_vanishes_has_gone_silent(segmenter: SpeechSegmenter, clips: Path) -> None:
    steps = list(pull(ANA, say(speech(clips, "question.wav"))))[:60]
    events = [event for now_s, frames in steps for event in segmenter.tick(frames, now_s)]
    for step in range(1, 300):
        events += segmenter.tick([], steps[-1][0] + step * 0.02)
    assert len(of(TurnEnded, events)) == 1


# -- with a voice detector that follows a script: any packets, any losses, any silences -----------


class Script:
    """A decoder and a voice detector: a packet's last byte is how much of it is speech."""

    def __init__(self):
        self.told = []

    def decode(self, packet):
        return np.full(320, packet[-1] / 255, np.float32)

    def conceal(self, samples_48k, following=b""):
        self.told.append(following)
        return np.zeros(samples_48k // 3, np.float32)

    def close(self):
        pass

    def probabilities(self, windows, _memories):
        return [float(window.mean()) for window in windows]

    def ask(self, samples):
        answer: Future[float] = Future()
        answer.set_result(float(len(samples) % 100) / 100)
        return answer


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["speech", "noise", "lost", "silence"]),
        st.integers(1, 60),
        st.floats(0, 0.1),
    ),
    max_size=25,
)


def frames_of(steps: list):
    """(now, frames) of a script, and every packet of it, each different from all others."""
    now_s, timestamp, number = 50.0, 0, 0
    sent = []
    for kind, count, jitter_s in steps:
        if kind == "silence":
            yield now_s, [DtxStarted(ANA, timestamp, now_s)], sent
        for _ in range(count):
            now_s += 0.02
            timestamp += 960
            match kind:
                case "silence":
                    yield now_s, [], sent
                case "lost":
                    yield now_s, [LostSpeech(ANA, timestamp, 960)], sent
                case _:
                    number += 1
                    packet = (
                        b"\xfc"
                        + number.to_bytes(4, "big")
                        + bytes([240 if kind == "speech" else 0])
                    )
                    sent.append(packet)
                    yield now_s + jitter_s, [SpeechPacket(ANA, timestamp, packet, now_s)], sent
    for step in range(200):
        now_s += 0.02
        yield now_s, [DtxStarted(ANA, timestamp, now_s)] if step == 0 else [], sent


FOLLOWS = {
    None: {SpeechBegan},
    SpeechBegan: {SpeechPaused},
    SpeechPaused: {SpeechResumed, TurnEnded},
    SpeechResumed: {SpeechPaused},
    TurnEnded: {SpeechBegan},
}


def test_the_packet_after_a_gap_tells_of_its_last_20_ms() -> None:
    script = Script()
    segmenter = SpeechSegmenter(
        vad=script, detector=script, decoder=lambda: script, options=ENDPOINTING
    )
    first, after = b"\xfc\x00\x00\x00\x01\xf0", b"\xfc\x00\x00\x00\x02\xf0"
    segmenter.tick([SpeechPacket(ANA, 0, first, 50.0)], 50.0)
    gap = [LostSpeech(ANA, 960, 3 * 960), SpeechPacket(ANA, 4 * 960, after, 50.08)]
    segmenter.tick(gap, 50.08)
    assert script.told == [b"", b"", after]


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_events_are_well_formed_and_no_packet_is_lost_or_doubled(steps: list) -> None:
    script = Script()
    options = replace(ENDPOINTING, soft_max_turn_ms=1_500, max_turn_ms=3_000)
    segmenter = SpeechSegmenter(vad=script, detector=script, decoder=Script, options=options)
    last, before, paused = None, -1, None
    for now_s, frames, sent in frames_of(steps):
        for event in segmenter.tick(frames, now_s):
            if isinstance(event, SpeechContinued):
                assert last in (SpeechBegan, SpeechResumed)
                continue
            if isinstance(event, SpeechPartial):
                assert last in (SpeechBegan, SpeechResumed)
                assert event.clip.began_s <= event.clip.ended_s <= event.at_s
                continue
            assert type(event) in FOLLOWS[last]
            last = type(event)
            if isinstance(event, SpeechPaused):
                paused = event.clip
                assert paused.began_s <= paused.ended_s <= event.at_s
            if isinstance(event, TurnEnded):
                assert event.clip is paused
                assert event.clip.speech_ms >= 150
                kept = [sent.index(p) for p in event.clip.packets if p != SILENCE_FRAME]
                assert kept == list(range(kept[0], kept[-1] + 1))
                assert kept[0] > before
                before = kept[-1]
    assert last in {None, TurnEnded}
