"""Whatever people send, through FFmpeg in its process: what is read, and what is never opened."""

import asyncio
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest

from audio import codec, isolated, ogg
from audio.codec import decode, decode_stream
from audio.containers import container_of
from audio.errors import AudioError, NotAudioError, StoppedError, TooLongError
from audio.loss import Loss
from audio.pool import SoundPool
from audio.stopping import Stop
from tests.fakes import hostile_media
from tests.fakes.media_files import tone

RATE_HZ = 48_000
SECONDS = 2
TONE_HZ = 440.0

# Of each: the muxer, its encoder, rate, and whether a picture runs beside the sound.
WRITTEN = {
    "wav": ("wav", "pcm_s16le", RATE_HZ, False),
    "wav, 24 bit": ("wav", "pcm_s24le", RATE_HZ, False),
    "wav, float": ("wav", "pcm_f32le", RATE_HZ, False),
    "wav, mu-law": ("wav", "pcm_mulaw", 8_000, False),
    "wav, ADPCM": ("wav", "adpcm_ima_wav", RATE_HZ, False),
    "w64": ("w64", "pcm_s16le", RATE_HZ, False),
    "flac": ("flac", "flac", RATE_HZ, False),
    "mp3": ("mp3", "libmp3lame", RATE_HZ, False),
    "mp2": ("mp2", "mp2", RATE_HZ, False),
    "aac": ("adts", "aac", RATE_HZ, False),
    "m4a": ("ipod", "aac", RATE_HZ, False),
    "alac": ("ipod", "alac", RATE_HZ, False),
    "mp4": ("mp4", "aac", RATE_HZ, True),
    "mov": ("mov", "pcm_s16be", RATE_HZ, True),
    "3gp": ("3gp", "aac", RATE_HZ, False),
    "mkv": ("matroska", "flac", RATE_HZ, True),
    "webm": ("webm", "libopus", RATE_HZ, False),
    "opus": ("ogg", "libopus", RATE_HZ, False),
    "ogg": ("ogg", "vorbis", RATE_HZ, False),
    "ogg, FLAC": ("ogg", "flac", RATE_HZ, False),
    "aiff": ("aiff", "pcm_s16be", RATE_HZ, False),
    "caf": ("caf", "pcm_s16be", RATE_HZ, False),
    "au": ("au", "pcm_s16be", RATE_HZ, False),
    "amr": ("amr", "libopencore_amrnb", 8_000, False),
    "wma": ("asf", "wmav2", 44_100, False),
    "ac3": ("ac3", "ac3", RATE_HZ, False),
    "eac3": ("eac3", "eac3", RATE_HZ, False),
    "wv": ("wv", "wavpack", RATE_HZ, False),
    "avi": ("avi", "libmp3lame", RATE_HZ, True),
    "flv": ("flv", "libmp3lame", 44_100, False),
    "ts": ("mpegts", "aac", RATE_HZ, True),
    "mpg": ("mpeg", "mp2", RATE_HZ, True),
}


def written(muxer: str, encoder: str, rate_hz: int, pictures: bool) -> bytes:
    """Two seconds of a tone."""
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        try:
            layout = "stereo" if encoder == "vorbis" else "mono"  # FFmpeg's own writes no other
            track = container.add_stream(encoder, rate=rate_hz, layout=layout)
            track.bit_rate = 64_000
            track.codec_context.options = {"strict": "experimental"}
        except (ValueError, av.FFmpegError) as e:
            pytest.skip(f"this FFmpeg does not write it: {e}")
        film = container.add_stream("mpeg4", rate=25) if pictures else None
        if film is not None:
            film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
            for number in range(25 * SECONDS):
                picture = av.VideoFrame(64, 48, "yuv420p")
                picture.pts = number
                container.mux(film.encode(picture))
            container.mux(film.encode(None))
        times = np.arange(rate_hz * SECONDS) / rate_hz
        tone = (np.sin(times * TONE_HZ * 2 * np.pi) * 16_000).astype(np.int16)
        both = np.repeat(tone, 2) if layout == "stereo" else tone
        frame = av.AudioFrame.from_ndarray(both[None, :], format="s16", layout=layout)
        frame.sample_rate, frame.pts = rate_hz, 0
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return file.getvalue()


def is_the_tone(samples: np.ndarray) -> bool:
    spectrum = np.abs(np.fft.rfft(samples))
    return abs(np.argmax(spectrum) * 16_000 / len(samples) - TONE_HZ) < 5


@pytest.mark.parametrize("kind", WRITTEN)
def test_what_people_have_is_read(kind: str) -> None:
    samples = decode(written(*WRITTEN[kind]), limit_s=60)
    assert len(samples) / 16_000 == pytest.approx(SECONDS, abs=0.25)
    assert is_the_tone(samples)


ID3 = b"ID3\x04\x00\x00\x00\x00\x01\x48" + bytes(200)


@pytest.mark.parametrize("before", [ID3, ID3 + ID3, ID3 + bytes(500), bytes(300), b"\xff" * 7])
def test_an_mp3_begins_with_tags_or_padding(before: bytes) -> None:
    assert is_the_tone(decode(before + written(*WRITTEN["mp3"]), limit_s=60))


@pytest.mark.parametrize("kind", ["flac", "aac", "wav, 24 bit"])
def test_other_files_have_tags_before_them_too(kind: str) -> None:
    assert is_the_tone(decode(ID3 + written(*WRITTEN[kind]), limit_s=60))


def test_a_picture_among_the_tags_does_no_harm() -> None:
    picture = b"APIC" + (60_000).to_bytes(4, "big") + bytes(2) + b"\0image/png\0\3\0" + b"\x89PNG"
    size = 10 + 60_000
    head = bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
    tag = b"ID3\x03\0\0" + head + picture + bytes(size - len(picture))
    assert is_the_tone(decode(tag + written(*WRITTEN["mp3"]), limit_s=60))


def test_recordings_joined_to_one_ogg_file_are_all_read() -> None:
    one = ogg.mux(codec.encode(np.zeros(16_000, np.float32), 16_000))
    two = ogg.mux(codec.encode(np.zeros(32_000, np.float32), 16_000), serial=2)
    assert len(decode(one + two, limit_s=60)) == pytest.approx(48_000, abs=1_000)


@pytest.mark.parametrize(("first", "second"), [("opus", "mp3"), ("wav", "aac"), ("mp3", "opus")])
def test_of_joined_files_the_quick_way_reads_not_only_the_first(first: str, second: str) -> None:
    samples = decode(tone(first) + tone(second), limit_s=60)
    assert len(samples) / 16_000 == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize(("first", "second"), [("mp3", "opus"), ("flac", "aac"), ("ts", "wav")])
def test_what_follows_a_long_recording_is_read_too(first: str, second: str) -> None:
    whole, loss = tone(first, seconds=20) + tone(second), Loss()
    pieces = list(decode_stream(whole, limit_s=60, loss=loss))
    assert sum(map(len, pieces)) / 16_000 == pytest.approx(22, abs=0.3)
    assert loss.seconds < 0.3


def test_an_index_of_many_kilobytes_is_mended() -> None:
    file = tone("m4a", seconds=200)
    assert len(decode(file[:-333], rate_hz=16_000, limit_s=300)) / 16_000 > 150


def test_the_process_says_how_much_was_lost() -> None:
    whole, loss = written(*WRITTEN["flac"]), Loss()
    pieces = list(decode_stream(whole[: len(whole) // 2], limit_s=60, loss=loss))
    assert loss.seconds == pytest.approx(SECONDS - sum(map(len, pieces)) / 16_000, abs=0.1)
    assert loss.seconds > 0.5


@pytest.mark.parametrize("kind", ["wav", "opus"])
def test_what_is_decoded_here_is_joined_and_truncated_too(kind: str) -> None:
    whole = written(*WRITTEN[kind])
    assert len(decode(whole + whole, limit_s=60)) / 16_000 == pytest.approx(2 * SECONDS, abs=0.1)
    assert is_the_tone(decode(whole[: len(whole) * 2 // 3], limit_s=60))


@pytest.mark.parametrize("clip", ["jfk.flac"])
def test_real_files_become_16_khz_mono(clips, clip: str) -> None:
    samples = decode(clips / clip, limit_s=60)
    assert samples.dtype == np.float32
    assert len(samples) / 16_000 == pytest.approx(11.0, abs=0.01)
    assert 0.05 < np.abs(samples).max() <= 1
    assert np.array_equal(samples, decode((clips / clip).read_bytes(), limit_s=60))


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


@pytest.mark.parametrize("data", [b"RIFF" + bytes(60), b"OggS" + bytes(40), b"fLaC" + bytes(90)])
def test_what_only_begins_like_audio_says_so(data: bytes) -> None:
    with pytest.raises(NotAudioError):
        decode(data, limit_s=60)


def test_ffmpeg_reads_what_we_write_to_the_sample(clips) -> None:
    from audio import isolated

    speech = decode(clips / "jfk.flac", limit_s=60)
    stream = codec.encode(speech, 16_000)
    assert stream.duration_ms == 11_000
    pieces = isolated.pcm(io.BytesIO(ogg.mux(stream)), rate_hz=16_000, limit_s=60)
    theirs = np.frombuffer(b"".join(pieces), np.int16)
    ours = decode(ogg.mux(stream), limit_s=60)
    assert len(theirs) == len(ours) == len(speech)
    assert np.corrcoef(theirs, speech)[0, 1] > 0.9
    assert np.corrcoef(theirs, ours)[0, 1] > 0.999


# What is hostile


@pytest.fixture
def canaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files with sound, in the working folder; nobody may open them."""
    paths = [tmp_path / f"canary.{kind}" for kind in ("wav", "mp3")]  # playlists take not every one
    for path in paths:
        path.write_bytes(written(*WRITTEN[path.suffix[1:]]))
    monkeypatch.chdir(tmp_path)
    return paths


HOSTILE = sorted(hostile_media.hostile("canary.wav", 9))
BY_WHICH_NAME = (".ogg", ".m3u8", ".sdp", ".mpd", ".%03d.wav", "")


def endings(number: int, data: bytes) -> list[str]:
    """What is refused at sight is tried by every name, the others by one each."""
    one = BY_WHICH_NAME[number % len(BY_WHICH_NAME)]
    return list(BY_WHICH_NAME) if container_of(data) is None else [one]


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) > 80


DECODING = """
import json, sys
from pathlib import Path
from audio import codec
from audio.errors import AudioError
from tests.system.audio.test_decoding import is_the_tone
heard, said = [], []
for path in sorted(Path(sys.argv[1]).glob("hostile*")):
    for source in (path, path.read_bytes()):
        try:
            samples = codec.decode(source, limit_s=60)
        except AudioError as e:
            said.append(str(e))
        else:
            if len(samples) > 4_000 and is_the_tone(samples):  # not what is in itself
                heard.append(path.name)
print(json.dumps([heard, said]))
"""
CALLS = "open,openat,openat2,socket,connect,bind,stat,newfstatat,access,faccessat,readlink"


def write_hostile(canaries: list[Path], port: int) -> None:
    """Write those that aim at each canary, beside it and by its whole path; the same one once."""
    seen = set()
    for canary in canaries:
        for aim in (canary.name, str(canary)):
            for number, (what, data) in enumerate(hostile_media.hostile(aim, port).items()):
                for ending in endings(number, data):
                    if (ending, data) in seen:
                        continue  # it aims at the port, or at nothing by name
                    seen.add((ending, data))
                    name = f"hostile {len(seen)}, {what.replace('/', ' ')}{ending}"
                    canary.with_name(name).write_bytes(data)


@pytest.mark.timeout(600)
def test_nothing_hostile_opens_anything(canaries: list[Path], tmp_path: Path) -> None:
    """Not as heard, nor as the kernel saw it: no call on a canary, and no socket, not even one
    that failed."""
    log = tmp_path / "trace"
    with socket.create_server(("127.0.0.1", 0)) as server:
        write_hostile(canaries, server.getsockname()[1])
        may_trace = shutil.which("strace") and not subprocess.call(["strace", "true"])
        traced = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "300", "-o", str(log)]
        done = subprocess.run(
            [
                *([*traced, "-e", f"trace={CALLS}"] if may_trace else ()),
                *(sys.executable, "-c", DECODING, str(tmp_path)),
            ],
            env={"PYTHONPATH": str(Path(__file__).parents[3])},
            check=False,
            capture_output=True,
        )
    assert done.returncode == 0, done.stderr
    heard, said = json.loads(done.stdout)
    assert not heard
    assert not [words for words in said if "\n" in words or "canary" in words]
    if not may_trace:
        pytest.skip("nothing was heard; strace, which sees more, may not trace here")
    lines = log.read_text(errors="replace").splitlines()
    assert any("decoder.py" in line for line in lines)
    assert not [line for line in lines if "canary" in line]
    assert not [line for line in lines if "AF_INET" in line or "AF_NETLINK" in line]
    assert not [line for line in lines if "EMFILE" in line]  # what is refused was wanted


NAMES = [
    "memo-2024-05-01T10:30.wav",
    "tcp:1.wav",
    "pipe:0",
    "file:q.wav",
    "data:,x",
    "concat:canary.wav|canary.wav",
    "subfile,,start,0,end,9,,:canary.wav",
    "cache:canary.wav",
    "crypto:canary.wav",
    "img%03d.wav",
    "lavfi:sine",
    "-",
    "--",
    "a\nb.wav",
    "ünï.wav",
    "x.m3u8",
    "x.sdp",
]


@pytest.mark.parametrize("kind", ["wav", "flac"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name(tmp_path: Path, monkeypatch, name: str, kind: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.write_bytes(written(*WRITTEN[kind]))
    assert is_the_tone(decode(Path(name), limit_s=60))
    assert is_the_tone(decode(path, limit_s=60))


def test_a_process_that_reads_too_much_is_refused_the_memory() -> None:
    for data in (hostile_media.hungry_movie(), hostile_media.many_attachments(5_000_000)):
        with pytest.raises(AudioError):
            decode(data, limit_s=60)


def test_a_file_that_only_costs_time_is_given_up() -> None:
    with pytest.raises(NotAudioError, match="too many resources"):
        decode(hostile_media.many_comments(400_000), limit_s=60)


async def test_who_leaves_stops_the_process() -> None:
    """The file would take the processor for minutes; who waits for it is cancelled."""
    pool, ended, begun = SoundPool(1), threading.Event(), threading.Event()
    data = hostile_media.many_comments(400_000)
    errors: list[BaseException] = []

    def work(stop: Stop) -> None:
        with stop.calling(lambda: None):
            begun.set()
            try:
                decode_with(stop)
            except BaseException as e:
                errors.append(e)
                raise
            finally:
                ended.set()

    def decode_with(stop: Stop) -> None:
        for _ in decode_stream(data, limit_s=60, stop=stop):
            pass

    task = asyncio.ensure_future(pool.run(work))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(ended.wait)
    assert isinstance(errors[0], StoppedError)


def test_it_is_stopped_between_two_pieces() -> None:
    for kind in ("wav", "flac", "opus"):
        stop = Stop()
        pieces = decode_stream(written(*WRITTEN[kind]), rate_hz=16_000, limit_s=60, stop=stop)
        assert len(next(pieces))
        stop.set()
        with pytest.raises(StoppedError):
            for _ in pieces:
                pass


def test_what_is_left_unread_leaves_no_process() -> None:
    def children() -> set[str]:
        return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())

    before = children()
    pieces = decode_stream(written(*WRITTEN["flac"]), limit_s=60)
    next(pieces)
    pieces.close()
    assert children() <= before


async def test_so_many_work_at_once() -> None:
    pool, gate, lock = SoundPool(2), threading.Event(), threading.Lock()
    now = [0, 0]

    def work(_: int, stop: Stop) -> None:
        with lock:
            now[0] += 1
            now[1] = max(now)
        gate.wait()
        with lock:
            now[0] -= 1

    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(pool.run(partial(work, number)))
        await asyncio.sleep(0)
        gate.set()
    assert now[1] <= 2


def test_a_process_that_dies_while_it_is_handed_a_part_is_told_of_in_words(monkeypatch) -> None:
    started, serve_part = isolated._started, isolated._serve_part
    processes: list[subprocess.Popen[bytes]] = []

    def start(asked: str) -> subprocess.Popen[bytes]:
        processes.append(started(asked))
        return processes[-1]

    def serve_part_late(*given) -> None:
        processes[-1].kill()
        processes[-1].wait()
        serve_part(*given)

    monkeypatch.setattr(isolated, "_started", start)
    monkeypatch.setattr(isolated, "_serve_part", serve_part_late)
    with pytest.raises(NotAudioError):
        decode(written(*WRITTEN["mp3"])[:5000], limit_s=60)
    assert processes[-1].returncode is not None
