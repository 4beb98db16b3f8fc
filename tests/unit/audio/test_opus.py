"""libopus by itself: what it makes of packets, of gaps, and of nonsense."""

import gc

import numpy as np
import pytest

from audio.codec import encode
from audio.constants import SPEECH_RATE_HZ
from audio.errors import AudioError
from audio.opus import OpusDecoder
from audio.silence_frames import SILENCE_FRAME
from tests.fakes.voice_room import speech

PACKETS = [packet for packet in speech() if packet is not None]


@pytest.fixture
def decoder():
    decoder = OpusDecoder()
    yield decoder
    decoder.close()


def loudness(samples):
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def test_stereo_packets_become_16_khz_mono(decoder):
    samples = [decoder.decode(packet) for packet in PACKETS[:50]]
    assert {piece.shape for piece in samples} == {(320,)}
    assert {piece.dtype for piece in samples} == {np.dtype(np.float32)}


def test_a_tone_comes_out_as_loud_and_as_high_as_it_went_in(decoder):
    time = np.arange(2 * SPEECH_RATE_HZ) / SPEECH_RATE_HZ
    tone = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    heard = np.concatenate([decoder.decode(p) for p in encode(tone, SPEECH_RATE_HZ).packets])
    spectrum = np.abs(np.fft.rfft(heard[:SPEECH_RATE_HZ]))
    assert abs(int(np.argmax(spectrum)) - 440) <= 1
    assert abs(loudness(heard[4000:28_000]) / loudness(tone) - 1) < 0.05


def test_silence_is_silent(decoder):
    assert loudness(np.concatenate([decoder.decode(SILENCE_FRAME) for _ in range(5)])) < 1e-6


def test_each_result_is_its_own(decoder):
    first = decoder.decode(PACKETS[40])
    before = first.copy()
    decoder.decode(PACKETS[41])
    assert np.array_equal(first, before)


@pytest.mark.parametrize(
    ("missing", "samples"), [(960, 320), (2880, 960), (48_000, 16_000), (0, 0)]
)
def test_a_gap_is_filled_to_its_length(decoder, missing, samples):
    for packet in PACKETS[:40]:
        decoder.decode(packet)
    assert decoder.conceal(missing).shape == (samples,)
    assert decoder.conceal(missing, PACKETS[42]).shape == (samples,)


def test_a_long_gap_fades_out(decoder):
    loud = max(range(len(PACKETS)), key=lambda i: len(PACKETS[i]))
    for packet in PACKETS[: loud + 1]:
        decoder.decode(packet)
    filled = decoder.conceal(48_000)
    assert loudness(filled[-8000:]) < 0.05 * loudness(filled[:640])


def test_a_short_gap_sounds_like_what_was_there():
    """Concealment is nearer to the truth than silence is, over all of a clip's voiced frames."""
    whole, holed = OpusDecoder(), OpusDecoder()
    wrong = silent = 0.0
    for i, packet in enumerate(PACKETS):
        truth = whole.decode(packet)
        if i % 10 != 9:
            holed.decode(packet)
            continue
        following = PACKETS[i + 1] if i + 1 < len(PACKETS) else b""
        guess = holed.conceal(960, following)
        spectrum, guessed = np.abs(np.fft.rfft(truth)), np.abs(np.fft.rfft(guess))
        wrong += float(np.sum((spectrum - guessed) ** 2))
        silent += float(np.sum(spectrum**2))
    assert wrong < 0.5 * silent


@pytest.mark.parametrize("packet", [b"", b"\xff" * 5, b"\xfb\0", b"\xfb"])
def test_nonsense_is_refused_and_does_no_harm(decoder, packet):
    with pytest.raises(AudioError):
        decoder.decode(packet)
    assert decoder.decode(PACKETS[0]).shape == (320,)


def test_nothing_is_decoded_after_closing(decoder):
    decoder.close()
    decoder.close()
    with pytest.raises(AudioError, match="closed"):
        decoder.decode(PACKETS[0])
    with pytest.raises(AudioError, match="closed"):
        decoder.conceal(960)


def test_decoders_are_freed_with_their_last_owner():
    decoder = OpusDecoder()
    free = decoder._free
    del decoder
    gc.collect()
    assert not free.alive
