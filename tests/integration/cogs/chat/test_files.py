"""Files as people send them: told by their bytes, whatever their names and types say."""

import base64
import io

import av
import numpy as np
import pytest

from audio import codec, ogg
from bot.contract import InputType, Output, Response, Status
from local_discord import File
from tests.fakes.media_files import tone

RF64 = (("rf64", "always"),)
SPANISH = "¿Qué tal? El señor Muñoz comió piñones en la montaña."

RECORDINGS = {
    "a voice memo that Discord calls a video": File("memo.m4a", tone("m4a"), "video/mp4"),
    "a voice memo named as a video": File("memo.mp4", tone("m4a")),
    "a memo of an unknown type": File("memo.m4a", tone("m4a"), "application/octet-stream"),
    "a memo without a type": File("memo.m4a", tone("m4a"), ""),
    "neither a type nor an ending": File("recording", tone("m4a"), ""),
    "Core Audio": File("memo.caf", tone("caf")),
    "a phone's call": File("call.3gp", tone("3gp")),
    "AMR": File("call.amr", tone("amr")),
    "MPEG 2.5 at 8 kHz": File("phone.mp3", tone("mp3, 8 kHz")),
    "RF64": File("long.rf64", tone("wav", options=RF64)),
    "WAVE_EXTENSIBLE": File("studio.wav", tone("wav, 24 bit"), ""),
    "FLAC after a tag": File("song.flac", b"ID3\4\0\0\0\0\1\x48" + bytes(200) + tone("flac")),
    "Opus in WebM": File("browser.webm", tone("webm"), "video/webm"),
    "AIFF": File("memo.aif", tone("aiff"), ""),
    "called text": File("notes.txt", tone("opus")),
    "called TypeScript's type": File("radio.ts", tone("ts"), "video/mp2t"),
}


def heard(words: str) -> Response:
    output = Output(type="text", data=words, text=words, transcript=words)
    return Response(status=Status.COMPLETED, output=output)


def seconds(penny_script) -> float:
    """How long the recording is that Penny was sent."""
    given = penny_script.asked[-1].input
    assert given.type is InputType.AUDIO
    pieces = codec.decode_stream(base64.b64decode(given.data), limit_s=60)
    return sum(map(len, pieces)) / 16_000


@pytest.mark.parametrize("file", RECORDINGS.values(), ids=RECORDINGS)
async def test_a_recording_is_one_whatever_it_is_called(
    sim, deck, channel, ben, penny_script, file
):
    penny_script.responses["CONVERSE"] = heard("a tone")
    await ben.says("@Alfred", channel, files=[file])
    await ben.sees("a tone")
    assert seconds(penny_script) == pytest.approx(2, abs=0.1)
    assert not sim.problems


async def test_words_beside_recordings_and_in_files_are_told_too(
    sim, deck, channel, ben, penny_script
):
    penny_script.responses["CONVERSE"] = heard("both")
    files = [File("a.ogg", tone("opus")), File("facts.txt", b"The sky is green.")]
    await ben.says("@Alfred what colour is it?", channel, files=files)
    await ben.sees("both")
    said = penny_script.asked[-1].context.history[-1].content
    assert said == "what colour is it?\n\n[facts.txt]\nThe sky is green."
    assert not sim.problems


TEXTS = {
    "UTF-8": (SPANISH.encode(), ""),
    "UTF-16 with a mark": (SPANISH.encode("utf-16"), ""),
    "UTF-16 without": (SPANISH.encode("utf-16-be"), "utf-16-be"),
    "Windows-1252": (SPANISH.encode("cp1252"), "cp1252"),
    "Mac OS Roman": (SPANISH.encode("mac_roman"), "mac_roman"),
}


@pytest.mark.parametrize(("content", "guessed"), TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", ["notas.txt", "notas", "LÉEME.nfo"])
async def test_a_text_is_read_in_its_own_encoding(
    sim, deck, channel, ben, penny_script, name, content, guessed
):
    await ben.says("@Alfred", channel, files=[File(name, content, "")])
    seen = await ben.sees(lambda m: m.author == sim.bot and bool(penny_script.asked))
    assert penny_script.asked[-1].input.data == f"[{name}]\n{SPANISH}"
    if guessed:
        await ben.sees(f"I read it as {guessed}")
    assert seen
    assert not sim.problems


async def test_typescript_is_no_film(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred", channel, files=[File("app.ts", b"let x = 1;", "video/mp2t")])
    await ben.sees(lambda m: m.author == sim.bot and bool(penny_script.asked))
    assert penny_script.asked[-1].input.data == "[app.ts]\nlet x = 1;"


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("a.txt", b"\x7fELF\2\1\1" + bytes(200), "I can't read a.txt as text"),
        ("a.mp3", b"\x7fELF\2\1\1" + bytes(200), "I can't play a.mp3"),
        ("a.txt", b"", "a.txt is empty."),
        ("a.txt", "\u200b \r\n\u2800".encode("utf-16"), "a.txt is empty."),
        ("a.bin", b"\x7fELF\2\1\1" + bytes(200), "I don't open programs: a.bin"),
        ("film.mp4", tone("m4a")[:6_000], "I can't watch videos: film.mp4"),
        ("a.zip", b"PK\x03\x04" + bytes(200), "I don't unpack archives"),
        ("a.docx", b"PK\x03\x04" + bytes(200), "Please send it as plain text: a.docx"),
        ("a.xyz", b"\x00\xff\x93" * 70, "I can't read: a.xyz"),
    ],
)
async def test_what_is_neither_is_refused_with_its_name(
    sim, deck, channel, ben, penny_script, name, content, answer
):
    await ben.says("@Alfred", channel, files=[File(name, content)])
    await ben.sees(answer)
    assert not penny_script.asked
    assert not sim.problems


async def test_a_film_without_sound_is_named(sim, deck, channel, ben, penny_script, silent_film):
    await ben.says("@Alfred what is this?", channel, files=[File("cat.mp4", silent_film)])
    await ben.sees("I can't watch videos: cat.mp4")
    assert penny_script.asked[-1].input.data.startswith("what is this?")


async def test_a_part_that_is_lost_is_told(sim, deck, channel, ben, penny_script):
    penny_script.responses["TRANSCRIBE"] = heard("the rest")
    whole = tone("caf", seconds=1) + tone("flac", seconds=6)
    await ben.slash("/transcribe", channel, file=File("memo.caf", whole[: -len(whole) // 4]))
    await ben.sees("memo.caf is damaged: about")


@pytest.fixture
def silent_film() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        film = container.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            picture = av.VideoFrame(64, 48, "yuv420p")
            picture.pts = number
            container.mux(film.encode(picture))
        container.mux(film.encode(None))
    return file.getvalue()


def test_the_tone_is_what_its_name_says() -> None:
    assert ogg.demux(tone("opus")).duration_ms == pytest.approx(2000, abs=50)
    assert np.abs(codec.decode(tone("wav"), limit_s=5)).max() > 0.3


async def test_files_are_named_as_they_are_called(sim, deck, channel, ben, penny_script):
    guessed = File("__init__.py", "# ¿Qué tal, señor Muñoz?".encode("cp1252"))
    pictures = [File(name, b"\x89PNG\r\n\x1a\n\0") for name in ("*a*.png", "||b||.png")]
    broken = File("__main__.mp3", b"\x7fELF\2\1\1" + bytes(99))
    await ben.says("@Alfred look", channel, files=[guessed, *pictures, broken])
    shown = await ben.sees("You said:")
    notes = "\n".join(line for line in shown.content.splitlines() if line.startswith("-# "))
    for name in ("__init__.py", "*a*.png", "||b||.png", "__main__.mp3"):
        assert name not in notes
        assert name in notes.replace("\\", "")
