"""`skydeck health` as its users run it, on a server of ours."""

import asyncio
import json
import os
import signal
import sys

import pytest
from pydantic import SecretStr

from audio.discord_voice.stats import ReceptionStats
from bot.clock import SystemClock
from bot.contract import Service
from bot.contract.job import Health as ServiceHealth
from bot.contract.job import JobCounts, WorkerCounts
from bot.money import Basis, Call, Charge
from bot.observability.heartbeat import HEARTBEAT, ChannelReception, Heartbeat
from bot.service_calls.availability import Availability, LatestHealth, Warmth
from bot.store.store import Store
from bot.workers.server.lifecycle import embedded_server
from tests.environment import without_settings
from tests.fakes.command_line import skydeck
from tests.fakes.handlers import Scripted, echo

KEY = "a-key-of-thirty-two-characters-x"


@pytest.fixture
async def url():
    handlers = {s.value.lower(): Scripted(echo, service=s) for s in Service}
    async with embedded_server(handlers, key=SecretStr(KEY), clock=SystemClock()) as url:
        yield url


@pytest.fixture(autouse=True)
def database(tmp_path, monkeypatch):
    """Where the ledger is: not where whoever runs the tests has theirs."""
    url = f"sqlite:///{tmp_path}/skydeck.db"
    monkeypatch.setenv("SKYDECK_DATABASE_URL", url)
    return url


def surroundings(url, more):
    database = {"SKYDECK_DATABASE_URL": os.environ["SKYDECK_DATABASE_URL"]}
    ids = {f"{s.value}_ENDPOINT_ID": s.value.lower() for s in Service}
    return {"RUNPOD_API_KEY": KEY, "RUNPOD_BASE_URL": url} | ids | database | more


async def health(url, *args, **more):
    done = await asyncio.to_thread(skydeck, "health", *args, **surroundings(url, more))
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


async def test_each_service_is_a_line(url):
    code, out, _ = await health(url)
    assert code == 0
    names = [line.partition(":")[0] for line in out.splitlines()]
    assert names == ["factory", "grace", "penny", "bot"]
    assert "jobs: 0 waiting" in out
    assert "bot: none is running on this database" in out


async def test_every_running_bot_is_a_line(url, database):
    heard = ReceptionStats(received=990, lost=15, late=5, undecryptable=10)
    room = ChannelReception(guild_id=7, latency_ms=48.4, people=2, heard=heard)
    async with (
        Store.open(database, SystemClock()) as one,
        Store.open(database, SystemClock()) as other,
    ):
        await one.heartbeats.publish(
            HEARTBEAT.dump_python(Heartbeat(gateway_ms={0: 41.6}, rooms=[room]))
        )
        await other.heartbeats.publish(
            HEARTBEAT.dump_python(Heartbeat(gateway_ms={1: 40.1, 2: None, 3: 52.0}))
        )
        _, out, _ = await health(url)
        assert sorted(line for line in out.splitlines() if line.startswith("bot")) == [
            "bot: 40 to 52 ms to Discord, measured for 2 of 3 shards",
            "bot: 42 ms to Discord; voice in server 7: 48 ms, 2 heard, 990 packets, 2.5% missing",
        ]
        await other.heartbeats.publish({"of": "another version"})
        _, out, _ = await health(url, "--json")
    [bot] = [line for line in map(json.loads, out.splitlines()) if "bot" in line]
    assert bot["gateway_ms"] == {"0": 41.6}
    assert bot["voice"][0]["undecryptable"] == 10


async def test_services_within_a_bot_are_told_of_by_it(database):
    busy = ServiceHealth(jobs=JobCounts(inQueue=2), workers=WorkerCounts(running=1))
    grace = Availability(
        service=Service.GRACE,
        warmth=Warmth.WARM,
        health=busy,
        latest=LatestHealth(at_s=1),
        age_s=65,
    )
    async with Store.open(database, SystemClock()) as store:
        heartbeat = Heartbeat(gateway_ms={0: None}, services=[grace])
        await store.heartbeats.publish(HEARTBEAT.dump_python(heartbeat, mode="json"))
        code, out, err = await health("http://127.0.0.1:9", RUNPOD_API_KEY="")
        assert (code, err) == (0, "")
        assert "grace: a worker is up; last answer 1 min 5 s ago; workers: 1 working" in out
        assert "bot: round trip to Discord not measured yet" in out
        await store.heartbeats.leave()
        code, _, err = await health("http://127.0.0.1:9", RUNPOD_API_KEY="")
    assert code == 2
    assert "skydeck bot" in err


async def test_the_last_answer_of_any_process_is_shown(url, database):
    async with Store.open(database, SystemClock()) as store:
        charge = Charge(micro_usd=5, basis=Basis.SECONDS, delay_ms=200, execution_ms=1_400)
        call = Call(call_id="1", service=Service.PENNY, module="CONVERSE")
        await store.ledger.settle(call, charge)
    _, out, _ = await health(url)
    line = next(line for line in out.splitlines() if line.startswith("penny"))
    assert "a worker is up; last answer" in line
    assert "ago, waited 0.2 s, took 1.4 s" in line
    _, out, _ = await health(url, "--json")
    found = {line["service"]: line for line in map(json.loads, out.splitlines())}
    assert found["penny"]["last"]["delay_ms"] == 200
    assert found["grace"]["last"] is None


async def test_what_does_not_answer_or_is_not_set_is_a_line_too(url):
    code, out, _ = await health(url, "--json", GRACE_ENDPOINT_ID="", FACTORY_ENDPOINT_ID="nobody")
    assert code == 4
    found = {line["service"]: line for line in map(json.loads, out.splitlines())}
    assert found["penny"]["warmth"]
    assert found["grace"]["error"] == "bad_settings"
    assert found["factory"]["error"] == "endpoint_not_found"
    code, out, _ = await health("http://127.0.0.1:9")
    assert code == 4


@pytest.mark.system
async def test_looking_again_and_again_until_ctrl_c(url):
    inherited = without_settings()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "health", "--watch", "--json", "--every", "0.5"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=inherited | {"PYTHONWARNINGS": ""} | surroundings(url, {}),
    )
    looks = [json.loads(await process.stdout.readline()) for _ in range(7)]
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert err == b""
    assert [look["service"] for look in looks[:4]] == ["factory", "grace", "penny", "factory"]
    assert looks[6]["at"] - looks[0]["at"] > 0.9


async def test_without_a_key_there_is_nothing_to_ask():
    code, _, err = await health("http://127.0.0.1:9", RUNPOD_API_KEY="")
    assert code == 2
    assert "`skydeck bot`" in err


async def test_without_its_database_it_still_asks_the_services(url, tmp_path):
    (tmp_path / "file").touch()
    broken = f"sqlite:///{tmp_path}/file/skydeck.db"
    code, out, _ = await health(url, SKYDECK_DATABASE_URL=broken)
    assert code == 4
    assert "jobs: 0 waiting" in out
    assert "bot: The database (" in out
    _, out, _ = await health(url, "--json", SKYDECK_DATABASE_URL=broken)
    assert json.loads(out.splitlines()[-1])["error"] == "store"
