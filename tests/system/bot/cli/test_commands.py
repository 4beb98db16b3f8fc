"""The `skydeck` command as its users run it: a process of its own, its output, its exit code."""

import json
import os
import subprocess
import sys
import time
import wave
from pathlib import Path

import pytest

from bot.settings import Settings

pytestmark = pytest.mark.models

SECRET = "rp_SECRET_0123456789"


def skydeck(
    *args: str, stdin: bytes = b"", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in an empty folder, so that no `.env` is found."""
    inherited = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    weights = os.environ.get("SKYDECK_WEIGHTS_DIR")
    if weights:
        inherited["SKYDECK_WEIGHTS_DIR"] = weights
    done = subprocess.run(
        [sys.executable, "-m", "bot", *args],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**inherited, "PYTHONWARNINGS": "", **environment},
        timeout=100,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def events(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


def silence(path: Path, *, seconds: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        for _ in range(seconds):
            file.writeframes(bytes(16_000))
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.smoke
def test_a_question_is_answered_as_events(clips: Path, empty: Path) -> None:
    reply = empty / "reply.ogg"
    question = str(clips / "question.wav")
    done = skydeck("talk", "--file", question, "--save", str(reply), "--json", cwd=empty)
    assert done.returncode == 0, done.stderr

    seen = events(done.stdout)
    kinds = [event["event"] for event in seen]
    assert set(kinds) == {"state", "transcript", "text", "audio", "final"}
    assert kinds.index("transcript") < kinds.index("text") < kinds.index("audio")
    final = seen[-1]
    assert final["event"] == "final"
    assert "France" in final["transcript"]
    assert "Paris" in final["text"]
    assert final["audio"] == str(reply)
    assert final["usage"]["cost_usd"] == 0
    marks = final["timings_ms"]
    assert 0 < marks["asr"] <= marks["first_token"] <= marks["first_audio"] <= marks["total"]

    again = skydeck("call", "penny", "transcribe", "--file", str(reply), cwd=empty)
    assert "Paris" in again.stdout


def test_silence_is_not_answered(empty: Path) -> None:
    path = silence(empty / "silence.wav", seconds=2)
    done = skydeck("talk", "--file", str(path), cwd=empty)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Nothing was said" in done.stderr


def test_a_written_question(empty: Path) -> None:
    done = skydeck("ask", "What is the capital of Italy?", cwd=empty)
    assert done.returncode == 0, done.stderr
    assert "Rome" in done.stdout
    assert "No RUNPOD_API_KEY" in done.stderr


def test_grace_reads_a_pipe_and_answers_json(empty: Path) -> None:
    text = b"I love this phone. The screen is wonderful and I am very happy with it."
    done = skydeck("call", "grace", "sentiment", "-", "--json", stdin=text, cwd=empty)
    assert done.returncode == 0, done.stderr
    assert "positive" in json.dumps(events(done.stdout)[-1]["data"]).lower()


def test_spanish_works_too(clips: Path, empty: Path) -> None:
    done = skydeck("ask", "¿Cuál es la capital de España?", "--save", "voz.wav", cwd=empty)
    assert done.returncode == 0, done.stderr
    assert "Madrid" in done.stdout
    with wave.open(str(empty / "voz.wav")) as file:
        assert file.getnframes() > 8_000


BAD = [
    (("talk", "--file", "none.wav"), 2, "no file"),
    (("talk", "--file", "empty.wav"), 2, "is empty"),
    (("talk", "--file", "text.wav"), 2, "cannot be read as audio"),
    (("talk", "--file", "."), 2, "is a folder"),
    (("talk", "--file", "three-hours.wav"), 2, "3.0 hours long; at most 5 minutes"),
    (("talk", "--file", "text.wav", "--save", "x.mp3"), 2, ".ogg, .opus or .wav"),
    (("talk", "--file", "text.wav", "--save", "no/x.ogg"), 2, "no folder"),
    (("ask", " "), 2, "no question"),
    (("call", "grace", "summarizer", ""), 2, "no text"),
    (("call", "grace", "summarizer", "--file", "huge.txt"), 2, "50 MB"),
    (("call", "grace", "summarizer", "--file", "binary.txt"), 2, "not text"),
    (("call", "grace", "summarizer", "a", "--file", "text.wav"), 2, "not both"),
    (("call", "grace", "poet", "hello"), 2, "no module 'poet'"),
    (("call", "nobody", "poet", "hello"), 2, "no service 'nobody'"),
    (("call", "grace", "summarizer", "hello", "-o", "length"), 2, "name=value"),
    (("call", "grace", "summarizer", "hello", "-o", "length=endless"), 2, "length must be one of"),
    (("call", "grace", "summarizer", "hello", "-o", "colour=red"), 2, "no option 'colour'"),
    (("call", "factory", "build", "x", "-o", "iterations=99"), 2, "from 1 to 10"),
    (("call", "penny", "sing", "x"), 2, "no module 'sing'"),
]


@pytest.mark.parametrize(("args", "code", "words"), BAD, ids=[" ".join(b[0]) for b in BAD])
def test_bad_input_is_one_line(args: tuple[str, ...], code: int, words: str, empty: Path) -> None:
    (empty / "empty.wav").touch()
    (empty / "text.wav").write_text("This is no sound.")
    (empty / "binary.txt").write_bytes(bytes(range(256)))
    if "huge.txt" in args:
        (empty / "huge.txt").write_bytes(b"word " * 10_000_000)
    if "three-hours.wav" in args:
        silence(empty / "three-hours.wav", seconds=3 * 3600)
    done = skydeck(*args, cwd=empty)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_service_that_is_down_is_unreachable(empty: Path) -> None:
    done = skydeck(
        "ask", "Hello?", cwd=empty, RUNPOD_API_KEY=SECRET, RUNPOD_BASE_URL="http://127.0.0.1:9/v2",
        PENNY_DEADLINE_S="10",
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr + done.stdout


def test_a_bad_setting_names_its_variable(empty: Path) -> None:
    done = skydeck("ask", "Hello?", cwd=empty, PENNY_MODE="shout")
    assert done.returncode == 2
    assert "PENNY_MODE" in done.stderr


def test_a_missing_endpoint_says_what_to_set(empty: Path) -> None:
    done = skydeck("call", "grace", "summarizer", "hello", cwd=empty, RUNPOD_API_KEY=SECRET)
    assert done.returncode == 2
    assert "GRACE_ENDPOINT_ID" in done.stderr


def test_a_damaged_model_is_named(weights, empty: Path) -> None:
    """One byte of a copy of the weights is changed; the service must not start with it."""
    store = empty / "weights"
    for name in ("qwen2.5-coder-0.5b", "piper-joe", "whisper-tiny.en", "whisper-base"):
        source = weights(name)
        (store / name).mkdir(parents=True)
        for file in source.iterdir():
            if file.is_file():
                (store / name / file.name).hardlink_to(file)
    voice = store / "piper-joe" / "voice.onnx"
    damaged = bytearray(voice.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    voice.unlink()
    voice.write_bytes(damaged)
    done = skydeck("ask", "Hello", "--save", "a.ogg", cwd=empty, SKYDECK_WEIGHTS_DIR=str(store))
    assert done.returncode == 3, done.stderr
    assert "voice.onnx" in done.stderr
    assert "skydeck models pull piper-joe" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_answers_quickly_and_every_command_shows_an_example() -> None:
    times = []
    for _ in range(3):
        started = time.monotonic()
        done = skydeck("--help")
        times.append(time.monotonic() - started)
    assert done.returncode == 0
    assert min(times) < 0.5, f"--help took {min(times):.2f} s"
    for command in ("talk", "ask", "call", "modules", "serve", "health", "doctor"):
        assert "Example: skydeck" in skydeck(command, "--help").stdout.replace("\n", " ")


def test_the_schema_is_printed() -> None:
    document = json.loads(skydeck("contract", "schema").stdout)
    assert {"Request", "Response"} <= set(document["$defs"])


def test_modules_are_listed() -> None:
    done = skydeck("modules", "grace", "--json")
    assert len(events(done.stdout)) == 18
    assert "converse" in skydeck("modules").stdout


def test_the_doctor_finds_nothing_wrong_here(weights, empty: Path) -> None:
    for name in ("qwen2.5-coder-0.5b", "piper-joe", "whisper-tiny.en", "whisper-base"):
        weights(name)
    done = skydeck("doctor", cwd=empty)
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout
