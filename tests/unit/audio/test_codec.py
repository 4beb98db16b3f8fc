"""Decoding whatever people send, with bounds."""

import wave
from pathlib import Path

import numpy as np
import pytest

from audio.codec import OpusEncoder, decode, decode_stream, encode
from audio.errors import AudioError, NotAudioError, TooLongError
from audio.ogg import OpusStream, mux


def write_wav(path: Path, samples: np.ndarray, rate_hz: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(("name", "seconds"), [("vosk_test.wav", 8.308), ("sr_english.wav", 2.745)])
def test_real_files_become_16_khz_mono(clips, name: str, seconds: float) -> None:
    samples = decode(clips / name, limit_s=60)
    assert samples.dtype == np.float32
    assert len(samples) / 16_000 == pytest.approx(seconds, abs=0.01)
    assert 0.05 < np.abs(samples).max() <= 1


def test_bytes_and_paths_are_the_same(clips) -> None:
    path = clips / "vosk_test.wav"
    assert np.array_equal(decode(path, limit_s=60), decode(path.read_bytes(), limit_s=60))


@pytest.mark.parametrize("data", [b"", b"hello", b"ffconcat version 1.0", b"#EXTM3U\n", b"v=0\r\n"])
def test_what_is_no_audio_says_so_and_what_can_be_read(data: bytes) -> None:
    with pytest.raises(NotAudioError, match=r"WAV, Ogg, FLAC, MP3"):
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
    with pytest.raises(TooLongError, match="3 seconds long; at most 1 seconds"):
        decode(clips / "sr_english.wav", limit_s=1)
    stream = encode(np.zeros(48_000 * 7, np.float32), 48_000)
    with pytest.raises(TooLongError, match="7 seconds long; at most 5 seconds"):
        decode(mux(stream), limit_s=5)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_plain_wav_comes_piece_by_piece(tmp_path: Path, rate_hz: int, channels: int) -> None:
    times = np.repeat(np.arange(rate_hz * 5) / rate_hz, channels)
    path = write_wav(tmp_path / "a.wav", np.sin(times * 440 * 2 * np.pi) / 2, rate_hz, channels)
    pieces = list(decode_stream(path, limit_s=60))
    assert max(map(len, pieces)) <= 17_000
    whole = np.concatenate(pieces)
    assert len(whole) == pytest.approx(80_000, abs=30)
    assert np.argmax(np.abs(np.fft.rfft(whole))) * 16_000 / len(whole) == pytest.approx(440, abs=1)


def test_a_wav_that_was_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    data = write_wav(tmp_path / "a.wav", np.zeros(16_000), 16_000).read_bytes()
    assert len(decode(data[:-7_001], limit_s=60)) == 12_499
    streamed = data[:40] + b"\xff\xff\xff\xff" + data[44:]
    assert len(decode(streamed, limit_s=60)) == 16_000


def test_a_clip_is_encoded_a_second_at_a_time(monkeypatch) -> None:
    """As one frame, FFmpeg made 30,000 objects of 29 minutes: 2.1 GB."""
    import av

    lengths = []
    made = av.AudioFrame.from_ndarray

    def noting(array, **kwargs):
        lengths.append(array.shape[1])
        return made(array, **kwargs)

    class Noting:
        from_ndarray = staticmethod(noting)

    monkeypatch.setattr(av, "AudioFrame", Noting)
    assert encode(np.zeros(16_000 * 30, np.float32), 16_000).duration_ms == 30_000
    assert max(lengths) <= 16_000


@pytest.mark.parametrize("count", [1, 100, 959, 960, 961, 16_000])
def test_the_length_is_kept(count: int) -> None:
    encoder = OpusEncoder(22_050)
    first, last = encoder.encode(np.zeros(count, np.float32)), encoder.finish()
    stream = OpusStream(first.packets + last.packets, 1, 312, last.end_trim)
    assert stream.duration_ms == pytest.approx(count / 22.05, abs=1)


def test_nothing_cannot_be_encoded() -> None:
    with pytest.raises(AudioError):
        encode(np.zeros(0, np.float32), 16_000)
