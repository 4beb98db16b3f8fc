"""The `skydeck` command as its users run it: a process of its own, its output, its exit code."""

import json
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from tests.environment import without_settings

pytestmark = pytest.mark.models


def skydeck(
    *args: str,
    stdin: bytes = b"",
    cwd: Path | None = None,
    memory_gib: float | None = None,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run the command in an empty folder, so that no `.env` is found."""
    inherited = without_settings()
    limited = [] if memory_gib is None else ["prlimit", f"--data={int(memory_gib * 2**30)}"]
    done = subprocess.run(
        [*limited, sys.executable, "-m", "bot", *args],
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


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="no prlimit (util-linux)")
def test_on_two_gigabytes_the_smaller_model_is_chosen(empty: Path) -> None:
    listed = skydeck("models", "list", cwd=empty, memory_gib=2, SKYDECK_LLM="auto")
    assert "qwen2.5-coder-0.5b (2.0 GiB of memory; the larger model needs 4.5)" in listed.stdout


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="no prlimit (util-linux)")
def test_on_too_little_one_line_says_so(empty: Path) -> None:
    done = skydeck("ask", "What is the capital of Italy?", cwd=empty, memory_gib=0.5)
    assert done.returncode == 3
    assert "memory is short (0.5 GiB for this process)" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


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


def test_the_doctor_finds_nothing_wrong_here(weights, empty: Path) -> None:
    for name in ("qwen2.5-coder-0.5b", "piper-joe", "whisper-tiny.en", "whisper-base"):
        weights(name)
    done = skydeck("doctor", cwd=empty)
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout


HEAVY = {
    "bot.cli.models", "bot.composition", "discord", "httpx", "numpy", "onnxruntime", "pydantic",
    "rich.progress", "sqlalchemy", "textual",
}  # fmt: skip

BEHIND = {
    "aiohttp", "bot.composition", "bot.local_voice.controller", "bot.runpod",
    "bot.voice_agent.session", "httpx", "numpy", "sounddevice", "sqlalchemy",
}  # fmt: skip

UNASKED = {
    "alembic", "bot.cli.models", "bot.embedded_workers", "bot.models.store", "bot.store.store",
    "bot.voice_agent.command_performer", "bot.workers.build", "numpy", "sqlalchemy", "textual",
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "not_loaded"),
    [
        ("from bot.cli.main import app; app(['--help'], standalone_mode=False)", HEAVY),
        ("from bot.cli import talk; from bot.local_voice.tui import window", BEHIND),
        ("from bot.cli import call; from bot.local_service import client", UNASKED),
    ],
    ids=["help", "the window of talk", "a question until it is sent"],
)
def test_a_start_loads_only_what_it_needs(what: str, not_loaded: set[str]) -> None:
    """What makes it slow, whatever the machine; how slow, tests/bench/test_help.py measures."""
    code = f"import sys; {what}; print({not_loaded} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


SLOW = {
    "aiohttp", "aiosqlite.core", "alembic", "bot.composition", "bot.runpod.client",
    "bot.store.store", "bot.workers", "discord", "httpx", "numpy", "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm", "textual", "urllib.request",
}  # fmt: skip


@pytest.mark.parametrize("command", ["costs", "health"])
def test_what_only_reads_the_database_loads_nothing_else(command: str, empty: Path) -> None:
    code = "import sys; from bot.cli.main import app\n"
    code += f"try: app([{command!r}], standalone_mode=False)\n"
    code += "except Exception as e: print(e)\n"
    code += f"print({SLOW} & set(sys.modules))"
    url = f"sqlite:///{empty}/deck.db"
    environment = {**without_settings(), "SKYDECK_DATABASE_URL": url}
    for _ in range(2):  # the first creates the schema, with Alembic
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=empty,
            env=environment,
        )
    assert done.stdout.splitlines()[-1] == "set()"


def test_it_is_a_program_of_its_own(empty: Path) -> None:
    done = skydeck("talk", "--file", "none.wav", cwd=empty)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "closed", "code"),
    [
        (("models", "remove", "piper-joe"), "<&-", 2),
        (("ask", "-"), "<&-", 2),
        (("ask", " "), "2>&-", 2),
        (("modules", "grace"), ">&-", 0),
        (("modules", "grace", "--json"), ">&-", 0),
        (("contract", "schema"), ">&-", 0),
        (("--version",), ">&-", 0),
        (("costs",), ">&- 2>&-", 0),
        (("nothing",), "<&- >&- 2>&-", 2),
    ],
)
def test_a_standard_stream_may_be_closed(
    args: tuple[str, ...], closed: str, code: int, empty: Path
) -> None:
    """As cron jobs and some supervisors start programs."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-m", "bot", *args],
        capture_output=True,
        text=True,
        cwd=empty,
        env={**without_settings(), "SKYDECK_DATABASE_URL": f"sqlite:///{empty}/deck.db"},
        timeout=100,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if done.stderr:
        assert done.stderr.splitlines()[-1].startswith("skydeck: ")


@pytest.mark.parametrize(
    "args",
    [("costs",), ("modules", "--json"), ("contract", "schema"), ("--version",), ("call", "--help")],
)
def test_a_full_disk_is_one_line(args: tuple[str, ...], empty: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *args],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=empty,
            env={**without_settings(), "SKYDECK_DATABASE_URL": f"sqlite:///{empty}/deck.db"},
            timeout=100,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        3,
        "skydeck: the output cannot be written (No space left on device). Make room, or send it "
        "elsewhere.\n",
    )
