"""The `skydeck` command: what it prints, what it refuses, and its exit code."""

import gc
import json
import wave
from pathlib import Path

import pytest

from bot.cli.lazy import COMMANDS, load
from bot.runpod.retry import Backoff
from tests.fakes.command_line import skydeck
from tests.fakes.media_files import tone

SECRET = "rp_SECRET_0123456789"


def events(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


def silence(path: Path, *, seconds: int) -> Path:
    """Nothing but silence, and a file with a hole: hours of it cost no disk."""
    with path.open("wb") as file:
        with wave.open(file, "wb") as head:
            head.setparams((1, 2, 8_000, 0, "NONE", ""))
            head.setnframes(8_000 * seconds)
            head.writeframes(b"")
        file.truncate(file.tell() + 16_000 * seconds)
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return tmp_path


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
    (("call", "grace", "summarizer", "--file", "memo.txt"), 2, "is a recording"),
    (("call", "penny", "transcribe", "--file", "text.wav"), 2, "cannot be read as audio"),
    (("call", "penny", "converse", "a", "--file", "memo.txt"), 2, "not both"),
    (("call", "grace", "poet", "hello"), 2, "no module 'poet'"),
    (("call", "nobody", "poet", "hello"), 2, "no service 'nobody'"),
    (("call", "grace", "summarizer", "hello", "-o", "length"), 2, "name=value"),
    (("call", "grace", "summarizer", "hello", "-o", "length=endless"), 2, "length must be one of"),
    (("call", "grace", "summarizer", "hello", "-o", "colour=red"), 2, "no option 'colour'"),
    (("call", "factory", "build", "x", "-o", "iterations=99"), 2, "from 1 to 10"),
    (("call", "penny", "sing", "x"), 2, "no module 'sing'"),
    (("call", "grace", "sumarize", "x"), 2, "Did you mean summarize?"),
    (("call", "gracee", "summarize", "x"), 2, "Did you mean grace?"),
    (("call", "grace", "summarize", "x", "-o", "lenght=short"), 2, "Did you mean length?"),
    (("call", "grace", "translate", "x", "-o", "to=spanisch"), 2, "Did you mean es (Spanish)?"),
    (("call", "penny", "speak", "x", "-o", "voic=joe"), 2, "Did you mean voice?"),
    (("call", "penny", "speak", "x", "-o", "voice=es_ES-davfx-medium"), 2, "es_ES-davefx-medium"),
    (("call", "penny", "speak", "x", "-o", "voice=/etc/passwd"), 2, "no voice '/etc/passwd'"),
    (("call", "penny", "converse", "x", "-o", "max_tokens=many"), 2, "must be a whole number"),
    (("call", "factory", "build", "x", "-o", "kind=pyton"), 2, "Did you mean python?"),
    (("ask", "x", "--language", "spanisch"), 2, "Did you mean es (Spanish)?"),
    (("ask", "x", "--language", "klingon"), 2, "The languages are: ar, "),
    (("call", "grace", "summarize", "x", "--language", "jp"), 2, "Did you mean ja (Japanese)?"),
    (("talk", "--language", "englsh"), 2, "Did you mean en (English)?"),
    (("talk", "--file", "none.wav", "--language", "sp"), 2, "Did you mean es (Spanish)?"),
    (("models", "voices", "spanisch"), 2, "Did you mean es (Spanish)?"),
    (("models", "pull", "whisper-bas"), 2, "Did you mean whisper-base"),
    (("models", "verify", "piper-jo"), 2, "Did you mean piper-joe"),
    (("ask", "x", "--save", "x.mp3"), 2, "Try: --save x.ogg"),
    (("ask", "x", "--save", "reply"), 2, "Try: --save reply.ogg"),
    (("ask", "x", "--save", f"{'a' * 300}.ogg"), 2, "File name too long"),
    (("call", "penny", "speak", "x", "--save", "x.mp3"), 2, ".ogg, .opus or .wav, not as 'x.mp3'"),
    (("call", "penny", "converse", "x", "--save", "no/x.ogg"), 2, "no folder"),
    (("call", "penny", "converse", "x", "--save", "x.ogg", "-o", "speak=false"), 2, "speak=false"),
    (("call", "penny", "transcribe", "--file", "memo.txt", "--save", "x.ogg"), 2, "in text"),
    (("call", "grace", "summarize", "x", "--save", "x.txt"), 2, "answers in text"),
    (("call", "factory", "build", "x", "--save", "text.wav"), 2, "is a file; a build is saved"),
    (("call", "factory", "build", "x", "--save", "text.wav/out"), 2, "is a file; a build is saved"),
    (("ask", "-"), 2, "There is no question"),
    (("call", "grace", "summarize", "-"), 2, "There is no text"),
    (("ask", "x" * 20_001), 2, "20,001 characters; the limit is 20,000"),
    (("askk",), 2, "no command 'askk'. Did you mean 'ask'?"),
    (("models", "pul"), 2, "no command 'pul'. Did you mean 'pull'?"),
    (("ask", "--langage", "es", "x"), 2, "no option: --langage. Did you mean --language?"),
    (("ask",), 2, "Missing argument 'question'. See: skydeck ask --help"),
    (("costs", "--days", "many"), 2, "--days': not a whole number. See: skydeck costs --help"),
    (("costs", "--days", "999"), 2, "must be at most 366"),
    (("health", "--every", "often"), 2, "not a number"),
    (("costs", "--user", "9" * 20), 2, "must be at most 9223372036854775807"),
    (("costs", "--guild", "9" * 5_000), 2, "too large a number"),
    (
        ("call", "grace", "translate", "x", "--language", "es"),
        2,
        "no option 'language'; it has: to",
    ),
    (
        ("call", "factory", "build", "x", "--language", "es"),
        2,
        "no option 'language'; it has: kind",
    ),
    (
        ("call", "grace", "summarize", "x", "--language", "es", "-o", "language=en"),
        2,
        "give --language or -o",
    ),
    (("call", "penny", "transcribe"), 2, "works on a recording. Add --file"),
    (("call", "penny", "transcribe", "x"), 2, "works on a recording. Add --file"),
    (("call", "penny", "transcribe", "-"), 2, "works on a recording. Add --file"),
    (("talk", "--save", "x.ogg"), 2, "--save goes with --file"),
    (("talk", "--json"), 2, "--json goes with --file"),
    (("talk", "--file", "text.wav", "--remember"), 2, "--remember is for a conversation"),
    (("talk", "--file", "text.wav", "--save-to", "x"), 2, "--save-to is for a conversation"),
    (("talk", "--file", "text.wav", "--push-to-talk-key", "f9"), 2, "leave out --file"),
    (("models", "pull", "piper-joe", "--all"), 2, "Give names, --all or --only"),
    (("models", "pull", "piper-joe", "--only", "speech"), 2, "Give names, --all or --only"),
    (("models", "pull", "--all", "--only", "speech"), 2, "Give names, --all or --only"),
    (("models", "pull", "--only", "langage"), 2, "'langage' is not one of 'language', 'speech'"),
]


@pytest.mark.parametrize(("args", "code", "words"), BAD, ids=[" ".join(b[0])[:80] for b in BAD])
def test_bad_input_is_one_line(args: tuple[str, ...], code: int, words: str, empty: Path) -> None:
    (empty / "empty.wav").touch()
    (empty / "text.wav").write_text("This is no sound.")
    (empty / "memo.txt").write_bytes(tone("amr"))
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


def test_a_service_that_is_down_is_unreachable(empty: Path, monkeypatch) -> None:
    monkeypatch.setattr("bot.runpod.flow.submit.SUBMISSIONS", Backoff(first_s=0.01, max_s=0.1))
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


def every_command() -> list[tuple[str, ...]]:
    groups = {name: getattr(load(name), "commands", {}) for name in COMMANDS}
    return [(name,) for name in COMMANDS] + [
        (name, inner) for name, commands in groups.items() for inner in commands
    ]


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_shows_an_example(words: tuple[str, ...]) -> None:
    done = skydeck(*words, "--help", COLUMNS="100")
    assert done.returncode == 0
    assert f"Example: skydeck {words[0]}" in " ".join(done.stdout.split())


def test_without_a_command_there_is_help() -> None:
    done = skydeck()
    assert done.returncode == 2
    assert "Usage: skydeck" in done.stdout
    assert done.stderr == ""


def test_nothing_is_left_of_a_file_that_was_only_tried(empty: Path) -> None:
    (empty / "old.ogg").write_bytes(b"before")
    for name in ("new.ogg", "old.ogg"):
        assert skydeck("ask", "x", "--save", name, cwd=empty, PENNY_MODE="no").returncode == 2
    assert [file.name for file in empty.iterdir()] == ["old.ogg"]
    assert (empty / "old.ogg").read_bytes() == b"before"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_shows_the_first_line_of_each_help(name: str) -> None:
    _, summary = COMMANDS[name]
    assert load(name).help.splitlines()[0] == summary


@pytest.mark.parametrize("name", COMMANDS)
def test_garbage_is_collected_again_once_the_command_is_there(monkeypatch, name: str) -> None:
    frozen = []
    monkeypatch.setattr("gc.freeze", lambda: frozen.append(True))
    gc.disable()
    try:
        load(name)
        assert gc.isenabled()
        assert frozen
    finally:
        gc.enable()


def test_the_schema_is_printed() -> None:
    document = json.loads(skydeck("contract", "schema").stdout)
    assert {"Request", "Response"} <= set(document["$defs"])


def test_modules_are_listed() -> None:
    done = skydeck("modules", "grace", "--json")
    assert len(events(done.stdout)) == 18
    assert "converse" in skydeck("modules").stdout


def test_too_little_memory_is_one_line(monkeypatch, empty: Path) -> None:
    def short(*_given: object) -> object:
        raise MemoryError

    monkeypatch.setattr("bot.cli.modules.list_modules", short)
    done = skydeck("modules", "grace", cwd=empty)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "skydeck: memory is short. `skydeck doctor` says how much the models take.\n"
    )
