"""A decoder that saves what can be saved; here without its process."""

import contextlib
import io
import struct
from collections.abc import Callable

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio import cut_index, media, ogg, parts
from audio.errors import AudioError, NotAudioError, TooLongError
from audio.loss import Loss
from tests.fakes.media_files import KINDS, TONE_HZ, tone

RATE_HZ = 16_000
ID3V1 = b"TAG" + bytes(125)

BOXES = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"stts", b"stsz", b"mdat", b"junk"]


def heard(data: bytes, *, limit_s: float = 60.0) -> tuple[np.ndarray, float]:
    """The samples, and how many seconds could not be read."""
    loss = Loss()
    pieces = media.pcm(io.BytesIO(data), rate_hz=RATE_HZ, limit_s=limit_s, loss=loss)
    return np.frombuffer(b"".join(pieces), np.int16), loss.seconds


def seconds_of_the_tone(samples: np.ndarray) -> float:
    """How long the tone is heard, counted in tenths of a second."""
    frame = RATE_HZ // 10
    rows = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(rows * np.hanning(frame)))
    at = round(TONE_HZ / 10)
    around = spectrum[:, at - 2 : at + 3].max(axis=1)
    return float(np.count_nonzero(around > 0.5 * spectrum.max(axis=1).clip(1e3))) / 10


def damaged(data: bytes, at: int, size: int) -> bytes:
    return data[:at] + np.random.default_rng(at).bytes(size) + data[at + size :]


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_recording_has_lost_nothing(kind: str) -> None:
    samples, lost_s = heard(tone(kind))
    assert seconds_of_the_tone(samples) == pytest.approx(2, abs=0.2)
    assert lost_s < 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_recordings_joined_to_one_file_are_all_heard(kind: str) -> None:
    samples, lost_s = heard(tone(kind) + tone(kind) + tone(kind))
    assert seconds_of_the_tone(samples) == pytest.approx(6, abs=0.5)
    assert lost_s < 0.25


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"kind": "mp3"}, {"kind": "mp3", "rate_hz": 22_050, "layout": "stereo"}),
        ({"kind": "mp3", "rate_hz": 48_000, "layout": "stereo"}, {"kind": "mp3, 8 kHz"}),
        ({"kind": "wav"}, {"kind": "wav", "rate_hz": 8_000, "layout": "stereo"}),
        ({"kind": "flac"}, {"kind": "flac", "rate_hz": 16_000, "layout": "stereo"}),
        ({"kind": "aac"}, {"kind": "aac", "rate_hz": 22_050, "layout": "stereo"}),
        ({"kind": "m4a"}, {"kind": "alac", "rate_hz": 44_100, "layout": "stereo"}),
        ({"kind": "opus", "layout": "stereo"}, {"kind": "opus", "rate_hz": 16_000}),
        ({"kind": "opus"}, {"kind": "ogg, FLAC", "rate_hz": 44_100}),
        ({"kind": "wav"}, {"kind": "mp3"}),
        ({"kind": "m4a"}, {"kind": "wav, 24 bit"}),
        ({"kind": "aiff"}, {"kind": "flac"}),
        ({"kind": "caf"}, {"kind": "opus"}),
    ],
    ids=str,
)
def test_joined_recordings_may_differ_in_everything(first: dict, second: dict) -> None:
    samples, lost_s = heard(tone(**first) + tone(**second))
    assert seconds_of_the_tone(samples) == pytest.approx(4, abs=0.4)
    assert lost_s < 0.25


RF64 = (("rf64", "always"),)


def without_length(data: bytes, field: bytes, at: int, length: bytes = b"\xff" * 4) -> bytes:
    """The file as a pipe's writer leaves it: it could not go back to fill in the length."""
    start = data.index(field) + at
    return data[:start] + length + data[start + len(length) :]


UNSTATED: dict[str, Callable[[], bytes]] = {
    "wav": lambda: without_length(tone("wav"), b"data", 4),
    "wav, 24 bit": lambda: without_length(tone("wav, 24 bit"), b"data", 4),
    "wav, 24 bit, by SoX": lambda: without_length(
        tone("wav, 24 bit"), b"data", 4, b"\0\xf0\xff\x7f"
    ),
    "wav, 24 bit, by ALSA": lambda: without_length(tone("wav, 24 bit"), b"data", 4, b"\0\0\0\x80"),
    "aiff": lambda: without_length(tone("aiff"), b"SSND", 4, b"\x7f\0\0\x08"),
    "w64": lambda: without_length(tone("w64"), b"riff", 16, b"\xff" * 8),
    "avi": lambda: without_length(tone("avi"), b"movi", -4, bytes(4)),
    "avi, by others": lambda: without_length(tone("avi"), b"movi", -4),
    "au": lambda: without_length(tone("au"), b".snd", 8),
    "au, by SoX": lambda: without_length(tone("au"), b".snd", 8, b"\x7f\xff\xf0\0"),
    "rf64": lambda: tone("wav", options=RF64),
}
"""Made when a test needs them: every process of a run imports this module."""


@pytest.mark.parametrize("kind", UNSTATED)
def test_a_recording_whose_length_is_not_in_its_place_is_heard_to_its_end(kind: str) -> None:
    samples, lost_s = heard(UNSTATED[kind]())
    assert seconds_of_the_tone(samples) == pytest.approx(2, abs=0.2)
    assert lost_s < 0.1


@pytest.mark.parametrize("second", ["flac", "wav", "rf64"])
@pytest.mark.parametrize("first", UNSTATED)
def test_what_follows_such_a_recording_is_heard_too(first: str, second: str) -> None:
    samples, lost_s = heard(
        UNSTATED[first]() + (UNSTATED[second]() if second in UNSTATED else tone(second))
    )
    assert seconds_of_the_tone(samples) == pytest.approx(4, abs=0.4)
    assert lost_s < 0.25


@pytest.mark.parametrize("number", range(len(KINDS)), ids=list(KINDS))
@pytest.mark.parametrize("step", [1, 4, 9, 13])
def test_recordings_of_different_formats_are_all_heard(number: int, step: int) -> None:
    """Of each format four others follow; all 576 pairs were heard so once."""
    first, second = (list(KINDS)[at % len(KINDS)] for at in (number, number + step))
    samples, _ = heard(tone(first, seconds=1) + tone(second, seconds=1))
    assert seconds_of_the_tone(samples) == pytest.approx(2, abs=0.3)


@pytest.mark.parametrize("second", ["flac", "mp3", "opus", "wav"])
@pytest.mark.parametrize("first", ["wav", "caf", "au", "opus", "mp3", "aac", "amr", "wma", "wv"])
def test_a_truncated_recording_does_not_swallow_the_next(first: str, second: str) -> None:
    whole = tone(first, seconds=3)
    samples, _ = heard(whole[: len(whole) * 2 // 3] + tone(second))
    assert seconds_of_the_tone(samples) == pytest.approx(4, abs=1.1)


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "wv", "m4a"])
def test_tags_between_joined_recordings_are_no_end(kind: str) -> None:
    samples, _ = heard(tone(kind) + ID3V1 + tone(kind))
    assert seconds_of_the_tone(samples) == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_appended_does_no_harm(kind: str) -> None:
    for junk in (bytes(5_000), b"\xff" * 300, b"<html>not found</html>" * 20, ID3V1):
        samples, _ = heard(tone(kind) + junk)
        assert seconds_of_the_tone(samples) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"m4a", "alac", "3gp", "caf, ALAC"}))
def test_a_truncated_recording_is_heard_as_far_as_it_goes(kind: str) -> None:
    whole = tone(kind, seconds=6)
    samples, _ = heard(whole[: len(whole) * 2 // 3])
    assert seconds_of_the_tone(samples) == pytest.approx(4, abs=1.1)


@pytest.mark.parametrize("tenths", [2, 5, 9])
@pytest.mark.parametrize(
    "kind", ["flac", "aiff", "webm", "wav", "wav, 24 bit", "w64", "caf", "au", "wma", "wv"]
)
def test_what_the_header_promises_and_the_file_lacks_is_lost(kind: str, tenths: int) -> None:
    whole = tone(kind, seconds=6)
    samples, lost_s = heard(whole[: len(whole) * tenths // 10])
    assert lost_s == pytest.approx(6 - len(samples) / RATE_HZ, abs=0.8)


@pytest.mark.parametrize("missing", [1, 98, 333, 700])
@pytest.mark.parametrize("kind", ["m4a", "alac", "3gp"])
def test_a_movie_whose_index_is_truncated_is_heard_as_far_as_it_tells(
    kind: str, missing: int
) -> None:
    whole = tone(kind, seconds=20)
    samples, lost_s = heard(whole[:-missing])
    heard_s = len(samples) / RATE_HZ
    assert seconds_of_the_tone(samples) == pytest.approx(heard_s, abs=0.3)
    assert heard_s > 6
    assert lost_s == pytest.approx(20 - heard_s, abs=0.1)


@pytest.mark.parametrize("kind", ["m4a", "alac", "3gp", "caf, ALAC"])
def test_a_movie_without_an_index_says_so(kind: str) -> None:
    whole = tone(kind, seconds=6)
    for tenths in range(1, 10):
        with pytest.raises(NotAudioError, match="no index of its audio"):
            heard(whole[: len(whole) * tenths // 10])


def test_lengths_of_64_bits_lead_nowhere() -> None:
    for kind, at in (("wma", 23), ("w64", 23), ("caf", 19)):
        whole = bytearray(tone(kind))
        whole[at] = 0x80
        with contextlib.suppress(NotAudioError):
            heard(bytes(whole))
    movie = b"\0\0\0\1" + b"mdat" + b"\xff" * 8 + bytes(40)
    assert cut_index.with_whole_index(io.BytesIO(movie), 0) is None


def test_a_damaged_block_of_wavpack_costs_only_itself() -> None:
    whole = tone("wv", seconds=6)
    at = whole.index(b"wvpk", len(whole) // 2)
    samples, _ = heard(whole[:at] + bytes(130) + whole[at + 130 :])
    assert seconds_of_the_tone(samples) > 4


@pytest.mark.parametrize("kind", ["mp3", "aac", "m4a", "opus", "flac"])
@pytest.mark.parametrize("sign", [b"RIFF....AVI LIST", b"fLaC\0\0\0\x22", b"#!AMR\n\xff"])
def test_damage_that_looks_like_a_signature_is_damage(kind: str, sign: bytes) -> None:
    whole = tone(kind, seconds=6)
    at = len(whole) // 2
    samples, _ = heard(whole[:at] + sign + whole[at + len(sign) :])
    assert seconds_of_the_tone(samples) > 4


def test_many_parts_are_not_as_many_searches_of_what_follows(monkeypatch) -> None:
    size, searched = 5_000_000, []
    search = parts.next_opener

    def noting(file: io.BytesIO, start: int, **given) -> parts.Opener | None:
        found = search(file, start, **given)
        searched.append((size if found is None else found.at) - start)
        return found

    monkeypatch.setattr(parts, "next_opener", noting)
    head = bytearray(tone("wav")[:2_000])
    at = head.index(b"data") + 4
    head[at : at + 4] = (size // 2).to_bytes(4, "little")  # what each of them claims
    whole = io.BytesIO((bytes(head) * 100).ljust(size, b"\x80"))
    assert len(list(parts.parts(whole))) == 100
    assert sum(searched) < 3 * size


@pytest.mark.parametrize("lengths", [[20, 20], [8], [8, 20], [20, 8]])
def test_a_table_of_lengths_may_be_short_or_there_twice(lengths: list[int]) -> None:
    boxes = b"".join(n.to_bytes(4, "big") + b"stsz" + bytes(n - 8) for n in lengths)
    table = b"\0\0\0\x08stsd" + b"\0\0\0\x08stts" + boxes
    movie = b"\0\0\0\x08mdat" + b"".join((1000).to_bytes(4, "big") + name for name in BOXES[:5])
    cut_index.with_whole_index(io.BytesIO(movie + table), 0)


def test_an_index_of_very_many_tracks_costs_little() -> None:
    tracks = b"".join(b"\0\0\0\x0ctrak" + n.to_bytes(4, "big") for n in range(100_000))
    movie = b"\0\0\0\x08mdat" + b"\xff\0\0\0moov" + tracks + b"\0\0\1\0trak"
    assert cut_index.with_whole_index(io.BytesIO(movie), 0) is None


@given(st.lists(st.sampled_from(BOXES), max_size=12), st.integers(0, 400))
def test_any_boxes_are_mended_or_not(names: list[bytes], length: int) -> None:
    nested = b"".join(length.to_bytes(4, "big") + name for name in names)
    movie = b"\0\0\0\x10ftyp" + b"isom" + bytes(4) + b"\0\0\0\x08" + b"mdat" + nested
    spliced = cut_index.with_whole_index(io.BytesIO(movie), 0)
    assert spliced is None or len(spliced.read(10_000)) <= spliced.size


def test_a_movie_whose_index_comes_first_is_heard_as_far_as_it_goes(tmp_path) -> None:
    path = tmp_path / "movie.m4a"
    with (
        av.open(io.BytesIO(tone("m4a", seconds=6))) as given,
        av.open(path, "w", format="ipod", options={"movflags": "faststart"}) as made,
    ):
        track = made.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(audio=0):
            if packet.dts is not None:
                packet.stream = track
                made.mux(packet)
    whole = path.read_bytes()
    samples, lost_s = heard(whole[: len(whole) // 2])
    assert seconds_of_the_tone(samples) == pytest.approx(3, abs=0.5)
    assert lost_s == pytest.approx(3, abs=0.5)


@pytest.mark.parametrize("muxer", ["mp4", "matroska", "mov"])
def test_what_a_film_shows_after_its_sound_is_no_loss(muxer: str) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        track = container.add_stream("aac", rate=48_000, layout="mono")
        film = container.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        for number in range(25 * 8):
            picture = av.VideoFrame(64, 48, "yuv420p")
            picture.pts = number
            container.mux(film.encode(picture))
        container.mux(film.encode(None))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 96_000), np.int16), layout="mono")
        frame.sample_rate, frame.pts = 48_000, 0
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    samples, lost_s = heard(file.getvalue(), limit_s=5)
    assert len(samples) / RATE_HZ == pytest.approx(2, abs=0.1)
    assert lost_s < 0.1


def opus_in_caf(seconds: int) -> bytes:
    """As iPhones send voice messages. Source: Apple's Core Audio Format Specification 1.0."""
    packets = ogg.demux(tone("opus", seconds=seconds)).packets
    sizes = b"".join(
        bytes([0x80 | len(one) >> 7, len(one) & 0x7F]) if len(one) > 0x7F else bytes([len(one)])
        for one in packets
    )
    chunks = {
        b"desc": struct.pack(">d4sIIIII", 48_000.0, b"opus", 0, 0, 960, 1, 0),
        b"pakt": struct.pack(">qqii", len(packets), len(packets) * 960, 312, 0) + sizes,
        b"data": bytes(4) + b"".join(packets),
    }
    body = b"".join(name + struct.pack(">q", len(one)) + one for name, one in chunks.items())
    return b"caff\0\1\0\0" + body


def test_opus_in_core_audio_is_heard_joined_and_damaged() -> None:
    whole = opus_in_caf(4)
    assert seconds_of_the_tone(heard(whole)[0]) == pytest.approx(4, abs=0.3)
    assert seconds_of_the_tone(heard(whole + whole)[0]) == pytest.approx(8, abs=0.5)
    assert seconds_of_the_tone(heard(damaged(whole, len(whole) // 2, 200))[0]) > 3.5


@pytest.mark.parametrize("length", [2**62, 2**63 - 1, 2**64 - 1])
def test_a_chunk_longer_than_any_file_is_no_place_to_go_to(length: int) -> None:
    whole = tone("caf")
    at = whole.index(b"free") if b"free" in whole else whole.index(b"data")
    data = whole[: at + 4] + struct.pack(">Q", length) + whole[at + 12 :]
    with contextlib.suppress(AudioError):
        heard(data)


def test_without_its_index_a_movie_is_refused_with_that_reason() -> None:
    whole = tone("m4a")
    with pytest.raises(NotAudioError, match="no index"):
        heard(whole[: len(whole) // 2])


@pytest.mark.parametrize("kind", ["amr", "mp3, 8 kHz"])
def test_packets_that_cannot_be_decoded_are_told(kind: str) -> None:
    whole = tone(kind, seconds=6)
    samples, lost_s = heard(damaged(whole, len(whole) // 2, 400))
    assert lost_s > 0.05
    assert seconds_of_the_tone(samples) + lost_s == pytest.approx(6, abs=0.3)


def test_a_damaged_page_of_ogg_is_told() -> None:
    whole = tone("opus", seconds=6)
    samples, lost_s = heard(damaged(whole, len(whole) // 2, 200))
    assert seconds_of_the_tone(samples) == pytest.approx(5, abs=0.3)
    assert lost_s == pytest.approx(1, abs=0.3)


HEADERS = 6_000
"""Before this, the containers have their headers; without these some cannot be read."""
INDEX = 3_000
"""After this from the end, some have their index."""


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(KINDS.keys() - {"flv"})),  # whose lengths FFmpeg believes
    st.floats(0, 1),
    st.integers(1, 400),
    st.randoms(use_true_random=False),
)
def test_damage_costs_only_what_is_damaged(kind: str, where: float, size: int, random) -> None:
    whole = tone(kind, seconds=6)
    first, last = min(HEADERS, len(whole) // 3), len(whole) - INDEX - size
    at = first + int(where * (last - first))
    samples, _ = heard(whole[:at] + random.randbytes(size) + whole[at + size :])
    assert seconds_of_the_tone(samples) > 3


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("m4a", struct.pack(">I4sQ", 1, b"free", 2**64 - 1)),
        ("wma", bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c") + b"\xff" * 8),
    ],
    ids=["m4a", "wma"],
)
def test_a_length_that_no_file_can_have_costs_nothing(kind: str, damage: bytes) -> None:
    samples, _ = heard(tone(kind, seconds=2) + damage)
    assert seconds_of_the_tone(samples) > 1.5


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_damage_anywhere_raises_nothing_but_our_own_error(kind: str, data) -> None:
    content = bytearray(tone(kind))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 400))] = data.draw(st.binary(max_size=400))
    with contextlib.suppress(AudioError):
        _, lost_s = heard(bytes(content))
        assert 0 <= lost_s <= 24 * 3600


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_damage_ends_with_one_error(kind: str) -> None:
    whole = tone(kind)
    data = whole[:64] + np.random.default_rng(1).bytes(200_000)
    with contextlib.suppress(NotAudioError):
        assert len(heard(data, limit_s=1000)[0])  # PCM has no damage, only noise


def test_a_guessed_length_refuses_nothing() -> None:
    """FFmpeg takes the first frame's bit rate for all; here that gives the fourfold length."""
    quiet = tone("aac", seconds=1)
    assert len(heard(quiet * 4, limit_s=5)[0]) < 5 * RATE_HZ


def test_a_joined_file_counts_as_one() -> None:
    with pytest.raises(TooLongError):
        heard(tone("wav") * 6, limit_s=10)


def test_a_false_length_in_a_header_is_not_believed() -> None:
    whole = bytearray(tone("flac"))
    whole[21:26] = bytes([whole[21] | 0x0F]) + b"\xff\xff\xff\xff"  # the number of samples
    samples, _ = heard(bytes(whole))
    assert seconds_of_the_tone(samples) == pytest.approx(2, abs=0.2)


def test_more_formats_than_a_recording_has() -> None:
    rates = (8_000, 16_000, 24_000, 48_000)
    data = b"".join(tone("mp3", seconds=1, rate_hz=rate) for rate in rates * 5)
    assert seconds_of_the_tone(heard(data)[0]) == pytest.approx(20, abs=2.5)


def test_pyav_has_the_errors_that_are_caught() -> None:
    assert issubclass(av.error.InvalidDataError, av.FFmpegError)
