"""A RunPod-like endpoint as a bare ASGI app in a process of its own, for benchmarks.

It does as little as can be, so that what is measured is the client. A job takes as many
milliseconds as the request's `params.work_ms` says; the end's own time is in the result
(`timings_ms.ended`, of the system-wide monotonic clock).
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from tests.ports import free_port

_JSON = [(b"content-type", b"application/json")]
_OUTPUT = {"status": "completed", "output": {"type": "text", "data": "x" * 600}, "usage": {}}


class App:
    """Jobs by id, each an asyncio event with an output."""

    def __init__(self) -> None:
        self._count = 0
        self._jobs: dict[str, tuple[asyncio.Event, dict]] = {}

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        parts = scope["path"].split("/")
        answer = await self._answer(parts[3], parts[4:], bytes(body))
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [*_JSON, (b"content-length", str(len(answer)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, operation: str, rest: list[str], body: bytes) -> bytes:
        if operation == "health":
            return b'{"jobs":{},"workers":{"ready":1,"running":1}}'
        if operation in ("run", "runsync"):
            job_id, done, output = self._start(body)
            if operation == "run":
                return json.dumps({"id": job_id, "status": "IN_QUEUE"}).encode()
            await done.wait()
            return self._report(job_id, output)
        job_id = rest[0]
        done, output = self._jobs[job_id]
        if operation == "stream":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), 10)
            chunks = [{"output": output}] if done.is_set() else []
            status = "COMPLETED" if done.is_set() else "IN_PROGRESS"
            return json.dumps({"status": status, "stream": chunks}).encode()
        if not done.is_set():
            return json.dumps({"id": job_id, "status": "IN_PROGRESS"}).encode()
        return self._report(job_id, output)

    def _start(self, body: bytes) -> tuple[str, asyncio.Event, dict]:
        self._count += 1
        job_id, done, output = f"{self._count}-u1", asyncio.Event(), dict(_OUTPUT)
        self._jobs[job_id] = done, output
        if len(self._jobs) > 2000:
            del self._jobs[next(iter(self._jobs))]
        work_ms = _work_ms(body)

        def end() -> None:
            output["timings_ms"] = {"ended": time.monotonic() * 1000}
            done.set()

        if work_ms:
            asyncio.get_running_loop().call_later(work_ms / 1000, end)
        else:
            end()
        return job_id, done, output

    def _report(self, job_id: str, output: dict) -> bytes:
        return json.dumps(
            {
                "id": job_id,
                "status": "COMPLETED",
                "delayTime": 1,
                "executionTime": 1,
                "workerId": "w1",
                "output": output,
            }
        ).encode()


def _work_ms(body: bytes) -> float:
    """Without reading the whole body: it is the last of the `params`."""
    at = body.rfind(b'"work_ms":')
    return float(body[at + 10 :].split(b"}")[0]) if at >= 0 else 0.0


app = App()


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The app under uvicorn in another process; gives its base URL."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            "tests.fakes.runpod_asgi:app",
            "--port",
            str(port),
            "--log-level",
            "warning",
            "--no-access-log",
            "--timeout-keep-alive",
            "75",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/v2/ep/health")
        yield f"http://127.0.0.1:{port}/v2"
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_up(url: str) -> None:
    for _ in range(1200):
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the benchmark's server did not start")
