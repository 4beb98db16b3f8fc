"""`skydeck serve` as its user runs it: its own process, real models, and callers of its own."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from bot.spans import TRACEPARENT, new_span_id, new_trace_id, traceparent
from tests.environment import without_settings
from tests.fakes.collector import collecting
from tests.fakes.handlers import contract
from tests.paths import ROOT
from tests.ports import free_port

pytestmark = pytest.mark.models

KEY = "a-key-of-thirty-two-characters-x"


@asynccontextmanager
async def serving(port: int, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    inherited = without_settings()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve", "--port", str(port)),
        cwd=ROOT,
        env=inherited | env | {"SKYDECK_SERVE_KEY": KEY},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.timeout(240)
async def test_others_are_served_and_traced_until_ctrl_c(weights):
    pytest.importorskip("opentelemetry.sdk", reason="the extra 'otel' is not installed")
    for name in ("whisper-tiny.en", "whisper-base", "piper-joe", "qwen2.5-coder-0.5b"):
        weights(name)
    trace_id, caller = new_trace_id(), new_span_id()
    asked = contract("What is the capital of France?")
    asked |= {TRACEPARENT: traceparent(trace_id, caller), "options": {"audio": False}}
    port = free_port()
    async with collecting() as collector, serving(port, SKYDECK_OTLP_ENDPOINT=collector.url) as one:
        said = await asyncio.wait_for(one.stderr.readline(), 60)
        assert b"Serving penny, grace and factory at http://127.0.0.1" in said
        url = f"http://127.0.0.1:{port}/v2/penny/runsync"
        async with httpx.AsyncClient(timeout=120) as http:
            refused = await http.post(url, json={}, headers={"Authorization": "Bearer wrong"})
            assert refused.status_code == 401
            answer = await http.post(
                url,
                json={"input": {"contract": asked}},
                headers={"Authorization": f"Bearer {KEY}"},
            )
        assert "Paris" in str(answer.json()["output"])
        async with serving(port) as second:
            _, said = await asyncio.wait_for(second.communicate(), 60)
        assert second.returncode == 2
        assert b"port" in said.lower()
        assert b"Traceback" not in said
        one.send_signal(signal.SIGINT)
        _, said = await asyncio.wait_for(one.communicate(), 30)
        assert one.returncode in {0, 130}
        assert b"Traceback" not in said
        [worker] = [span for span in collector.spans if span.name == "penny CONVERSE"]
    assert worker.trace_id.hex() == trace_id
    assert worker.parent_span_id.hex() == caller
