"""An embedded server with one endpoint and an httpx client of it, and the calls tests repeat."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Service
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.handlers import Scripted, contract, echo

KEY = "a-key-of-thirty-two-characters-x"


@contextlib.asynccontextmanager
async def serving(
    handler=None, *, clock=None, key=KEY, **options
) -> AsyncIterator[httpx.AsyncClient]:
    """A server with one endpoint, `penny`, and a client of it."""
    handlers = {"penny": handler or Scripted(echo)}
    async with (
        embedded_server(
            handlers, key=SecretStr(KEY), clock=clock or SystemClock(), **options
        ) as url,
        httpx.AsyncClient(
            base_url=f"{url}/penny/",
            headers={"Authorization": f"Bearer {key}"},
            timeout=20,
            verify=False,  # no TLS here; to read all certificates takes 40 ms
        ) as client,
    ):
        yield client


def body(text="hello there", *, service=Service.PENNY, **more):
    return {"input": {"contract": contract(text, service=service)}, **more}


async def submit(client, text="hello there", **more) -> str:
    answer = await client.post("run", json=body(text, **more))
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"id", "status"}
    assert answer.json()["status"] == "IN_QUEUE"
    return answer.json()["id"]


async def ended(client, job_id) -> dict:
    answer = await client.get(f"status-sync/{job_id}", params={"wait": 10_000})
    assert answer.status_code == 200
    return answer.json()


async def until_status(client, job_id, status) -> dict:
    while True:
        answer = (await client.get(f"status/{job_id}")).json()
        if answer["status"] == status:
            return answer
        await asyncio.sleep(0.01)


async def streamed(client, job_id) -> tuple[list, str]:
    chunks, status = [], "IN_QUEUE"
    while status in {"IN_QUEUE", "IN_PROGRESS"}:
        answer = (await client.get(f"stream/{job_id}")).json()
        assert answer.keys() == {"status", "stream"}
        chunks += [chunk["output"] for chunk in answer["stream"]]
        status = answer["status"]
    return chunks, status
