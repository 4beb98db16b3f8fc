"""What is typed into `skydeck talk` in a sentence is done there: confirmed, named, cancelled."""

import contextlib

import pytest
from pydantic import SecretStr

from bot.catalogue import load_grace
from bot.choices import Mode
from bot.clock import SystemClock
from bot.composition import Services
from bot.contract import Output, Response, Service, Status
from bot.local_voice.controller import open_controller
from bot.local_voice.options import Options, Surroundings
from bot.local_voice.prefs import Prefs
from bot.local_voice.view import Doing, Kind
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.client import ServiceClient
from bot.settings import Settings
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.handlers import Scripted, hang
from tests.waiting import until

KEY = SecretStr("k" * 40)
BUILD = {"service": "FACTORY", "module": "BUILD", "params": {}}
ACTIONS = {
    "build me a dice roller": BUILD,
    "constrúyeme un lanzador de dados": BUILD,
    "my sister said build me a boat": BUILD,
    "summarise what we said": {"service": "GRACE", "module": "SUMMARIZER", "params": {}},
}


async def penny(request):
    """She makes no sound; her answers to some words come with an action."""
    words = str(request.input.data)
    language = "es" if words.startswith("constrúye") else "en"
    output = Output(
        type="text", text=f"You said: {words}", action=ACTIONS.get(words), language=language
    )
    yield Response(status=Status.COMPLETED, output=output)


@pytest.fixture
async def talk(tmp_path):
    """A conversation on this machine, without sound; whatever is begun goes on for ever."""
    settings = Settings(_env_file=None)
    handlers = {
        "penny": Scripted(penny, service=Service.PENNY),
        "grace": Scripted(hang, service=Service.GRACE),
        "factory": Scripted(hang, service=Service.FACTORY),
    }

    @contextlib.asynccontextmanager
    async def connect(*_):
        endpoints = {
            s: Endpoint(s, s.value.lower(), mode=Mode.STREAM, deadline_s=60) for s in Service
        }
        clock = SystemClock()
        async with (
            embedded_server(handlers, key=KEY, clock=clock) as url,
            ServiceClient(RunPodClient(url, KEY, endpoints, clock=clock), clock=clock) as client,
        ):
            yield Services(client, embedded=True)

    options = Options(
        settings=settings,
        prefs=Prefs(),
        modules=load_grace(settings),
        prefs_path=tmp_path / "talk.json",
        save_to=tmp_path,
    )
    async with open_controller(
        options, Surroundings(fetch=lambda *_: None, connect=connect)
    ) as controller:
        await until(lambda: controller.view().doing is not Doing.LOADING)
        yield controller


async def says(talk, words, answer):
    """Type something, and wait for what is answered, then or later."""
    before = len(talk.view().entries)
    talk.submit(words)
    await until(
        lambda: any(answer in one.answered and one.is_over for one in talk.view().entries[before:])
    )
    await until(lambda: not talk.conversation._session.is_busy)


def running(talk):
    return [(one.module, one.progress) for one in talk.view().entries if is_running(one)]


def is_running(entry):
    return entry.kind is Kind.TASK and not entry.is_over


@pytest.mark.parametrize(
    ("words", "asks", "yes", "told", "cancel", "cancelled"),
    [
        (
            "build me a dice roller",
            "Shall I build this: a dice roller?",
            "yes",
            "I'm on it.",
            "cancel the build",
            "I've cancelled your build.",
        ),
        (
            "constrúyeme un lanzador de dados",
            "¿Hago este encargo: un lanzador de dados?",
            "adelante",
            "Voy con ello.",
            "cancela la construcción",
            "He cancelado tu encargo.",
        ),
    ],
)
async def test_a_build_is_begun_by_a_yes_and_cancelled_by_its_name(
    talk, words, asks, yes, told, cancel, cancelled
):
    await says(talk, words, asks)
    assert running(talk) == []
    await says(talk, yes, told)
    await until(lambda: running(talk))
    await says(talk, "summarise what we said", "You said")
    await until(lambda: [module for module, _ in running(talk)] == ["BUILD", "SUMMARIZER"])
    await says(talk, cancel, cancelled)
    await until(lambda: [module for module, _ in running(talk)] == ["SUMMARIZER"])
    await says(talk, yes, f"You said: {yes}")  # to what? it is talk
    await says(talk, "how far is the summary?", "Your summary: ")
    await says(talk, "cancel the translation", "You have nothing of that kind running.")
    await says(talk, "cancel that", "I've cancelled your summary.")
    await until(lambda: not running(talk))


async def test_a_no_leaves_it_and_a_quote_asks_for_nothing(talk):
    await says(talk, "build me a dice roller", "Shall I build this: a dice roller?")
    await says(talk, "never mind", "All right, I'll leave it.")
    await says(talk, "yes", "You said: yes")
    talk.submit("my sister said build me a boat")
    await until(lambda: any(one.kind is Kind.ERROR for one in talk.view().entries))
    await says(talk, "yes", "You said: yes")
    assert running(talk) == []


async def test_nothing_of_the_conversation_before_is_confirmed(talk):
    await says(talk, "build me a dice roller", "Shall I build this: a dice roller?")
    talk.submit("/new")
    await says(talk, "yes", "You said: yes")
    assert running(talk) == []
