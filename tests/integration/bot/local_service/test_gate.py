"""The routes of the running service, and its client, without a process of its own."""

import asyncio
import contextlib
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.errors import WeightsError
from bot.loading import LoadPart, begins, watched
from bot.local_service.client import Held, kind, own_session, shared_service
from bot.local_service.gate import Gate
from bot.local_service.place import CannotShare, Place
from bot.local_service.record import NONCE, PROOF, Record, proof
from bot.local_service.usage import Usage
from bot.settings import Settings
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.handlers import Scripted, echo

KEY = "a-key-of-thirty-two-characters-x"


class Service:
    """A running service."""

    def __init__(self, record: Record, usage: Usage) -> None:
        self.record = record
        self.usage = usage
        self.loaded: list[str] = []
        self.trouble = ""

    async def load(self, names: list[str]) -> str:
        for name in names:
            self.loaded.append(name)
            begins(LoadPart.LANGUAGE if name == "GRACE" else LoadPart.HEARING)
        return self.trouble


@contextlib.asynccontextmanager
async def serving(**changes):
    usage = Usage(300)
    service = Service(None, usage)  # type: ignore[arg-type]
    async with embedded_server(
        {"grace": Scripted(echo)},
        key=SecretStr(KEY),
        clock=SystemClock(),
        front=lambda app: Gate(app, usage=usage, key=KEY, warm_up=service.load),
    ) as url:
        known = {"pid": 4321, "began_s": 1.0, "url": url, "key": KEY, "kind": "a", "idle_s": 300.0}
        service.record = Record(**(known | changes))
        yield service


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  (what it looks at is far away)
            await asyncio.sleep(0.01)


async def test_a_command_counts_as_long_as_it_holds_the_service():
    async with serving() as service, own_session() as session:
        held = await Held.take(session, service.record)
        assert held is not None
        assert await held.users() == 1
        other = await Held.take(session, service.record)
        assert await held.users() == 2
        other.close()
        await until(lambda: service.usage.users == 1)
        held.close()
        await until(lambda: service.usage.users == 0)


async def test_a_command_that_dies_is_not_counted_any_more():
    async with serving() as service:
        async with own_session() as session:
            held = await Held.take(session, service.record)
            assert service.usage.users == 1
        await until(lambda: service.usage.users == 0)  # its connection is gone
        held.close()


async def test_the_models_are_loaded_on_request_and_a_failure_is_said():
    async with serving() as service, own_session() as session:
        held = await Held.take(session, service.record)
        begun = []
        with watched(lambda part, _: begun.append(part)):
            await held.warm_up({"PENNY", "GRACE"})
        assert service.loaded == ["GRACE", "PENNY"]
        assert begun == [LoadPart.LANGUAGE, LoadPart.HEARING], "whoever waits sees what it is for"
        service.trouble = "model.gguf is damaged."
        with pytest.raises(WeightsError, match="is damaged"):
            await held.warm_up({"GRACE"})
        held.close()


async def test_one_that_is_used_ends_only_when_told_so_outright():
    async with serving() as service, own_session() as session:
        mine = await Held.take(session, service.record)
        other = await Held.take(session, service.record)
        assert not await mine.end(unused=True)
        assert not service.usage.over.is_set()
        other.close()
        await until(lambda: service.usage.users == 1)
        assert await mine.end(unused=True)
        assert service.usage.over.is_set()
        assert await Held.take(session, service.record) is None  # it is about to end


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({NONCE: "n", PROOF: "wrong"}, 401),
        ({NONCE: "n", PROOF: proof(KEY, "service", "n")}, 401),
        ({NONCE: "", PROOF: proof(KEY, "client", "")}, 401),
        ({"Authorization": f"Bearer {KEY}"}, 401),  # the key itself is no proof
        ({NONCE: "n", PROOF: proof(KEY, "client", "n"), "Host": "example.org"}, 421),
        ({NONCE: "n", PROOF: proof(KEY, "client", "n"), "Origin": "http://example.org"}, 403),
    ],
)
async def test_a_stranger_cannot_hold_it(headers, status):
    async with serving() as service, aiohttp.ClientSession() as session:
        answer = await session.get(service.record.own_url + "hold", headers=headers)
        assert answer.status == status
        assert PROOF not in answer.headers
        assert service.usage.users == 0


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "status"), ("POST", "end"), ("POST", "warm-up?services=grace")]
)
async def test_a_stranger_can_ask_and_end_nothing(method, path):
    async with serving() as service, aiohttp.ClientSession() as session:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            answer = await session.request(method, service.record.own_url + path, headers=headers)
            assert answer.status == 401
        assert not service.usage.over.is_set()
        assert service.loaded == []


@contextlib.asynccontextmanager
async def stranger(answer):
    """Another program at the port of a service that is gone; it notes what it is sent."""
    seen = []

    async def note(request: web.Request) -> web.StreamResponse:
        seen.append(dict(request.headers))
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", note)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        yield Record(4321, 1.0, f"http://127.0.0.1:{port}/v2", KEY, "a", 300.0), seen
    finally:
        await runner.cleanup()


async def test_a_stranger_at_its_port_is_never_told_the_key():
    async def agree(request: web.Request) -> web.StreamResponse:
        return web.Response(headers={PROOF: request.headers[PROOF]})

    async with stranger(agree) as (record, seen), own_session() as session:
        assert await Held.take(session, record) is None
    assert len(seen) == 1
    assert KEY not in str(seen)


async def test_a_port_where_nobody_is_has_no_service():
    async with serving() as service:
        record = service.record
    async with own_session() as session:
        assert await Held.take(session, record) is None


async def test_one_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.local_service.client._ANSWERS_S", 0.05)

    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.5)
        return web.Response()

    async with stranger(hang) as (record, _), own_session() as session:
        with pytest.raises(CannotShare, match="serve --stop"):
            await Held.take(session, record)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    tmp_path.chmod(0o700)
    one = Place(tmp_path / "skydeck")
    one.open()
    return one


async def test_another_command_s_service_with_other_settings_is_left_alone(place: Place):

    async def prepare() -> None:
        raise AssertionError("nothing is to be started")

    async with serving(kind="another") as service, own_session() as session:
        place.write(service.record)
        other = await Held.take(session, service.record)
        settings = Settings(_env_file=None)
        with pytest.raises(CannotShare, match="other settings"):
            async with shared_service(settings, prepare, SystemClock(), place=place):
                pass
        assert not service.usage.over.is_set()
        other.close()


def test_models_that_the_service_never_loads_make_no_other_service_of_it(tmp_path: Path):
    settings = Settings(_env_file=None, skydeck_weights_dir=tmp_path)
    before = kind(settings)
    for name in ("silero-vad", "smart-turn-v3.2"):  # `skydeck talk` fetches them after `ask`
        (tmp_path / name).mkdir()
    assert kind(settings) == before
    (tmp_path / "piper-joe").mkdir()
    assert kind(settings) != before
