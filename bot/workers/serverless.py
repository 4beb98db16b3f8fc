"""The deployable worker: one of the services under RunPod's SDK. The only file that imports it.

Start it with `python -m bot.workers.serverless penny`.

What the SDK (1.12) needs of a worker and does not say:

- An output with a true `error` fails the job, and `error` becomes a string by `str`. Ours is
  therefore put in as JSON.
- `runpod.serverless.progress_update` sends from a thread of its own that nobody waits for: a
  progress that overtakes the result leaves the job IN_PROGRESS for ever (runpod-python #250).
  Here progress is sent by the same function that sends the result, and waited for.
- The fetch loop sleeps for a second whenever the worker is full, so a worker of one job at a time
  does one job a second at best. It takes several; the engines queue what they cannot do at once.
- At its default log level it prints every output, and importing it opens the root logger to INFO.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.clock import Clock, SystemClock
from bot.contract import Service, Status
from bot.errors import BadSettings, SkydeckError
from bot.otlp import exporting
from bot.settings import load_settings
from bot.workers.protocols import Delivery, Handler
from bot.workers.runtime import run
from bot.workers.traced import TracedHandler

log = logging.getLogger(__name__)

IN_FLIGHT = 4
"""How many jobs the worker takes at once."""
PROGRESS_INTERVAL_S = 1.0
"""How far apart two progress updates are at least; what comes sooner is left out."""

_SDK_LEVELS = {"DEBUG": "INFO", "INFO": "INFO", "WARNING": "WARN", "ERROR": "ERROR"}
"""Our log levels in the SDK's words. Its DEBUG shows people's words, so it is not used."""

Job = dict[str, Any]
"""What the SDK hands to a handler: `id`, `input` and what else came with the job."""
Wire = dict[str, Any]
Progress = Callable[[Job, Wire], Awaitable[None]]


def main(argv: Sequence[str] | None = None) -> int:
    """Load the models, then work until told to stop. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.workers.serverless", description="One service as a RunPod worker."
    )
    parser.add_argument("service", choices=[service.lower() for service in Service])
    name: str = parser.parse_known_args(argv)[0].service  # the SDK has options of its own
    try:
        _work(name)
    except SkydeckError as e:
        sys.stderr.write(f"{e}\n")
        return e.exit_code
    return 0


def start(handler: Handler, *, log_level: str = "WARNING", collector: str | None = None) -> None:
    """Run the SDK's worker loop around `handler` until the platform ends it.

    Args:
        handler: The service, warmed up.
        log_level: DEBUG, INFO, WARNING or ERROR.
        collector: Where its spans go, by OTLP over HTTP; None: none are made.

    Raises:
        BadSettings: The SDK, or OpenTelemetry where a collector is given, is not installed.
    """
    sdk, clock = _load_sdk(log_level), SystemClock()
    with exporting(collector, service=f"skydeck-{handler.service.value.lower()}") as sink:
        if sink is not None:
            handler = TracedHandler(handler, sink, clock)
        sdk.serverless.start(worker_config(handler, clock=clock, progress=_send_progress))


def worker_config(handler: Handler, *, clock: Clock, progress: Progress) -> dict[str, Any]:
    """What `runpod.serverless.start` is given.

    Args:
        handler: The service.
        clock: Measures the jobs.
        progress: Shows a partial of a service that replies.
    """
    config: dict[str, Any] = {"concurrency_modifier": lambda _current: IN_FLIGHT}
    if handler.delivery is Delivery.STREAM:
        return {
            **config,
            "handler": _generator(handler, clock),
            "return_aggregate_stream": True,  # or a finished job would have no output
        }
    return {**config, "handler": _replier(handler, clock, progress)}


def _generator(handler: Handler, clock: Clock) -> Callable[[Job], AsyncGenerator[Wire, None]]:
    async def work(job: Job) -> AsyncGenerator[Wire, None]:
        async with contextlib.aclosing(run(handler, job["input"], clock=clock)) as responses:
            async for response in responses:
                yield _for_platform(response)

    return work


def _replier(
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

    One update fewer does no harm, so a failure is only logged.
    """
    from runpod.http_client import AsyncClientSession  # noqa: PLC0415  (an extra)
    from runpod.serverless.modules.rp_http import send_result  # noqa: PLC0415

    try:
        async with AsyncClientSession() as session:
            await send_result(session, {"status": "IN_PROGRESS", "output": response}, job)
    except Exception as e:  # noqa: BLE001  (the job goes on)
        log.warning("A progress update was not sent: %s", type(e).__name__)


def _work(name: str) -> None:
    settings = load_settings()
    _load_sdk(settings.skydeck_log_level)  # first: a missing extra should not cost a minute
    # Only a worker that is started needs the models' runtimes.
    from bot.models.store import ModelStore  # noqa: PLC0415
    from bot.workers.build import build_workers  # noqa: PLC0415

    store = ModelStore(settings.skydeck_weights_dir)
    workers = build_workers(settings, lambda model: store.ensure([model])[model])
    handler = workers.handlers[name]
    # The SDK runs a loop of its own, later; the engines live in threads and do not mind.
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
            "RunPod's SDK is not installed.", hint="pip install 'skydeck[local,runpod]'"
        ) from None
    logging.basicConfig()
    logging.getLogger().setLevel(log_level)
    runpod.RunPodLogger().set_level(_SDK_LEVELS[log_level])
    return runpod


if __name__ == "__main__":
    sys.exit(main())
