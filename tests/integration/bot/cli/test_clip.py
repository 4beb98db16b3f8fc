"""Files that a person names: regular ones are read whatever they are called, all others refused."""

import base64
import errno
import io
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from audio import codec, ogg
from bot.cli import clip
from bot.cli.clip import read_clip, read_clips, read_text, require_all, save_reply
from bot.contract import Audio, Request, Source, System
from bot.contract.penny import audio_input, converse
from bot.contract.recordings import clips_of
from bot.errors import BadInput, JobFailed, TooLarge
from tests.fakes.media_files import tone

TONE = (np.sin(np.arange(32_000) / 10) / 2).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def odd(folder: Path, kind: str) -> Path:
    path = folder / "question.wav"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "empty":
            path.touch()
        case "loop":
            path.symlink_to(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as one:
                one.bind("question.wav")
        case "missing":
            pass
        case device:
            path.symlink_to(device)
    return path


KINDS = {
    "pipe": "a pipe, a device or a socket",
    "socket": "a pipe, a device or a socket",
    "/dev/zero": "a pipe, a device or a socket",
    "/dev/urandom": "a pipe, a device or a socket",
    "/dev/null": "a pipe, a device or a socket",
    "folder": "is a folder",
    "/tmp": "is a folder",
    "empty": "is empty",
    "missing": "There is no file",
    "loop": "cannot be read",
    "/proc/self/mem": "is empty",
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_refused_in_one_line(folder: Path, kind: str) -> None:
    path = odd(folder, kind)
    for read in (
        lambda: read_clip(path, language=None, limit_s=60),
        lambda: read_text(path, limit_bytes=1000),
    ):
        with pytest.raises(BadInput, match=KINDS[kind]) as caught:
            read()
        assert "\n" not in str(caught.value)


SPANISH = "El niño comió piñones en la montaña; ¡qué frío!"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_text_is_read_in_its_encoding(folder: Path, encoding: str, capsys) -> None:
    Path("notas.txt").write_bytes(SPANISH.encode(encoding))
    assert read_text(Path("notas.txt"), limit_bytes=1000) == SPANISH
    told = capsys.readouterr().err
    is_guessed = encoding in {"utf-16-le", "cp1252"}
    assert told == (
        f"notas.txt does not say how it is encoded; it is read as {encoding}.\n"
        if is_guessed
        else ""
    )


def test_a_recording_is_no_text_and_the_way_to_one_is_told(folder: Path) -> None:
    Path("memo.txt").write_bytes(tone("m4a"))
    with pytest.raises(BadInput, match="is a recording") as caught:
        read_text(Path("memo.txt"), limit_bytes=1_000_000)
    assert "transcribe" in caught.value.hint


@pytest.mark.parametrize("kind", ["caf", "amr", "mp3, 8 kHz", "3gp", "webm", "m4a"])
def test_a_recording_needs_no_name(folder: Path, kind: str, capsys) -> None:
    Path("memo").write_bytes(tone(kind))
    data = read_clip(Path("memo"), language=None, limit_s=60).data
    assert ogg.demux(base64.b64decode(str(data))).duration_ms == pytest.approx(2000, abs=100)
    assert not capsys.readouterr().err


def test_several_recordings_stay_several(folder: Path, capsys) -> None:
    kinds = {"1.caf": ("caf", 1), "2": ("mp3, 8 kHz", 2), "3.mp4": ("m4a", 3)}
    for name, (kind, seconds) in kinds.items():
        Path(name).write_bytes(tone(kind, seconds=seconds))
    paths = [Path(name) for name in kinds]
    given, refused = read_clips(paths, language="es", limit_s=60)
    request = converse(given, source=Source(system=System.DECK))
    clips = clips_of(Request.model_validate_json(request.model_dump_json()))
    assert [one.name for one in clips] == list(kinds)
    lengths_ms = [ogg.demux(base64.b64decode(one.data)).duration_ms for one in clips]
    assert lengths_ms == pytest.approx([1000, 2000, 3000], abs=100)
    assert request.input.language == "es"
    assert not refused
    assert not capsys.readouterr().err


def test_of_several_the_unreadable_are_told_and_left_out(folder: Path, capsys) -> None:
    Path("1.caf").write_bytes(tone("caf"))
    Path("2.mp4").write_bytes(b"no sound")
    Path("3.ogg").write_bytes(tone("opus", seconds=6))
    paths = [Path("1.caf"), Path("2.mp4"), Path("3.ogg"), Path("4.ogg")]
    given, refused = read_clips(paths, language=None, limit_s=4)
    assert [one["name"] for one in given.data["recordings"]] == ["1.caf"]
    assert refused == ("2.mp4", "3.ogg", "4.ogg")
    told = capsys.readouterr().err
    for words in ("2.mp4: ", "cannot be read as audio", "3.ogg: ", "There is no file 4.ogg"):
        assert words in told
    with pytest.raises(BadInput, match=r"left out: 2\.mp4, 3\.ogg, 4\.ogg"):
        require_all(refused)
    with pytest.raises(BadInput, match="There is no file"):
        read_clips(paths[3:] * 2, language=None, limit_s=4)
    with pytest.raises(BadInput, match="At most 10"):
        read_clips(paths * 4, language=None, limit_s=60)


def test_what_is_lost_of_a_recording_is_told(folder: Path, capsys) -> None:
    whole = tone("flac", seconds=6)
    Path("memo.flac").write_bytes(whole[: len(whole) // 2])
    read_clip(Path("memo.flac"), language=None, limit_s=60)
    assert "memo.flac is damaged: about 3 s could not be read." in capsys.readouterr().err


def test_a_name_that_no_file_can_have(folder: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_text(folder / "a\0b", limit_bytes=10)


@pytest.mark.parametrize(
    "name", ["memo-10:30.wav", "tcp:1.wav", "pipe:0", "file:q.wav", "concat:a|b", "a%03d.wav", "-"]
)
def test_any_name_will_do(folder: Path, name: str) -> None:
    Path(name).write_bytes(codec.wav(TONE, 16_000))
    link = Path("link")
    link.symlink_to(name)
    for path in (Path(name), folder / name, link):
        sent = Audio(data=read_clip(path, language=None, limit_s=60).data).file()
        assert ogg.demux(sent).duration_ms == 2000


@pytest.mark.parametrize(
    "words", [b"ffconcat version 1.0\nfile 'secret.wav'\n", b"#EXTM3U\nsecret.wav\n", b"v=0\r\n"]
)
@pytest.mark.parametrize("name", ["a.wav", "a.m3u8", "a.sdp"])
def test_a_playlist_is_no_recording(folder: Path, name: str, words: bytes) -> None:
    (folder / "secret.wav").write_bytes(codec.wav(TONE, 16_000))
    (folder / name).write_bytes(words)
    with pytest.raises(BadInput, match=r"Supported formats: WAV, Ogg, FLAC"):
        read_clip(folder / name, language=None, limit_s=60)


@pytest.mark.parametrize("ending", [".wav", ".ogg"])
def test_a_reply_that_is_a_playlist_is_not_saved(folder: Path, ending: str) -> None:
    """A service's answer once had the sound of a local file saved as its own."""
    (folder / "secret.wav").write_bytes(codec.wav(TONE, 16_000))
    kept = folder / f"reply{ending}"
    kept.write_bytes(b"what was there")
    said = audio_input(b"ffconcat version 1.0\nfile 'secret.wav'\n", format="wav")
    with pytest.raises(JobFailed):
        save_reply(Audio(data=said.data), kept)
    assert kept.read_bytes() == b"what was there"


@pytest.mark.parametrize("ending", [".wav", ".ogg", ".opus"])
@pytest.mark.parametrize("kind", ["wav", "ogg"])
def test_a_reply_is_saved_as_its_name_says(folder: Path, ending: str, kind: str) -> None:
    data = codec.wav(TONE, 16_000) if kind == "wav" else ogg.mux(codec.encode(TONE, 16_000))
    path = folder / f"reply{ending}"
    save_reply(Audio(data=audio_input(data, format=kind).data), path)
    assert path.read_bytes().startswith(b"RIFF" if ending == ".wav" else b"OggS")
    assert len(codec.decode(path, limit_s=60)) == pytest.approx(32_000, abs=20)


def test_what_is_too_long_is_told(folder: Path) -> None:
    (folder / "a.wav").write_bytes(codec.wav(TONE, 16_000))
    with pytest.raises(TooLarge, match="2 seconds long; at most 1 seconds"):
        read_clip(folder / "a.wav", language=None, limit_s=1)


def test_a_disk_that_fails_meanwhile_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE")

    class Failing(io.BytesIO):
        def fileno(self) -> int:
            return there

        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    there = os.open(path, os.O_RDONLY)
    monkeypatch.setattr(clip, "open_regular", lambda _: Failing())
    for read in (
        lambda: read_clip(path, language=None, limit_s=60),
        lambda: read_text(path, limit_bytes=99),
    ):
        with pytest.raises(BadInput, match="Input/output error"):
            read()
    os.close(there)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_what_the_kernel_makes_up_is_no_file() -> None:
    with pytest.raises(BadInput, match="empty"):
        read_clip(Path("/proc/self/environ"), language=None, limit_s=60)
