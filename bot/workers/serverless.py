"""The deployable worker: one service under RunPod's SDK, which no other file imports.

Start it with `python -m bot.workers.serverless penny`.

What the SDK (1.12) does not document:

- An output with a truthy `error` fails the job, and the SDK converts `error` with `str`. So the
  worker sends the error as JSON.
- `runpod.serverless.progress_update` sends from a thread that nobody waits for: progress that
  arrives after the result leaves the job IN_PROGRESS forever (runpod-python #250). So the worker
  sends progress with the function that sends the result, and waits for it.
- The fetch loop sleeps for a second whenever the worker is full, so a worker that takes one job at
  a time does at most one job a second. This one takes several, and its models queue them.
- At its default log level the SDK prints every output, and importing it sets the root logger to
  INFO.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot import terminal
from bot.clock import Clock, SystemClock
from bot.contract import Service, Status
from bot.errors import BadSettings, SkydeckError
from bot.extras import extra_command
from bot.otlp import exporting
from bot.settings import load_settings
from bot.spans import CURRENT_TRACE
from bot.workers.protocols import Delivery, Handler
from bot.workers.runtime import run
from bot.workers.traced import TracedHandler

log = logging.getLogger(__name__)

IN_FLIGHT = 4
"""How many jobs the worker takes at once."""
PROGRESS_INTERVAL_S = 1.0
"""The shortest time between two progress updates; the worker drops those between."""

_SDK_LEVELS = {"DEBUG": "INFO", "INFO": "INFO", "WARNING": "WARN", "ERROR": "ERROR"}
"""The SDK's name of each log level. Its DEBUG logs what people wrote, so it is not used."""

Job = dict[str, Any]
"""The SDK's job: `id`, `input` and whatever else came with it."""
Wire = dict[str, Any]
Progress = Callable[[Job, Wire], Awaitable[None]]


def main(argv: Sequence[str] | None = None) -> int:
    """Load the models, then work until the platform stops the process. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.workers.serverless", description="One service as a RunPod worker."
    )
    parser.add_argument("service", choices=[service.lower() for service in Service])
    name: str = parser.parse_known_args(argv)[0].service  # the SDK reads the other options
    try:
        _work(name)
    except SkydeckError as e:
        terminal.err(f"{e}\n")
        return e.exit_code
    return 0


def start(handler: Handler, *, log_level: str = "WARNING", collector: str | None = None) -> None:
    """Run the SDK's worker loop around `handler`, which is warm, until the platform ends it.

    Args:
        handler: The service.
        log_level: DEBUG, INFO, WARNING or ERROR.
        collector: The URL that receives spans by OTLP over HTTP; None makes no spans.

    Raises:
        BadSettings: The SDK, or OpenTelemetry if a collector is given, is not installed.
    """
    sdk, clock = _load_sdk(log_level), SystemClock()
    logging.getLogger("bot.workers.runtime").addFilter(with_request_id)
    with exporting(collector, service=f"skydeck-{handler.service.value.lower()}") as sink:
        if sink is not None:
            handler = TracedHandler(handler, sink, clock)
        sdk.serverless.start(worker_config(handler, clock=clock, progress=_send_progress))


def with_request_id(record: logging.LogRecord) -> bool:
    """Put the id of the caller's request before a line, since the SDK formats the lines."""
    if trace_id := CURRENT_TRACE.get():
        record.msg = f"[{trace_id[:8]}] {record.msg}"
    return True


def worker_config(handler: Handler, *, clock: Clock, progress: Progress) -> dict[str, Any]:
    """Return the argument of `runpod.serverless.start`.

    Args:
        handler: The service.
        clock: Measures the jobs.
        progress: Sends a partial of a service with `Delivery.REPLY`.
    """
    config: dict[str, Any] = {"concurrency_modifier": lambda _current: IN_FLIGHT}
    if handler.delivery is Delivery.STREAM:
        return {
            **config,
            "handler": _streaming_handler(handler, clock),
            "return_aggregate_stream": True,  # without it a finished job has no output
        }
    return {**config, "handler": _replying_handler(handler, clock, progress)}


def _streaming_handler(
    handler: Handler, clock: Clock
) -> Callable[[Job], AsyncGenerator[Wire, None]]:
    async def work(job: Job) -> AsyncGenerator[Wire, None]:
        async with contextlib.aclosing(run(handler, job["input"], clock=clock)) as responses:
            async for response in responses:
                yield _for_platform(response)

    return work


def _replying_handler(
    handler: Handler, clock: Clock, progress: Progress
) -> Callable[[Job], Awaitable[Wire]]:
    async def work(job: Job) -> Wire:
        response: Wire = {}
        next_progress = clock.now()
        async with contextlib.aclosing(run(handler, job["input"], clock=clock)) as responses:
            async for response in responses:
                if response["status"] == Status.PARTIAL and clock.now() >= next_progress:
                    await progress(job, response)
                    next_progress = clock.now() + PROGRESS_INTERVAL_S
        return _for_platform(response)

    return work


def _for_platform(response: Wire) -> Wire:
    error: Mapping[str, Any] | None = response.get("error")
    return {**response, "error": json.dumps(error, ensure_ascii=False)} if error else response


async def _send_progress(job: Job, response: Wire) -> None:
    """Show a partial in `/status`, and return when the platform has it.

    A lost update does no harm, so a failure is only logged.
    """
    from runpod.http_client import AsyncClientSession  # noqa: PLC0415  (an extra)
    from runpod.serverless.modules.rp_http import send_result  # noqa: PLC0415

    try:
        async with AsyncClientSession() as session:
            await send_result(session, {"status": "IN_PROGRESS", "output": response}, job)
    except Exception as e:  # noqa: BLE001  (the job continues)
        log.warning("A progress update was not sent: %s", type(e).__name__)


def _work(name: str) -> None:
    settings = load_settings()
    _load_sdk(settings.skydeck_log_level)  # first, so that a missing extra does not cost a minute
    # Only a worker that starts needs the models' runtimes.
    from bot.models.any_model import ensure_models  # noqa: PLC0415
    from bot.models.store import ModelStore  # noqa: PLC0415
    from bot.workers.build import build_workers  # noqa: PLC0415

    store = ModelStore(settings.skydeck_weights_dir)
    workers = build_workers(settings, lambda model: ensure_models(store, [model])[model])
    handler = workers.handlers[name]
    # The SDK runs another loop later; the models live in threads and need no loop.
    asyncio.run(handler.warm_up())
    try:
        start(handler, log_level=settings.skydeck_log_level, collector=settings.otlp_endpoint)
    finally:
        asyncio.run(workers.close())


def _load_sdk(log_level: str) -> Any:
    try:
        import runpod  # noqa: PLC0415  (an extra)
    except ImportError:
        raise BadSettings(
            "RunPod's SDK is not installed.", hint=extra_command("local,runpod")
        ) from None
    logging.basicConfig()
    logging.getLogger().setLevel(log_level)
    runpod.RunPodLogger().set_level(_SDK_LEVELS[log_level])
    return runpod


if __name__ == "__main__":
    sys.exit(main())
