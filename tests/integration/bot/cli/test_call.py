"""`skydeck ask` and `call` before scripted services: what is read, said, saved and remembered."""

import asyncio
import json
import sqlite3
import wave
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from bot.contract import Output, Response, Status
from tests.fakes.command_line import skydeck
from tests.fakes.discord_bot import serving
from tests.fakes.handlers import completed
from tests.fakes.language_model import ScriptedModel
from tests.integration.bot.cli.scripted import handlers, skydeck_at

NOT_PLAYED = "The sound was not played. To hear it, add: --save reply.ogg"


async def work(request):
    yield completed(f"{request.target.module} of {request.input.data}")


async def options(request):
    yield completed(str(request.params))


@pytest.fixture
async def run(tmp_path):
    """Runs the command before the services; `run.model` is what Penny asked."""
    model = ScriptedModel(["It is late."] * 9)
    async with serving(handlers(model, work)) as url:

        async def run(*args, **more):
            return await skydeck_at(url, tmp_path, *args, **more)

        run.model = model
        yield run


@pytest.fixture
def local(monkeypatch, tmp_path):
    """Runs the command with the services in its process."""
    served = handlers(ScriptedModel(["It is late."] * 9), work)

    @asynccontextmanager
    async def workers(*_):
        yield SimpleNamespace(handlers=served)

    async def local(*args, url=f"sqlite:///{tmp_path}/deck.db"):
        return await asyncio.to_thread(skydeck, *args, cwd=tmp_path, SKYDECK_DATABASE_URL=url)

    monkeypatch.setattr("bot.embedded_workers.open_workers", workers)
    return local


@pytest.mark.parametrize("text", ["¿Cuándo sale el tren?\n", "\ufeffWhen does the train leave?"])
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


async def test_an_answer_in_a_language_known_only_by_name_is_refused(run):
    done = await run("call", "penny", "converse", "Hello", "-o", "reply_language=Welsh")
    assert done.returncode == 2, done.stderr
    assert "There is no language 'Welsh'." in done.stderr


async def test_without_a_terminal_each_state_is_a_line(run):
    done = await run("call", "grace", "summarize", "some text", FORCE_COLOR="1", COLUMNS="20")
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).replace("\n", "").isprintable()
    states = [line for line in done.stderr.splitlines() if line.startswith("Grace: ")]
    assert len(states) == len(set(states)) > 0


@pytest.mark.parametrize(("module", "language"), [("summarize", "es"), ("title", "español")])
async def test_a_language_is_the_option_of_a_module_that_has_it(tmp_path, module, language):
    async with serving(handlers(ScriptedModel([]), options)) as url:
        words = ("call", "grace", module, "some text", "--language", language)
        done = await skydeck_at(url, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "'language': 'es'" in done.stdout


async def grow(request):
    for length in range(1, 9):
        text = "It is late."[:length]
        yield Response(status=Status.PARTIAL, output=Output(text=text))
    yield completed("It is late.")


@pytest.mark.parametrize(
    ("service", "module", "shows"), [("grace", "summarize", False), ("factory", "build", True)]
)
async def test_without_a_terminal_a_growing_answer_is_written_once(
    tmp_path, service, module, shows
):
    """The Factory's partial texts are its progress, which a file keeps."""
    async with serving(handlers(ScriptedModel([]), grow)) as url:
        done = await skydeck_at(url, tmp_path, "call", service, module, "x", GRACE_MODE="stream")
    assert done.returncode == 0, done.stderr
    assert "It is late." in done.stdout
    grown = [line for line in done.stderr.splitlines() if ": I" in line]
    assert bool(grown) is shows, done.stderr


async def test_calls_on_this_machine_are_listed_at_no_cost(local):
    for words in (("ask", "Is it late?"), ("call", "grace", "summarize", "some text")):
        done = await local(*words)
        assert done.returncode == 0, done.stderr
    found = json.loads((await local("costs", "--json")).stdout)
    assert (found["calls"], found["total_micro_usd"]) == (2, 0)
    assert {one["module"] for one in found["modules"]} == {"CONVERSE", "SUMMARIZER"}
    table = await local("costs")
    assert "summarize" in table.stdout.lower()
    assert table.stdout.splitlines()[1].count("$0") == 3, "the day of the calls"
    assert "█" not in table.stdout


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////proc/no/x.db",
        "sqlite:///garbage.db",
        "sqlite:///.",
        "sqlite:///newer.db",
        "mysql://host/x",
        "postgresql://u:p@127.0.0.1:9/x",
    ],
)
async def test_a_free_call_succeeds_where_it_cannot_be_recorded(local, tmp_path, caplog, url):
    (tmp_path / "garbage.db").write_bytes(b"no database" * 1000)
    with sqlite3.connect(tmp_path / "newer.db") as newer:
        newer.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        newer.execute("INSERT INTO alembic_version VALUES ('9999')")
    newer.close()
    done = await local("ask", "Is it late?", "--json", url=url)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, lines[-1]["text"]) == (0, "It is late.")
    (told,) = caplog.messages
    assert "will not list these calls: " in told
    assert "\n" not in told


@pytest.mark.parametrize(("quiet_s", "says"), [(0, True), (3600, False)])
async def test_a_wait_for_the_database_is_told(local, monkeypatch, caplog, quiet_s, says):
    monkeypatch.setattr("bot.composition._QUIET_S", quiet_s)
    assert (await local("ask", "Is it late?")).returncode == 0
    assert any("still being noted down" in line for line in caplog.messages) is says
    assert json.loads((await local("costs", "--json")).stdout)["calls"] == 1
