"""The parts together: our client, the embedded services, and RunPod's own worker loop."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from bot.choices import Mode
from bot.clock import SystemClock
from bot.composition import WarmUp, open_services
from bot.contract import Request, Service, Source
from bot.contract.penny import converse
from bot.errors import BadSettings, KeyRefused
from bot.runpod.client import Endpoint, RunPodClient
from bot.runpod.models import JobState, Update
from bot.settings import Settings
from bot.workers.grace.handler import GraceHandler
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.control_plane import control_plane
from tests.paths import GOLDEN, ROOT

pytestmark = pytest.mark.models

KEY = "a-key-of-thirty-two-characters-x"


def client_of(url: str, service: Service, mode: Mode, key: str = KEY) -> RunPodClient:
    endpoint = Endpoint(service, service.value.lower(), mode=mode, deadline_s=60)
    return RunPodClient(url, SecretStr(key), {service: endpoint}, clock=SystemClock())


async def updates(client: RunPodClient, request: Request) -> list[Update]:
    async with client, contextlib.aclosing(client.submit(request)) as seen:
        return [update async for update in seen]


@contextlib.asynccontextmanager
async def grace(qwen) -> AsyncIterator[str]:
    from bot.catalogue import load_grace

    handler = GraceHandler(load_grace(Settings(_env_file=None)), qwen)
    async with embedded_server(
        {"grace": handler}, key=SecretStr(KEY), clock=SystemClock(), warm_up=()
    ) as url:
        yield url


async def test_the_seeds_own_request_gets_the_seeds_response(qwen) -> None:
    request = json.loads((GOLDEN / "seed_request.json").read_text())
    request["input"]["contract"]["input"]["data"] = (
        "The harbour was closed for three days because of the storm. No ship could leave, and the "
        "market had no fish. On Thursday the wind dropped and the first boats went out again."
    )
    async with grace(qwen) as url, httpx.AsyncClient(timeout=60) as http:
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = (await http.post(f"{url}/grace/runsync", json=request, headers=headers)).json()
    shape = json.loads((GOLDEN / "seed_response.json").read_text())
    assert shape.keys() <= answer.keys()
    assert answer["status"] == "COMPLETED"
    assert answer["output"]["status"] == "completed"
    assert isinstance(answer["output"]["output"]["data"], str)
    assert any(
        w in answer["output"]["output"]["data"].lower() for w in ("storm", "harbour", "fish")
    )
    assert isinstance(answer["output"]["usage"]["cost_usd"], float | int)


@pytest.mark.parametrize("mode", list(Mode))
async def test_our_client_gets_an_answer_in_every_mode(qwen, mode: Mode) -> None:
    wire = json.loads((GOLDEN / "seed_request.json").read_text())["input"]["contract"]
    wire["input"]["data"] = "It rained all night. In the morning the river was high."
    async with grace(qwen) as url:
        seen = await updates(client_of(url, Service.GRACE, mode), Request.model_validate(wire))
    assert seen[-1].state is JobState.COMPLETED
    assert seen[-1].response is not None
    assert seen[-1].response.text
    assert seen[0].state is JobState.SUBMITTING


async def test_a_wrong_key_is_refused_in_words(qwen) -> None:
    wire = json.loads((GOLDEN / "seed_request.json").read_text())["input"]["contract"]
    async with grace(qwen) as url:
        client = client_of(url, Service.GRACE, Mode.RUN, key="wrong-key")
        with pytest.raises(KeyRefused) as caught:
            await updates(client, Request.model_validate(wire))
    assert "wrong-key" not in str(caught.value)


async def test_our_client_gets_a_streamed_answer_from_runpods_own_worker_loop() -> None:
    pytest.importorskip("runpod")
    code = (
        "from bot.workers.protocols import Delivery\n"
        "from bot.workers.serverless import start\n"
        "from tests.fakes import handlers\n"
        "start(handlers.Scripted(handlers.spell, delivery=Delivery.STREAM))\n"
    )
    async with control_plane(KEY) as plane:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, cwd=ROOT, start_new_session=True,
            env={**os.environ, **plane.worker_environment(KEY)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            client = client_of(plane.url, Service.PENNY, Mode.STREAM)
            request = converse("one two three", source=Source(system="DECK"))
            seen = await updates(client, request)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            await worker.wait()
    partials = [u.response for u in seen if u.response is not None and u.response.is_partial]
    assert len(partials) == 3
    assert seen[-1].state is JobState.COMPLETED
    assert seen[-1].response is not None
    assert not seen[-1].response.is_partial


async def test_a_missing_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    with pytest.raises(BadSettings, match="GRACE_ENDPOINT_ID"):
        async with open_services(
            Settings(_env_file=None), fetch=lambda *_: None, only={Service.GRACE}
        ):
            pass


async def test_a_local_turn_with_everything_warm(weights, clips) -> None:
    from bot.contract.penny import audio_input

    question = audio_input((clips / "question.wav").read_bytes(), format="wav", language="en")
    async with open_services(
        Settings(_env_file=None),
        fetch=lambda store, names: store.ensure(names),
        only={Service.PENNY},
        warm_up=WarmUp.FIRST,
    ) as services:
        request = converse(question, source=Source(system="DECK"))
        async with services.client.submit(request) as seen:
            last = [update async for update in seen][-1]
    assert services.embedded
    assert last.state is JobState.COMPLETED
    assert "Paris" in last.response.text
