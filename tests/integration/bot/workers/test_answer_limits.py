"""What stands at ANTHROPIC_BASE_URL answers without end, or packed."""

import gzip

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.contract import Message
from bot.errors import ServiceUnreachable
from bot.workers.claude import Claude
from bot.workers.protocols import Prompt

LIMIT_BYTES = 4 * 1024 * 1024
"""A quarter of the usual limit; more than fits in the buffers on the way."""
PROMPT = Prompt(messages=[Message(role="user", content="Well?")], max_tokens=20)
STARTED = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message",'
    b'"role":"assistant","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}'
    b"\n\n"
)


async def asked(*parts: bytes, endless: bytes = b"", **headers: str) -> tuple[int, list[str]]:
    """Sends the parts, and `endless` again and again; how much was taken, and what was asked."""
    taken, seen = 0, []

    async def answer(request):
        nonlocal taken
        seen.append(request.headers["Accept-Encoding"])
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **named})
        await response.prepare(request)
        for part in parts:
            await response.write(part)
        while endless:
            await response.write(endless)
            taken += len(endless)
        return response

    app = web.Application()
    app.router.add_post("/v1/messages", answer)
    async with TestServer(app) as server:
        claude = Claude(SecretStr("k" * 20), model="m", base_url=str(server.make_url("/")))
        try:
            with pytest.raises(ServiceUnreachable):
                async for _ in claude.stream(PROMPT):
                    pass
        finally:
            await claude.close()
    return taken, seen


@pytest.mark.parametrize(
    "endless",
    [
        b"x" * 65536,
        b": ping\n\n" * 8192,
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
        b'{"type":"text_delta","text":"' + b"y" * 65536 + b'"}}\n\n',
    ],
    ids=["one line", "pings", "words"],
)
async def test_an_answer_without_end_is_left(endless, monkeypatch):
    monkeypatch.setattr("bot.workers.answer_limits.MAX_ANSWER_BYTES", LIMIT_BYTES)
    block = (
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
        b'"content_block":{"type":"text","text":""}}\n\n'
    )
    taken, _ = await asked(STARTED, block, endless=endless)
    assert taken < 4 * LIMIT_BYTES


async def test_a_packed_answer_is_not_unpacked():
    _, seen = await asked(gzip.compress(bytes(10**8)), Content_Encoding="gzip")
    assert set(seen) == {"identity"}
