"""What services answer in their own way, as the command line shows it, and its exit code."""
# ruff: noqa: RUF001  (quotes and dashes)

import asyncio
import json
import sqlite3

import pytest

from tests.fakes.command_line import skydeck
from tests.fakes.runpod_server import FakeRunPod, Say

CUDA = "CUDA out of memory"
BUSY = {"id": "job-1", "status": "IN_QUEUE"}


async def called(output, *args, folder, encoding="utf-8", asked=None, **settings):
    """Call a module whose job is COMPLETED with this output; `asked` gets what was asked."""
    done = {"id": "job-1", "status": "COMPLETED", "executionTime": 1_000, "output": output}
    async with FakeRunPod(
        run=Say(BUSY), runsync=Say(done), status=Say(done), stream=Say({})
    ) as pod:
        done = await asyncio.to_thread(
            skydeck,
            *args,
            cwd=folder,
            encoding=encoding,
            RUNPOD_API_KEY="rp_0123456789",
            RUNPOD_BASE_URL=pod.url,
            GRACE_ENDPOINT_ID="grace",
            FACTORY_ENDPOINT_ID="factory",
            PENNY_MODE="run",
            GRACE_MODE="run",
            FACTORY_MODE="run",
            SKYDECK_DATABASE_URL=f"sqlite:///{folder}/deck.db",
            **settings,
        )
        if asked is not None:
            asked.append(json.loads(pod.heard[0].body)["input"]["contract"])
        return done


GRACE = ("call", "grace", "summarizer", "some text")
PENNY = ("ask", "What is the capital of France?")


@pytest.mark.parametrize("args", [GRACE, PENNY], ids=["grace", "penny"])
@pytest.mark.parametrize(
    "output",
    [
        {"error": CUDA},
        {"status": "FAILED", "output": "The capital", "error": CUDA},
        {"success": False, "message": CUDA},
        json.dumps({"error": CUDA}),
        [{"error": {"message": CUDA, "type": "server_error"}}],
    ],
    ids=str,
)
async def test_a_failure_is_its_words_and_exit_3(args, output, tmp_path):
    done = await called(output, *args, folder=tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert CUDA in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    with sqlite3.connect(tmp_path / "deck.db") as ledger:
        assert (
            ledger.execute("SELECT COUNT(*) FROM calls WHERE settled_at_ms IS NOT NULL").fetchone()[
                0
            ]
            == 1
        )


@pytest.mark.parametrize("args", [GRACE, PENNY], ids=["grace", "penny"])
@pytest.mark.parametrize(
    "output",
    [
        {"status": "completed", "output": {"text": "Paris."}, "usage": {"cost_usd": "$0.001"}},
        {"status": "success", "message": "Paris."},
        {"choices": [{"message": {"role": "assistant", "content": "Paris."}}]},
        {"output": {"data": "Paris.", "audio": 5}, "error": None},
        ["Paris."],
    ],
    ids=str,
)
async def test_a_right_answer_is_shown(args, output, tmp_path):
    done = await called(output, *args, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().removeprefix("Alfred: ") == "Paris."


async def test_a_persona_of_ones_own_is_told_and_answers(tmp_path):
    persona = {"name": "Nova", "instructions": "Be warm."}
    settings = {f"SKYDECK_PERSONA_{name.upper()}": value for name, value in persona.items()}
    asked = []
    done = await called(["Paris."], *PENNY, folder=tmp_path, asked=asked, **settings)
    assert done.stdout == "Nova: Paris.\n"
    assert asked[0]["context"]["persona"] == persona


async def test_sound_that_is_none_costs_no_words(tmp_path):
    output = {"output": {"text": "Paris.", "audio": "no sound!"}}
    done = await called(output, *PENNY, "--save", "reply.ogg", folder=tmp_path)
    assert done.stdout == "Alfred: Paris.\n"
    assert done.returncode == 3
    assert "base64" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
@pytest.mark.parametrize("args", [GRACE, PENNY, (*GRACE, "--json")], ids=["grace", "penny", "json"])
async def test_a_terminal_that_lacks_a_sign_gets_the_nearest(args, encoding, tmp_path):
    words = "It’s “señor”… 日本 🎉\x1b[2J\x07\u202e"
    done = await called({"output": words}, *args, folder=tmp_path, encoding=encoding)
    assert done.returncode == 0, done.stderr
    if "--json" in args:
        final = json.loads(done.stdout.splitlines()[-1])
        assert final["text"] == words
    else:
        said = done.stdout.replace("“", '"').replace("”", '"').replace("’", "'")
        assert said.startswith(("It's", "Alfred: It's"))
        assert "\x1b" not in done.stdout


def test_the_schema_is_json_in_any_encoding():
    assert "$defs" in json.loads(skydeck("contract", "schema", encoding="latin-1").stdout)


@pytest.mark.parametrize("command", ["modules", "costs", "doctor", "--help", "health"])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_every_page_reaches_a_terminal_of_any_encoding(command, encoding, tmp_path):
    url = f"sqlite:///{tmp_path}/deck.db"
    done = skydeck(command, cwd=tmp_path, encoding=encoding, SKYDECK_DATABASE_URL=url)
    assert "Traceback" not in done.stderr
    assert done.stdout or done.stderr


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        ("@@@", "cannot be used: The audio is not valid base64."),
        ("UklGRgAAAAA=", "cannot be used"),
        ("https://files.example/a.wav", "has no sound, so reply.ogg is not written."),
        ([1, 2], "has no sound"),
    ],
)
async def test_a_reply_that_cannot_be_saved_is_the_services_failure(audio, words, tmp_path):
    answer = {"text": "Paris.", "audio": audio}
    done = await called(answer, *PENNY, "--save", "reply.ogg", folder=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "Paris." in done.stdout
    assert words in done.stderr.splitlines()[-1]
    assert not (tmp_path / "reply.ogg").exists()
