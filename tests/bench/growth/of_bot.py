"""The running bot: servers, jobs in flight, speakers, and processes that pay from one database."""

# mypy: ignore-errors

import asyncio
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.clock import SystemClock
from bot.store.store import Store
from tests.bench.growth.curve import Curve
from tests.paths import ROOT

GUILDS = (1, 10, 100, 1_000)
JOBS = (1, 10, 100, 1_000)
SPEAKERS = (1, 5, 10, 25, 50)
PROCESSES = (1, 3, 9)
PAY_S = 3.0
TICKS = 100


def guilds() -> list[Curve]:
    """Servers that the bot is in."""
    starts, memory, plain_starts, plain_memory = [], [], [], []
    for number in GUILDS:
        seconds, mb = asyncio.run(_start(number, ("bot", "bot")))
        plain_seconds, plain_mb = asyncio.run(_start(number, ("tests.bench.plain_bot",)))
        starts.append(seconds)
        memory.append(mb)
        plain_starts.append(plain_seconds)
        plain_memory.append(plain_mb)
    shared = {"size": "servers of three channels", "peer": "plain discord.py", "sizes": [*GUILDS]}
    return [
        Curve(title="Memory by servers", unit="MB", ours=memory, theirs=plain_memory, **shared),
        Curve(title="Start by servers", unit="s", ours=starts, theirs=plain_starts, **shared),
    ]


async def _start(number: int, args: tuple[str, ...]) -> tuple[float, float]:
    from local_discord import LocalDiscord
    from tests.bench.test_bot import _process, _resident_mb
    from tests.fakes.discord_bot import serving

    with tempfile.TemporaryDirectory() as folder:
        async with LocalDiscord() as sim, serving({}) as base_url:
            for guild_number in range(number):
                guild = sim.guild(f"Guild {guild_number}")
                for name in ("general", "help", "random"):
                    guild.channel(name)
            async with _process(sim, base_url, Path(folder), *args) as (process, seconds):
                await asyncio.sleep(1.0)
                resident = _resident_mb(process.pid)
            await sim.gateway.until_offline()
    return seconds, resident


def jobs() -> list[Curve]:
    """Jobs in flight."""
    import runpod

    from tests.bench import client
    from tests.fakes.runpod_asgi import running

    logging.disable()  # the SDK turns the root logger on, and every client would pay for it
    try:
        with running() as base:
            runpod.api_key, runpod.endpoint_url_base = client._KEY, base
            found = [asyncio.run(_jobs_at_once(base, number)) for number in JOBS]
    finally:
        logging.disable(logging.NOTSET)
    return [
        Curve(
            title="Jobs in flight", size="jobs at once", unit="ms of processor a job",
            peer="runpod's AsyncioEndpoint", sizes=[*JOBS], ours=[ours for ours, _ in found],
            theirs=[theirs for _, theirs in found],
        )
    ]  # fmt: skip


async def _jobs_at_once(base: str, number: int) -> tuple[float, float]:
    import aiohttp
    import runpod
    from pydantic import SecretStr

    from bot.choices import Mode
    from bot.contract import Service
    from bot.runpod.client import Endpoint, RunPodClient
    from tests.bench import client

    contract = client.request(700, 400)
    endpoint = Endpoint(Service.PENNY, "ep", mode=Mode.RUN, deadline_s=120)
    headers = {"Authorization": f"Bearer {client._KEY}"}
    connector = aiohttp.TCPConnector(limit=100)
    async with (
        RunPodClient(base, SecretStr(client._KEY), {Service.PENNY: endpoint}) as ours,
        aiohttp.ClientSession(headers=headers, connector=connector) as session,
    ):
        sdk = runpod.AsyncioEndpoint("ep", session)

        async def by_sdk() -> None:
            job = await sdk.run({"contract": contract.to_wire()})
            await job.output(timeout=100)

        async def cost_ms(call) -> float:
            rounds = []
            for _ in range(3 if number < JOBS[-1] else 1):
                began = time.process_time()
                await asyncio.gather(*(call() for _ in range(number)))
                rounds.append((time.process_time() - began) * 1000 / number)
            return min(rounds)

        return await cost_ms(lambda: client.final(ours, contract, Mode.RUN)), await cost_ms(by_sdk)


def speakers() -> list[Curve]:
    """People who speak at once, from the datagram to 16 kHz."""
    import discord.opus

    from audio import opus
    from tests.bench.receive import OPUS

    discord.opus.load_opus(opus._libopus()._name)
    shares, memory, plain = [], [], []
    for number in SPEAKERS:
        share, mb = _heard(number)
        decoders = [discord.opus.Decoder() for _ in range(number)]
        began = time.process_time()
        for tick in range(TICKS):
            for person, decoder in enumerate(decoders):
                decoder.decode(OPUS[(tick + 13 * person) % len(OPUS)], fec=False)
        plain.append((time.process_time() - began) / (TICKS * 0.02) * 100)
        shares.append(share * 100)
        memory.append(mb)
    shared = {"size": "people who speak at once", "sizes": [*SPEAKERS]}
    return [
        Curve(
            title="Processor by speakers", unit="% of a core, both encryptions and Opus",
            peer="discord.py's Opus decoder alone", ours=shares, theirs=plain, **shared,
        ),
        Curve(
            title="Memory by speakers", unit="MB of the process at its most",
            peer="", ours=memory, theirs=[None] * len(memory), **shared,
        ),
    ]  # fmt: skip


def _heard(number: int) -> tuple[float, float]:
    """The share of a core, and the most memory; in a process of its own."""
    code = f"from tests.bench.growth.of_bot import hear; hear({number})"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    return float(told[0]), float(told[1])


def hear(number: int) -> None:
    """Hear people in one call for two seconds of their time."""
    from audio.opus import OpusDecoder
    from tests.bench.receive import OPUS
    from tests.fakes.voice_room import Room

    room = Room()
    people = [room.join(1000 + person) for person in range(number)]
    receiver = room.receiver(heard=[person.user_id for person in people])
    for person in people:
        receiver.map_ssrc(person.user_id, person.ssrc)
    decoders = {person.user_id: OpusDecoder() for person in people}
    took, now = 0.0, 0.0
    for tick in range(TICKS):
        said = [person.says(OPUS[(tick + 13 * person.user_id) % len(OPUS)]) for person in people]
        now += 0.02
        began = time.process_time()
        for data in said:
            receiver.receive(data, now)
        for frame in receiver.pull(now):
            decoders[frame.user_id].decode(frame.opus)
        took += time.process_time() - began
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(took / (TICKS * 0.02), mb)


def processes() -> list[Curve]:
    """Processes that pay for calls from one PostgreSQL."""
    from tests.fakes.postgres import running

    ours, bare = [], []
    with running() as server:
        asyncio.run(server.until_up())
        for number in PROCESSES:
            url = asyncio.run(server.create())
            asyncio.run(_migrated(url))
            ours.append(_together("pay", url, number))
            bare.append(_together("write", url, number))
    return [
        Curve(
            title="Paying from several processes", size="processes, 16 calls at once in each",
            unit="calls a second of all", peer="asyncpg, two bare writes a call",
            sizes=[*PROCESSES], ours=ours, theirs=bare, is_rate=True,
        )
    ]  # fmt: skip


async def _migrated(url: str) -> None:
    async with Store.open(url, SystemClock()):
        pass


def _together(what: str, url: str, number: int) -> float:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.growth.payer", what, url, str(PAY_S)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for _ in range(number)
    ]
    for process in started:
        process.stdout.readline()  # ready
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    done = [int(process.communicate(timeout=120)[0]) for process in started]
    return sum(done) / PAY_S
