"""Three processes, nine shards: one is killed at work, then all are replaced one after another."""

import asyncio

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Service
from bot.store.address import Address
from bot.store.maintenance.migrate import migrate
from bot.workers.server.lifecycle import embedded_server
from local_discord import PATIENCE, LocalDiscord
from tests.fakes.discord_bot import KEY
from tests.fakes.handlers import Scripted
from tests.system.scenarios.fleet import PROCESSES, SHARDS, Services, ask, fleet, places
from tests.waiting import until

TRICKLE_EVERY_S = 0.4


@pytest.fixture
async def sim():
    async with LocalDiscord(answer_seconds=PATIENCE) as simulator:
        simulator.gateway.shards = SHARDS
        simulator.gateway.max_concurrency = SHARDS
        simulator.gateway.identify_seconds = 5.0
        yield simulator


@pytest.fixture
def services():
    return Services()


@pytest.fixture
async def url(services):
    handlers = {"penny": Scripted(services.penny, service=Service.PENNY)}
    async with embedded_server(
        handlers,
        key=SecretStr(KEY),
        clock=SystemClock(),
        warm_up=(),
        concurrency={"penny": 40},
    ) as base_url:
        yield base_url


@pytest.mark.timeout(900)
async def test_killed_at_work_and_replaced_one_by_one(sim, services, url, postgres, capsys):
    clock = SystemClock()
    where = await places(sim)
    database = await postgres.create()
    await migrate(Address.parse(database), clock)
    async with fleet(sim, url, database) as ours:
        began = clock.now()
        for _ in range(PROCESSES):
            await ours.start()
        await ours.until_even(PROCESSES)
        lines = [f"nine shards up in three processes after {clock.now() - began:.1f} s"]

        # -- one is killed while it works ---------------------------------------------------------
        asked = [await ask(place, f"work {place.shard}!") for place in where]
        await until(lambda: sum(services.times.values()) == len(asked))  # all are under way
        before = await ours.shares()
        await ours.kill(ours.processes[0])
        killed = clock.now()
        probes = [await ask(place, f"probe {place.shard}!") for place in where]
        took = await asyncio.gather(*(one.answered() for one in probes))
        lines.append(f"all servers answer again {max(took):.1f} s after kill -9")
        after = await ours.shares()
        for one in asked:
            await one.answered()
        lines.append(f"its jobs are finished {clock.now() - killed:.1f} s after it")
        await ours.settle()

        # -- the three are replaced one after another under a trickle -----------------------------
        await ours.start()
        await ours.until_even(PROCESSES)
        trickle, is_over = [], asyncio.Event()

        async def mention() -> None:
            while not is_over.is_set():
                number = len(trickle)
                trickle.append(await ask(where[number % SHARDS], f"mention {number}!"))
                await asyncio.sleep(TRICKLE_EVERY_S)  # how busy it is; nothing hangs on it

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(mention())
            for process in list(ours.processes):
                stopped = await ours.stop(process)
                lines.append(f"one stopped in {stopped:.1f} s")
                await ours.start()
                await ours.until_even(PROCESSES)
            is_over.set()
        await asyncio.gather(*(one.answered() for one in trickle))
        waits = sorted(one.waited for one in trickle)
        lines.append(f"{len(trickle)} mentions meanwhile; the slowest waited {waits[-1]:.1f} s")
        await ours.settle()
        everything = [*asked, *probes, *trickle]
    with capsys.disabled():
        print("", *lines, sep="\n")
    [dead] = set(before) - set(after)
    assert len(before[dead]) == SHARDS // PROCESSES  # so few had to wait
    assert all(set(shards) <= set(after[one]) for one, shards in before.items() if one != dead)
    assert {one.text: len(one.finals) for one in everything if len(one.finals) != 1} == {}
    assert {text: times for text, times in services.times.items() if times != 1} == {}
    assert len(sim.log.requests("PUT", "/commands")) == 1
    assert not [p for p in sim.problems if "too soon" in p.message]
