"""What a call costs in the client, and how soon a finished job's result is in hand.

    python -m tests.bench.client            both, in about two and a half minutes
    python -m tests.bench.client --seconds 0.5

Beside the peers, against the same server in another process: runpod's `Endpoint` (threads) and
`AsyncioEndpoint`, httpx, aiohttp. "run", "runsync" and "stream" are this client's modes. A call is
a whole job: runpod's asyncio client makes three requests for one, ours two, one and three; the bare
HTTP clients make one request. All run on asyncio's own loop, in turn, in two rounds.
"""

import argparse
import asyncio
import base64
import logging
import statistics
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import httpx
import runpod
from pydantic import SecretStr

from bot.choices import Mode
from bot.contract import Service, Source, System
from bot.contract.penny import converse
from bot.runpod.client import Endpoint, RunPodClient
from bot.runpod.models import Update
from tests.fakes.runpod_asgi import running

_KEY = "bench"
_SIZES = {"1 KB": 700, "300 KB": 225_000}
_IN_FLIGHT = (1, 16, 64)
_WORK_MS = (50, 130, 250, 410, 500, 730, 950)
_AIM_MS = 20.0

Call = Callable[[], Awaitable[object]]


def request(size: int, work_ms: int = 0):
    said = base64.b64encode(b"\xa5" * size).decode()
    return converse(said, source=Source(system=System.DECK), params={"work_ms": work_ms})


async def final(client: RunPodClient, contract, mode: Mode) -> Update:
    async for update in client.submit(contract, mode=mode):
        last = update
    return last


Rate = tuple[float, float]
"""Calls a second, and milliseconds of this process's CPU a call."""


def _rate(done: int, start: float, cpu_start: float) -> Rate:
    cpu_ms = (time.process_time() - cpu_start) * 1000
    return done / (time.perf_counter() - start), cpu_ms / done


async def rate(call: Call, in_flight: int, seconds: float) -> Rate:
    """A closed loop in tasks."""
    done = 0
    cpu_start = time.process_time()
    start = time.perf_counter()
    end = start + seconds

    async def worker() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call()
            done += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())
    return _rate(done, start, cpu_start)


def thread_rate(call: Callable[[], object], in_flight: int, seconds: float) -> Rate:
    """A closed loop in threads."""
    cpu_start = time.process_time()
    start = time.perf_counter()
    end = start + seconds

    def worker() -> int:
        done = 0
        while time.perf_counter() < end:
            call()
            done += 1
        return done

    with ThreadPoolExecutor(in_flight) as pool:
        counts = [future.result() for future in [pool.submit(worker) for _ in range(in_flight)]]
    return _rate(sum(counts), start, cpu_start)


async def overhead(base: str, size: int, in_flight: int, seconds: float) -> dict[str, Rate]:
    """The better of two rounds of each client."""
    contract = request(size)
    job_input = {"contract": contract.to_wire()}
    body = {"input": job_input}
    headers = {"Authorization": f"Bearer {_KEY}"}
    url = f"{base}/ep/runsync"
    endpoint = Endpoint(Service.PENNY, "ep", mode=Mode.RUN, deadline_s=60)
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    sdk = runpod.Endpoint("ep")
    found: dict[str, Rate] = {}

    def best(name: str, value: Rate) -> None:
        found[name] = max(found.get(name, value), value)

    async with (
        RunPodClient(base, SecretStr(_KEY), {Service.PENNY: endpoint}) as ours,
        aiohttp.ClientSession(headers=headers) as session,
        httpx.AsyncClient(headers=headers, limits=limits) as plain,
    ):
        sdk_async = runpod.AsyncioEndpoint("ep", session)

        async def sdk_async_call() -> None:
            job = await sdk_async.run(job_input)
            await job.output(timeout=60)

        async def aiohttp_call() -> None:
            async with session.post(url, json=body) as response:
                await response.json()

        async def httpx_call() -> None:
            (await plain.post(url, json=body)).json()

        calls: dict[str, Call] = {
            "runpod AsyncioEndpoint": sdk_async_call,
            "httpx": httpx_call,
            "aiohttp": aiohttp_call,
            **{f"ours, {m}": lambda m=m: final(ours, contract, m) for m in Mode},
        }
        for _ in range(2):
            for name, call in calls.items():
                best(name, await rate(call, in_flight, seconds))
            threads = await asyncio.to_thread(
                thread_rate, lambda: sdk.run_sync(job_input), in_flight, seconds
            )
            best("runpod Endpoint, threads", threads)
    return found


async def delays(base: str) -> dict[str, list[float]]:
    """Milliseconds from the end of a job until its result is in the caller's hands."""
    endpoint = Endpoint(Service.PENNY, "ep", mode=Mode.RUN, deadline_s=60)
    found: dict[str, list[float]] = {}
    async with (
        RunPodClient(base, SecretStr(_KEY), {Service.PENNY: endpoint}) as ours,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {_KEY}"}) as session,
    ):
        sdk = runpod.AsyncioEndpoint("ep", session)

        async def by_sdk(work_ms: int) -> float:
            job = await sdk.run({"contract": request(700, work_ms).to_wire()})
            output = await job.output(timeout=60)
            return time.monotonic() * 1000 - output["timings_ms"]["ended"]

        async def by_us(work_ms: int, mode: Mode) -> float:
            response = (await final(ours, request(700, work_ms), mode)).response
            assert response is not None
            assert response.timings_ms is not None
            return time.monotonic() * 1000 - response.timings_ms["ended"]

        found["runpod AsyncioEndpoint"] = [await by_sdk(ms) for ms in _WORK_MS]
        for mode in Mode:
            found[f"ours, {mode}"] = [await by_us(ms, mode) for _ in range(2) for ms in _WORK_MS]
    return found


def show_overhead(table: dict[int, dict[str, Rate]], size: str) -> dict[Mode, float]:
    """Print a table; gives our modes as a ratio to the better of the SDK's two at the most load."""
    print(f"\nCalls a second (and CPU ms a call), {size}, in flight:")
    print(" " * 26 + "".join(f"{in_flight:>18}" for in_flight in table))
    for name in next(iter(table.values())):
        cells = (f"{row[name][0]:,.0f} ({row[name][1]:.2f})" for row in table.values())
        print(f"  {name:<24}" + "".join(f"{cell:>18}" for cell in cells))
    most = table[max(table)]
    sdk = max(value for name, (value, _) in most.items() if name.startswith("runpod"))
    ratios = {mode: most[f"ours, {mode}"][0] / sdk for mode in Mode}
    listed = ", ".join(f"{mode} {ratio:.2f}" for mode, ratio in ratios.items())
    print(f"  Ours x the best of runpod's, {max(table)} in flight: {listed} (aim: 1)")
    return ratios


def show_delays(found: dict[str, list[float]]) -> dict[str, float]:
    """Print each median beside the SDK's; gives the medians."""
    print(f"\nFrom a job's end to its result in hand, ms (aim: median {_AIM_MS:g})")
    print(" " * 26 + "".join(f"{head:>18}" for head in ("median", "worst", "x sooner")))
    medians = {name: statistics.median(values) for name, values in found.items()}
    peer = medians["runpod AsyncioEndpoint"]
    for name, median in medians.items():
        worst = max(found[name])
        print(f"  {name:<24}{median:>18.1f}{worst:>18.1f}{peer / median:>18.0f}")
    return medians


def run(seconds: float) -> tuple[list[dict[Mode, float]], dict[str, float]]:
    """Measure and print everything."""
    logging.disable()  # the SDK turns the root logger on, and every client would pay for it
    try:
        with running() as base:
            runpod.api_key, runpod.endpoint_url_base = _KEY, base
            ratios = []
            for name, size in _SIZES.items():
                table = {c: asyncio.run(overhead(base, size, c, seconds)) for c in _IN_FLIGHT}
                ratios.append(show_overhead(table, name))
            return ratios, show_delays(asyncio.run(delays(base)))
    finally:
        logging.disable(logging.NOTSET)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.8, help="per client, size and load")
    run(parser.parse_args().seconds)


if __name__ == "__main__":
    main()
