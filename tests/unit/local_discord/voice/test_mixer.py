"""Several voices become one stream: nobody alone is put off, nobody late holds up the rest."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio.constants import FRAME_S, FRAME_SAMPLES
from local_discord.voice.mixer import MAX_WAITING_SAMPLES, Mixer

ANA, BEN = 1, 2


def tone(level: float, frames: float = 1) -> np.ndarray:
    return np.full(round(frames * FRAME_SAMPLES), level, np.float32)


def test_one_voice_alone_is_never_put_off():
    mixer = Mixer()
    for number in range(3):
        mixer.put(ANA, tone(0.25), number * FRAME_S)
        [piece] = mixer.pull(number * FRAME_S)
        assert np.all(piece == 0.25)


def test_two_are_added_whoever_comes_first():
    mixer = Mixer()
    mixer.put(ANA, tone(0.25), 0)
    mixer.put(BEN, tone(0.5), 0.001)
    [piece] = mixer.pull(0.001)
    assert np.all(piece == 0.75)


def test_whoever_is_late_is_waited_for_20_ms():
    mixer = Mixer()
    mixer.put(ANA, tone(0.25), 0)
    mixer.put(BEN, tone(0.5), 0)
    mixer.pull(0)
    mixer.put(ANA, tone(0.25), FRAME_S)
    assert mixer.pull(1.9 * FRAME_S) == []
    [piece] = mixer.pull(2 * FRAME_S)
    assert np.all(piece == 0.25)


def test_nobody_waits_for_who_has_fallen_silent_and_their_last_word_is_heard():
    mixer = Mixer()
    mixer.put(BEN, tone(0.5, 0.5), 0)
    mixer.stop(BEN)
    [piece] = mixer.pull(0)
    assert np.all(piece[: FRAME_SAMPLES // 2] == 0.5)
    assert not piece[FRAME_SAMPLES // 2 :].any()
    assert len(mixer) == 0
    mixer.put(ANA, tone(0.25), 1)
    assert len(mixer.pull(1)) == 1


def test_shouting_at_once_is_clipped_and_a_backlog_is_dropped():
    mixer = Mixer()
    mixer.put(ANA, tone(0.9, 100), 0)
    mixer.put(BEN, tone(0.9), 0)
    [piece] = mixer.pull(0)
    assert piece.max() == 1.0
    mixer.stop(BEN)
    assert len(mixer.pull(0)) == MAX_WAITING_SAMPLES // FRAME_SAMPLES - 1


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from([120, 480, 960]), st.booleans()), max_size=60
    )
)
def test_no_sound_is_lost_or_made(facts: list[tuple[int, int, bool]]):
    mixer, now, heard = Mixer(), 0.0, 0.0
    for voice, samples, stops in facts:
        now += 1.5 * FRAME_S
        mixer.put(voice, np.full(samples, 0.125, np.float32), now)
        if stops:
            mixer.stop(voice)
        heard += sum(float(piece.sum()) for piece in mixer.pull(now))
    for voice in (1, 2, 3):
        mixer.stop(voice)
    while len(mixer):
        now += FRAME_S
        heard += sum(float(piece.sum()) for piece in mixer.pull(now))
    assert round(heard / 0.125) == sum(samples for _, samples, _ in facts)
