"""`skydeck ask` and `call` before scripted services: what is read, said, saved and remembered."""

import asyncio
import json
import wave
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.workers.penny.handler import PennyHandler
from bot.workers.protocols import Delivery
from tests.fakes.command_line import skydeck
from tests.fakes.discord_bot import KEY, serving
from tests.fakes.handlers import Scripted, completed
from tests.fakes.language_model import ScriptedModel
from tests.unit.bot.workers.penny.test_prepare import Ear
from tests.unit.bot.workers.penny.test_speech import Voice

NOT_PLAYED = "The sound was not played. To hear it, add: --save reply.ogg"


async def work(request):
    yield completed(f"{request.target.module} of {request.input.data}")


def handlers():
    model = ScriptedModel(["It is late."] * 9)
    penny = PennyHandler(stt=Ear(""), llm=model, tts=Voice(), clock=SystemClock())
    return {
        "penny": penny,
        "grace": Scripted(work, service=Service.GRACE, delivery=Delivery.REPLY),
        "factory": Scripted(work, service=Service.FACTORY),
    }, model


@pytest.fixture
async def run(tmp_path):
    """Runs the command before the services; `run.model` is what Penny asked."""
    served, model = handlers()
    async with serving(served) as url:

        async def run(*args, **more):
            return await asyncio.to_thread(
                skydeck,
                *args,
                cwd=tmp_path,
                RUNPOD_API_KEY=KEY,
                RUNPOD_BASE_URL=url,
                PENNY_ENDPOINT_ID="penny",
                GRACE_ENDPOINT_ID="grace",
                FACTORY_ENDPOINT_ID="factory",
                SKYDECK_DATABASE_URL=f"sqlite:///{tmp_path}/deck.db",
                **more,
            )

        run.model = model
        yield run


@pytest.mark.parametrize("text", ["¿Qué hora es?\n", "\ufeffWhat time is it?"])
async def test_a_question_comes_from_standard_input(run, text):
    done = await run("ask", "-", stdin=text.encode())
    assert (done.returncode, done.stdout) == (0, "Alfred: It is late.\n"), done.stderr
    assert text.strip("\ufeff\n") in str(run.model.prompts[-1])


async def test_standard_input_goes_with_a_file(run, tmp_path):
    (tmp_path / "notes.txt").write_text("The train leaves at nine.")
    done = await run("ask", "-", "--file", "notes.txt", stdin=b"When does it leave?")
    assert done.returncode == 0, done.stderr
    assert "The train leaves at nine." in str(run.model.prompts[-1])


async def test_standard_input_that_is_no_text_is_refused(run):
    done = await run("ask", "-", stdin=bytes(range(256)))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "skydeck: The input is not text: it looks like a binary file."
    ]


@pytest.mark.parametrize("module", ["summarize", "summarizer", "SUMMARIZER", "resumir"])
async def test_a_module_is_called_by_each_of_its_names(run, module):
    done = await run("call", "grace", module, "some text")
    assert (done.returncode, done.stdout) == (0, "SUMMARIZER of some text\n"), done.stderr


async def test_speech_that_is_not_played_says_so(run):
    done = await run("call", "penny", "speak", "Good morning.")
    assert done.returncode == 0
    assert NOT_PLAYED in done.stderr.splitlines()


@pytest.mark.parametrize(
    ("name", "head"), [("a.ogg", b"OggS"), ("a.opus", b"OggS"), ("A.WAV", b"RIFF")]
)
async def test_a_file_is_what_its_name_says(run, tmp_path, name, head):
    done = await run("call", "penny", "speak", "Good morning.", "--save", name)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name).read_bytes().startswith(head)
    assert NOT_PLAYED not in done.stderr
    if name == "A.WAV":
        with wave.open(str(tmp_path / name)) as file:
            assert file.getnframes() > 0


async def test_a_written_answer_is_not_said_to_be_unplayed(run):
    assert NOT_PLAYED not in (await run("ask", "Is it late?")).stderr


async def test_a_program_is_told_nothing_but_json(run):
    done = await run("call", "penny", "speak", "Good morning.", "--json")
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()][-1] == "final"
    assert done.stderr == ""


async def test_the_language_of_the_answer_is_sent_as_its_code(run):
    done = await run("call", "penny", "converse", "Hello", "-o", "reply_language=Spanish")
    assert done.returncode == 0, done.stderr
    assert "Spanish" in str(run.model.prompts[-1])


async def test_without_a_terminal_each_state_is_a_line(run):
    done = await run("call", "grace", "summarize", "some text", FORCE_COLOR="1", COLUMNS="20")
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).replace("\n", "").isprintable()
    states = [line for line in done.stderr.splitlines() if line.startswith("Grace: ")]
    assert len(states) == len(set(states)) > 0


async def test_calls_on_this_machine_are_listed_at_no_cost(monkeypatch, tmp_path):
    served, _ = handlers()

    @asynccontextmanager
    async def workers(*_):
        yield SimpleNamespace(handlers=served)

    monkeypatch.setattr("bot.composition._workers", workers)
    url = {"SKYDECK_DATABASE_URL": f"sqlite:///{tmp_path}/deck.db"}
    for words in (("ask", "Is it late?"), ("call", "grace", "summarize", "some text")):
        done = await asyncio.to_thread(skydeck, *words, cwd=tmp_path, **url)
        assert done.returncode == 0, done.stderr
    costs = await asyncio.to_thread(skydeck, "costs", "--json", cwd=tmp_path, **url)
    found = json.loads(costs.stdout)
    assert (found["calls"], found["total_micro_usd"]) == (2, 0)
    assert {one["module"] for one in found["modules"]} == {"CONVERSE", "SUMMARIZER"}
    table = await asyncio.to_thread(skydeck, "costs", cwd=tmp_path, **url)
    assert "summarize" in table.stdout.lower()
    assert table.stdout.splitlines()[1].count("$0") == 3, "the day of the calls"
    assert "█" not in table.stdout


async def test_a_free_call_succeeds_where_it_cannot_be_recorded(monkeypatch, tmp_path):
    served, _ = handlers()

    @asynccontextmanager
    async def workers(*_):
        yield SimpleNamespace(handlers=served)

    monkeypatch.setattr("bot.composition._workers", workers)
    done = await asyncio.to_thread(
        skydeck, "ask", "Is it late?", cwd=tmp_path, SKYDECK_DATABASE_URL="sqlite:////proc/no/x.db"
    )
    assert (done.returncode, done.stdout) == (0, "Alfred: It is late.\n")
