"""A RunPod that follows a script, counts what it is paid for, and breaks when it is told to."""

import asyncio
import contextlib
import itertools
import json
import random
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from aiohttp import web

from bot.contract import Output, Response, Status
from bot.contract.factory import Build, Check, File, Iteration, Phase, Working
from tests.chaos.sound import TONE

TOKEN: Final = re.compile(r"\bq\d+q\b")
"""By such a word each question is known in everything that is made of it."""
LONG: Final = "long"
"""A question with this word in it gets an answer of several messages."""
_HOLD_S: Final = 5.0
_LONG_WORDS: Final = "All of this belongs to the answer, and none of it may get lost. " * 60


class Weather(StrEnum):
    """How RunPod answers."""

    FAIR = "fair"
    ERROR_500 = "500"
    TOO_MANY_429 = "429"
    HANGS = "hangs"
    NONSENSE = "nonsense"


NONSENSE: Final = (
    b"<html><body>Bad gateway</body></html>",
    b'{"id": "cut-off", "status": "COMP',
    b"[]",
    b"null",
    b'{"status": 7, "stream": {"output": 3}}',
    b'{"id": [1, 2], "status": "IN_PROGRESS", "output": {"status": "partial"}}',
    b"\xff\xfe\x00\x01",
    b"",
)


@dataclass(slots=True)
class Job:
    """One job: what somebody is billed for."""

    job_id: str
    service: str
    contract_id: str
    token: str
    text: str
    nth: int
    status: str = "IN_QUEUE"
    outputs: list[dict[str, Any]] = field(default_factory=list)
    streamed: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Wake who waits."""
        self.changed.set()
        self.changed = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in ("COMPLETED", "CANCELLED", "FAILED")


class RunPod:
    """Three endpoints on loopback; an async context manager.

    Args:
        seed: Of the dice, which say how long a step takes.

    Attributes:
        url: The base URL.
        jobs: All that was ever handed in, by id.
        weather: How it answers.
    """

    def __init__(self, seed: int) -> None:
        self.url = ""
        self.jobs: dict[str, Job] = {}
        self.weather = Weather.FAIR
        self._dice = random.Random(seed)
        self._numbers = itertools.count(1)
        self._working: set[asyncio.Task[None]] = set()
        self._stack = contextlib.AsyncExitStack()
        self._cleared = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_route("*", "/v2/{endpoint}/{operation}", self._serve)
        app.router.add_route("*", "/v2/{endpoint}/{operation}/{job}", self._serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._working:
            task.cancel()
        await self._stack.aclose()

    @contextlib.asynccontextmanager
    async def spoilt(self, weather: Weather) -> AsyncIterator[None]:
        """Answer like this until the block ends."""
        self.weather, self._cleared = weather, asyncio.Event()
        try:
            yield
        finally:
            self.weather = Weather.FAIR
            self._cleared.set()

    def of(self, token: str) -> list[Job]:
        """All jobs that were handed in for a question."""
        return [job for job in self.jobs.values() if job.token == token]

    async def idle(self) -> None:
        """Wait until nothing runs."""
        while self._working:
            await asyncio.wait(set(self._working))

    # -- HTTP --------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        operation = request.match_info["operation"]
        if self.weather is not Weather.FAIR:
            return await self._spoil(request, operation)
        return await self._answer(request, operation)

    async def _spoil(self, request: web.Request, operation: str) -> web.StreamResponse:
        """A bad answer; every second job that is handed in was taken all the same."""
        is_taken = operation == "run" and self._dice.random() < 0.5
        match self.weather:
            case Weather.TOO_MANY_429:
                return web.Response(status=429, text="Too many requests")
            case Weather.ERROR_500:
                if is_taken:
                    await self._answer(request, operation)
                return web.Response(status=500, text="Internal Server Error")
            case Weather.HANGS:
                if is_taken:
                    await self._answer(request, operation)
                await self._cleared.wait()
                return web.Response(status=504)
            case _:
                if is_taken:
                    await self._answer(request, operation)
                body = self._dice.choice(NONSENSE)
                return web.Response(body=body, content_type="application/json")

    async def _answer(self, request: web.Request, operation: str) -> web.StreamResponse:
        if operation == "health":
            return _json({"jobs": {}, "workers": {"ready": 1, "idle": 1, "running": 1}})
        if operation == "run":
            return _json(_report(self._take(request.match_info["endpoint"], await request.json())))
        job = self.jobs.get(request.match_info.get("job", ""))
        if job is None:
            return web.Response(status=404, text="job not found")
        if operation == "cancel":
            self._cancel(job)
            return _json(_report(job))
        if operation == "stream":
            return await self._stream(job)
        return _json(_report(job))

    async def _stream(self, job: Job) -> web.StreamResponse:
        if not job.is_over and job.streamed == len(job.outputs):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(job.changed.wait(), _HOLD_S)
        chunks = job.outputs[job.streamed :]
        job.streamed = len(job.outputs)
        return _json({"status": job.status, "stream": [{"output": one} for one in chunks]})

    # -- jobs --------------------------------------------------------------------------------

    def _take(self, service: str, body: dict[str, Any]) -> Job:
        contract = body["input"]["contract"]
        said = contract["input"].get("data")
        history = (contract.get("context") or {}).get("history") or [{}]
        if contract["input"].get("type") == "audio":
            said = "<sound>"
        written = str(history[-1].get("content", ""))
        text = written if TOKEN.search(written) and not TOKEN.search(str(said)) else str(said)
        found = TOKEN.search(text)
        token = found.group() if found else ""
        job = Job(
            job_id=f"{service}-{next(self._numbers)}-u1",
            service=service,
            contract_id=str(contract.get("contract_id")),
            token=token,
            text=text,
            nth=len(self.of(token)) + 1,
        )
        self.jobs[job.job_id] = job
        task = asyncio.create_task(self._work(job, contract))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return job

    def _cancel(self, job: Job) -> None:
        if not job.is_over:
            job.status = "CANCELLED"
            job.ring()

    async def _work(self, job: Job, contract: dict[str, Any]) -> None:
        await asyncio.sleep(self._dice.uniform(0.0, 0.3))
        is_spoken = bool((contract.get("params") or {}).get("speak")) or _is_voice(contract)
        for number, response in enumerate(_script(job, is_spoken=is_spoken)):
            if job.is_over:
                return
            job.status = "IN_PROGRESS"
            if not response.is_partial:
                job.status = "COMPLETED"
            numbered = {"sequence": number} if response.is_partial else {}
            job.outputs.append(response.to_wire() | numbered)
            job.ring()
            await asyncio.sleep(self._dice.uniform(0.05, 0.35))


def _json(value: object) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json")


def _report(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = {"id": job.job_id, "status": job.status, "workerId": "w1"}
    if job.status == "COMPLETED":
        found |= {"delayTime": 20, "executionTime": 900}
        found["output"] = job.outputs[-1] if job.service == "grace" else job.outputs
    return found


def begins(token: str) -> str:
    """The first words of a whole answer."""
    return f"Answer to {token} begins."


def ends(token: str) -> str:
    """Its last ones."""
    return f"Answer to {token} ends."


def _is_voice(contract: dict[str, Any]) -> bool:
    """Whether it is of a conversation in a voice channel."""
    return contract["target"]["module"] == "SPEAK" or contract["input"].get("type") == "audio"


def _script(job: Job, *, is_spoken: bool) -> Iterator[Response]:
    if job.service == "factory":
        yield from _build(job)
        return
    if is_spoken and not job.token:
        yield from _aloud(job)
        return
    for word in ("So ", "far ", "so ", "good "):
        yield _partial(text=word)
    middle = _LONG_WORDS if LONG in job.text else f"It is number {job.nth}."
    text = f"{begins(job.token)} {middle} {ends(job.token)}"
    output: dict[str, Any] = {"type": "text", "data": text, "text": text}
    if is_spoken:
        output |= {"transcript": job.text, "audio": {"data": TONE, "format": "ogg"}}
    yield Response.model_validate({"status": "completed", "output": output})


def _aloud(job: Job) -> Iterator[Response]:
    """An answer in a voice channel."""
    sound = {"data": TONE, "format": "ogg", "text": "So far so good."}
    if job.text.startswith("<sound>"):
        yield _partial(transcript="What is the capital of France?")
    yield Response.model_validate({"status": "partial", "output": {"text": "So far so good."}})
    yield Response.model_validate({"status": "partial", "output": {"audio": sound}})
    output: dict[str, Any] = {"text": "So far so good.", "audio": {"data": TONE}}
    if job.text.startswith("<sound>"):
        output["transcript"] = "What is the capital of France?"
    yield Response.model_validate({"status": "completed", "output": output})


def _partial(**output: Any) -> Response:
    return Response(status=Status.PARTIAL, output=Output(**output))


def _build(job: Job) -> Iterator[Response]:
    rounds = []
    for number in (1, 2):
        yield _step(Working(phase=Phase.DRAFT, number=number, limit=4))
        yield _step(Working(phase=Phase.CHECK, number=number, limit=4))
        rounds.append(
            Iteration(
                number=number,
                limit=4,
                score=number / 2,
                passed=number == 2,
                check=Check.RAN,
                changed="lines: 1 added",
            )
        )
        yield _step(rounds[-1])
    files = [File(name="it.py", content=f"# {begins(job.token)} {ends(job.token)}\n")]
    build = Build(summary=job.token, passed=True, files=files, iterations=rounds)
    output = Output(type="json", data=build.to_wire(), text=job.token)
    yield Response(status=Status.COMPLETED, output=output)


def _step(data: Any) -> Response:
    return _partial(type="json", data=data.to_wire(), text="…")
