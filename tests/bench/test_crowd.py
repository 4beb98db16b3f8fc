"""Fifty people who speak at once in one voice channel: is the whole bot still quick?

The bot is a process of its own, with all its cogs, its real ears, and DAVE; the people are fifty
clients of the local Discord in this one. Everybody's words go to a Penny that follows a script, and
into the minutes. How late the bot's event loop is, is noted every 10 ms.

The peers: the same bot with Python's own pauses (`bot.pauses`), and beside each an event loop that
does nothing, in a process of its own. First on a quiet machine, then with two processes beside the
bot that never pause.
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
from local_discord import LocalDiscord
from tests.fakes.discord_bot import serving
from tests.fakes.handlers import Scripted, echo
from tests.fakes.voice_call import Recorded
from tests.paths import ROOT

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

PEOPLE = 50
SETTLES_S, TALK_S = 5.0, 20.0
WAYS = [("ours", 0), ("plain", 2), ("ours", 2)]


async def hears(_request):
    words = "so that is what I think of it"
    output = {"text": words, "transcript": words}
    yield Response.model_validate({"status": Status.COMPLETED, "output": output})


@contextlib.asynccontextmanager
async def bot(sim, services, database, how, notes):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "local_discord.elsewhere", sim.base_url, "tests.bench.crowd_bot"),
        *(services, str(database), sim.token, how, str(notes)),
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


async def test_fifty_people_at_once(tmp_path, clips, capsys):
    found = {}
    for number, (how, beside) in enumerate(WAYS):
        folder = tmp_path / str(number)
        folder.mkdir()
        found[how, beside] = await talk(folder, clips, capsys, how, beside)
    with capsys.disabled():
        for name, at in {"p99": 0.99, "most": 1.0}.items():
            ours, plain = (quantile(found[how, 2], at) for how in ("ours", "plain"))
            print(f"\n  beside two busy processes, {name}: {plain / ours:.1f} times less late")


async def talk(folder, clips, capsys, how, beside):
    database, notes = folder / "skydeck.db", folder / "notes.json"
    penny = Recorded(Scripted(hears, service=Service.PENNY))
    handlers = {"penny": penny, "grace": Scripted(echo, service=Service.GRACE)}
    async with LocalDiscord() as sim, serving(handlers) as services:
        guild = sim.guild("Test")
        channel, lounge = guild.channel("general"), guild.voice_channel("Lounge")
        people = [guild.member(f"Person {number}", locale="en-US") for number in range(PEOPLE)]
        async with Store.open(f"sqlite:///{database}", SystemClock()) as store:
            for person in people:
                await store.consents.set(guild.id, person.id, agreed=True, locale="en-US", at_ms=1)
        async with bot(sim, services, database, how, notes):
            speakers = [await person.joins(lounge) for person in people]
            reply = await people[0].slash("/join", channel)
            await reply.done(within=60)
            mode = await people[0].slash("/voice mode", channel, when="listen-only")
            await mode.done()
            began = time.monotonic()
            with busy(beside):
                bare = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", "tests.bench.bare_loop", str(TALK_S)),
                    cwd=ROOT,
                    stdout=asyncio.subprocess.PIPE,
                )
                async with asyncio.timeout(TALK_S * 3), asyncio.TaskGroup() as group:
                    for number, speaker in enumerate(speakers):
                        group.create_task(talks(speaker, clips, 0.1 * number, began + TALK_S))
            over = time.monotonic()
            told, _ = await bare.communicate()
    noted, idle = json.loads(notes.read_text()), sorted(json.loads(told))
    lags = [row for row in noted["lags"] if began + SETTLES_S < row[0] < began + TALK_S]
    late = sorted(lag for _, lag, _ in lags)
    share = (lags[-1][2] - lags[0][2]) / (lags[-1][0] - lags[0][0])
    heard, received, loss = noted["heard"][-1]
    collected = [took for at, took, _ in noted["collections"] if at > began]
    with capsys.disabled():
        print(f"\n  {how}: {heard} people at once for {over - began:.0f} s, {beside} busy beside,")
        print(f"  {received} packets received, {loss:.2%} of them missing")
        print(f"  the bot takes {share:.0%} of a core; {len(penny.requests)} turns asked")
        print(f"  the longest garbage collection: {max(collected, default=0) * 1e3:.0f} ms")
        for name, at in {"median": 0.5, "p95": 0.95, "p99": 0.99, "most": 1.0}.items():
            ours, theirs = quantile(late, at), quantile(idle, at)
            print(
                f"  event-loop lag, {name}: {ours * 1e3:.1f} ms; of one that does nothing "
                f"{theirs * 1e3:.1f} ms; {ours / theirs:.1f} times"
            )
        for place, times in noted["places"]:
            print(f"    late {times} times in {place}")
    assert heard == PEOPLE
    return late


def quantile(ordered, at):
    return ordered[int((len(ordered) - 1) * at)]


async def talks(speaker, clips, first_s, until):
    await asyncio.sleep(first_s)
    while time.monotonic() < until:
        await speaker.plays(clips / "jfk.flac")
        await asyncio.sleep(1)
