"""Decoding whatever people send, with bounds."""

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from audio.codec import OpusEncoder, decode, encode
from audio.errors import AudioError, NotAudioError, TooLongError
from audio.ogg import OpusStream


def write_wav(path: Path, samples: np.ndarray, rate_hz: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(("name", "seconds"), [("jfk.flac", 11.0), ("sr_english.wav", 2.745)])
def test_real_files_become_16_khz_mono(clips, name: str, seconds: float) -> None:
    samples = decode(clips / name, limit_s=60)
    assert samples.dtype == np.float32
    assert len(samples) / 16_000 == pytest.approx(seconds, abs=0.01)
    assert 0.05 < np.abs(samples).max() <= 1


def test_bytes_and_paths_are_the_same(clips) -> None:
    path = clips / "vosk_test.wav"
    assert np.array_equal(decode(path, limit_s=60), decode(path.read_bytes(), limit_s=60))


@pytest.mark.parametrize("data", [b"", b"hello", b"RIFF" + bytes(60), b"OggS" + bytes(40)])
def test_what_is_no_audio_says_so(data: bytes) -> None:
    with pytest.raises(NotAudioError):
        decode(data, limit_s=60)


def test_a_header_without_sound_says_so(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "empty.wav", np.zeros(0), 16_000)
    with pytest.raises(NotAudioError):
        decode(path, limit_s=60)


def test_tags_in_an_old_encoding_do_no_harm(tmp_path: Path) -> None:
    data = write_wav(tmp_path / "a.wav", np.zeros(16_000), 16_000).read_bytes()
    tag = b"INAM" + (4).to_bytes(4, "little") + b"caf\xe9"
    tags = b"LIST" + (len(tag) + 4).to_bytes(4, "little") + b"INFO" + tag
    header, sound = data[12:36], data[36:]
    body = b"WAVE" + header + tags + sound
    assert len(decode(b"RIFF" + len(body).to_bytes(4, "little") + body, limit_s=60)) == 16_000


def test_a_long_file_is_refused_by_its_header(clips) -> None:
    with pytest.raises(TooLongError, match="11 seconds long; at most 5 seconds"):
        decode(clips / "jfk.flac", limit_s=5)


def test_a_file_that_does_not_tell_its_length_is_stopped_while_reading() -> None:
    with pytest.raises(TooLongError):
        decode(live_recording(seconds=20), limit_s=5)


def live_recording(*, seconds: int) -> bytes:
    """Matroska as a live encoder writes it: no duration in the header."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska", options={"live": "1"}) as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for _ in range(seconds):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), layout="mono")
            frame.sample_rate = 16_000
            container.mux(stream.encode(frame))
    return file.getvalue()


@pytest.mark.parametrize("count", [1, 100, 959, 960, 961, 16_000])
def test_the_length_is_kept(count: int) -> None:
    encoder = OpusEncoder(22_050)
    first, last = encoder.encode(np.zeros(count, np.float32)), encoder.finish()
    stream = OpusStream(first.packets + last.packets, 1, 312, last.end_trim)
    assert stream.duration_ms == pytest.approx(count / 22.05, abs=1)


def test_nothing_cannot_be_encoded() -> None:
    with pytest.raises(AudioError):
        encode(np.zeros(0, np.float32), 16_000)
