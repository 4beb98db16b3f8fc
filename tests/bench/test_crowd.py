"""Fifty people who speak at once in one voice channel: is the whole bot still quick?

The bot is a process of its own, with all its cogs, its real ears, and DAVE; the people are fifty
clients of the local Discord in this one. Everybody's words go to a Penny that follows a script, and
into the minutes. How late the bot's event loop is, is noted every 10 ms. The peer is a quiet
machine: the same again with two processes beside the bot that never pause.
"""

# mypy: ignore-errors

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time

import pytest

from bot.clock import SystemClock
from bot.contract import Response, Service, Status
from bot.store.store import Store
from tests.fakes.discord_bot import serving
from tests.fakes.handlers import Scripted, echo
from tests.fakes.voice_call import Recorded
from tests.paths import ROOT
from tests.simulator import Simulator

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

PEOPLE = 50
TALK_S = 20.0


async def hears(_request):
    words = "so that is what I think of it"
    output = {"text": words, "transcript": words}
    yield Response.model_validate({"status": Status.COMPLETED, "output": output})


@contextlib.asynccontextmanager
async def bot(sim, services, database, notes):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.simulator.elsewhere", sim.base_url, "tests.bench.crowd_bot"),
        *(services, str(database), sim.token, str(notes)),
        cwd=ROOT,
    )
    try:
        await sim.gateway.until_online(within=60)
        yield process
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@contextlib.contextmanager
def busy(number):
    processes = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize("beside", [0, 2])
async def test_fifty_people_at_once(tmp_path, clips, capsys, beside):
    database, notes = tmp_path / "skydeck.db", tmp_path / "notes.json"
    penny = Recorded(Scripted(hears, service=Service.PENNY))
    handlers = {"penny": penny, "grace": Scripted(echo, service=Service.GRACE)}
    async with Simulator() as sim, serving(handlers) as services:
        guild = sim.guild("Test")
        channel, lounge = guild.channel("general"), guild.voice_channel("Lounge")
        people = [guild.member(f"Person {number}", locale="en-US") for number in range(PEOPLE)]
        async with Store.open(f"sqlite:///{database}", SystemClock()) as store:
            for person in people:
                await store.consents.set(guild.id, person.id, agreed=True, locale="en-US", at_ms=1)
        async with bot(sim, services, database, notes):
            speakers = [await person.joins(lounge) for person in people]
            reply = await people[0].slash("/join", channel)
            await reply.done(within=60)
            mode = await people[0].slash("/voice mode", channel, when="listen-only")
            await mode.done()
            began = time.monotonic()
            with busy(beside):
                async with asyncio.timeout(TALK_S * 3), asyncio.TaskGroup() as group:
                    for number, speaker in enumerate(speakers):
                        group.create_task(talks(speaker, clips, 0.1 * number, began + TALK_S))
            over = time.monotonic()
    told = json.loads(notes.read_text())
    lags = [row for row in told["lags"] if began + 5 < row[0] < began + TALK_S]
    late = sorted(lag for _, lag, _ in lags)
    share = (lags[-1][2] - lags[0][2]) / (lags[-1][0] - lags[0][0])
    heard, received, loss = told["heard"][-1]
    with capsys.disabled():
        print(
            f"\n  {heard} people at once for {over - began:.0f} s, {beside} busy processes beside,"
        )
        print(f"  {received} packets received,")
        print(f"  {loss:.2%} of them missing")
        print(f"  the bot takes {share:.0%} of a core; {len(penny.requests)} turns asked")
        for name, at in {"median": 0.5, "p95": 0.95, "p99": 0.99, "most": 1.0}.items():
            print(f"  event-loop lag, {name}: {late[int((len(late) - 1) * at)] * 1e3:.1f} ms")
    assert heard == PEOPLE


async def talks(speaker, clips, first_s, until):
    await asyncio.sleep(first_s)
    while time.monotonic() < until:
        await speaker.plays(clips / "jfk.flac")
        await asyncio.sleep(1)
