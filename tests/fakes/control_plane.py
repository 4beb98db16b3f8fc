"""RunPod's control plane for workers: enough of it to run the SDK's own, unmodified worker loop.

Callers find the routes of the embedded server (`bot.workers.server.routes`); behind them, the jobs
are not done in this process but handed to whoever asks by the worker protocol, as read in runpod
1.12.0 (`serverless/modules/rp_job.py`, `rp_http.py`, `rp_ping.py`).
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.clock import Clock, SystemClock
from bot.contract.job import WorkerCounts
from bot.workers.server.endpoint import Endpoint
from bot.workers.server.jobs import Job
from bot.workers.server.loopback import serve_on_loopback
from bot.workers.server.routes import Served, build_app
from bot.workers.server.wire import encode

ENDPOINT = "penny"
_HOLD_S = 1.0
"""How long an empty job-take or job-stop is held; shorter than RunPod's, so that tests end soon."""


@dataclass
class Seen:
    """What the worker did, for tests to look at."""

    takes: list[str] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    progress: list[Any] = field(default_factory=list)
    yields: list[Any] = field(default_factory=list)
    pings: list[str] = field(default_factory=list)
    worker_pid: int = 0
    printed: str = ""
    """What the worker's process wrote; known when it has ended."""


class ControlPlane:
    """One endpoint, its callers' side and its workers' side."""

    def __init__(self, clock: Clock) -> None:
        self.seen = Seen()
        self.endpoint = Endpoint(ENDPOINT, queue_limit=64, clock=clock)
        self.url = ""
        self._jobs: dict[str, Job] = {}
        self._stops: asyncio.Queue[str] = asyncio.Queue()

    @property
    def counts(self) -> WorkerCounts:
        """There is one worker as soon as one has asked for a job."""
        there, busy = int(bool(self.seen.takes)), int(bool(self._jobs))
        return WorkerCounts(idle=there - busy, ready=there - busy, running=busy)

    def app(self, key: SecretStr) -> Starlette:
        """Both sides; the workers' side asks for no key."""
        worker = f"/v2/{ENDPOINT}"
        return Starlette(
            routes=[
                Route(f"{worker}/job-take/{{worker}}", self._take),
                Route(f"{worker}/job-take-batch/{{worker}}", self._take_batch),
                Route(f"{worker}/job-stop/{{worker}}", self._stop),
                Route(f"{worker}/job-done/{{worker}}/{{job}}", self._done, methods=["POST"]),
                Route(f"{worker}/job-stream/{{worker}}/{{job}}", self._stream, methods=["POST"]),
                Route(f"{worker}/ping/{{worker}}", self._ping),
                Mount("/", build_app({ENDPOINT: Served(self.endpoint, self)}, key)),
            ]
        )

    def worker_environment(self, key: str, worker: str = "worker-1") -> dict[str, str]:
        """What RunPod puts into a worker's environment; the SDK appends `&…` to each URL."""
        base = f"{self.url}/{ENDPOINT}"
        return {
            "RUNPOD_WEBHOOK_GET_JOB": f"{base}/job-take/$ID?gpu=L4",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{base}/job-done/$RUNPOD_POD_ID/$ID?gpu=L4",
            "RUNPOD_WEBHOOK_POST_STREAM": f"{base}/job-stream/$RUNPOD_POD_ID/$ID?gpu=L4",
            "RUNPOD_WEBHOOK_PING": f"{base}/ping/$RUNPOD_POD_ID?gpu=L4",
            "RUNPOD_PING_INTERVAL": "1000",
            "RUNPOD_POD_ID": worker,
            "RUNPOD_AI_API_KEY": key,
            "RUNPOD_SKIP_GPU_CHECK": "true",
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
        }

    async def _take(self, request: Request) -> Response:
        jobs = await self._next_jobs(request, 1)
        return JSONResponse(jobs[0]) if jobs else Response(status_code=204)

    async def _take_batch(self, request: Request) -> Response:
        jobs = await self._next_jobs(request, int(request.query_params["batch_size"]))
        return JSONResponse(jobs) if jobs else Response(status_code=204)

    async def _next_jobs(self, request: Request, most: int) -> list[dict[str, Any]]:
        self.seen.takes.append(f"{request.url.path}?{request.url.query}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HOLD_S):
                await self.endpoint.wait_for_job()
        jobs: list[dict[str, Any]] = []
        if await request.is_disconnected():
            return jobs  # a job handed to a closed line would be lost
        while len(jobs) < most and (job := self.endpoint.start_next(request.path_params["worker"])):
            self._jobs[job.id] = job
            self.endpoint.set_stop(job, lambda job=job: self._stops.put_nowait(job.id))
            jobs.append({"id": job.id, "input": job.input})
        return jobs

    async def _stop(self, _request: Request) -> Response:
        try:
            async with asyncio.timeout(_HOLD_S):
                return JSONResponse({"jobsToStop": [await self._stops.get()]})
        except TimeoutError:
            return Response(status_code=204)

    async def _done(self, request: Request) -> Response:
        """The content type says form; the body is JSON all the same."""
        said = json.loads(await request.body())
        job = self._jobs.get(request.path_params["job"])
        if job is None:
            return JSONResponse({"error": "no such job"}, status_code=400)
        if said.get("status") == "IN_PROGRESS":
            self.seen.progress.append(said["output"])
            self.endpoint.set_progress(job, encode(said["output"]))
            return JSONResponse({})
        self.seen.results.append(said)
        if "error" in said:
            self.endpoint.fail(job, said["error"])
        else:
            self.endpoint.complete(job, encode(said["output"]) if "output" in said else None)
        self.endpoint.release(job)
        del self._jobs[job.id]
        return JSONResponse({})

    async def _stream(self, request: Request) -> Response:
        said = json.loads(await request.body())
        self.seen.yields.append(said["output"])
        job = self._jobs.get(request.path_params["job"])
        if job is not None:
            self.endpoint.add_chunk(job, encode(said["output"]))
        return JSONResponse({})

    async def _ping(self, request: Request) -> Response:
        self.seen.pings.append(request.url.query)
        return JSONResponse({})


@contextlib.asynccontextmanager
async def control_plane(key: str) -> AsyncIterator[ControlPlane]:
    """A control plane on a free loopback port; `plane.url` is what callers take for RunPod."""
    plane = ControlPlane(SystemClock())
    async with serve_on_loopback(
        plane.app(SecretStr(key)), on_leave=plane.endpoint.close
    ) as plane.url:
        yield plane
