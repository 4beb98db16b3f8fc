"""What Prometheus and an orchestrator see."""

import asyncio
import contextlib
import json
import shutil
import time
from dataclasses import replace

import aiohttp
import pytest

from audio.discord_voice.stats import ReceptionStats
from audio.discord_voice.watchdog import FaultKind
from bot.clock import SystemClock
from bot.errors import BadSettings
from bot.observability import web
from bot.observability.bot import sample_lag
from bot.observability.metrics import Metrics
from bot.observability.reception import Reception
from bot.observability.web import serve_metrics
from tests.ports import free_port
from tests.waiting import until


class Line:
    def __init__(self, fault=None, counts=(), **people: ReceptionStats) -> None:
        self.people = {int(name[1:]): health for name, health in people.items()}
        self.fault, self.fault_counts = fault, dict(counts)


async def get(url):
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.text()


async def test_ready_says_why_not():
    reasons = ["", "The database does not answer."]

    async def ready():
        return reasons.pop()

    async with serve_metrics("127.0.0.1:0", Metrics(), ready) as url:
        assert (await get(f"{url}/healthz"))[0] == 200
        status, body = await get(f"{url}/readyz")
        assert (status, json.loads(body)["reason"]) == (503, "The database does not answer.")
        assert (await get(f"{url}/readyz"))[0] == 200
        with pytest.raises(BadSettings):
            async with serve_metrics(url.removeprefix("http://"), Metrics(), ready):
                pass


@pytest.mark.parametrize("address", ["nowhere", "host:", "host:70000"])
async def test_an_address_must_be_one(address):
    with pytest.raises(BadSettings):
        async with serve_metrics(address, Metrics(), None):
            pass


def test_packets_are_counted_on_when_people_come_and_go():
    first = ReceptionStats(received=100, lost=5)
    links = [(1, Line(u7=first, u8=ReceptionStats(received=10)))]
    metrics = Metrics()
    metrics.registry.register(Reception(lambda: links))

    def lost(kind):
        return metrics.registry.get_sample_value("skydeck_voice_packets_total", {"kind": kind})

    assert (lost("received"), lost("lost")) == (110, 5)
    links[:] = [(1, Line(u7=replace(first, received=150)))]
    assert lost("received") == 160
    links[:] = [(2, Line(u7=ReceptionStats(received=3)))]
    assert lost("received") == 163


def test_a_deaf_channel_is_told_and_counted_once():
    links = [(1, Line(FaultKind.DEAF, {FaultKind.DEAF: 1})), (2, Line())]
    metrics = Metrics()
    metrics.registry.register(Reception(lambda: links))

    def value(name, kind):
        return metrics.registry.get_sample_value(name, {"kind": kind})

    assert value("skydeck_voice_channels_faulty", "deaf") == 1
    assert value("skydeck_voice_channels_faulty", "away") == 0
    links[:] = [(1, Line(None, {FaultKind.DEAF: 2, FaultKind.UNDECRYPTABLE: 1}))]
    assert value("skydeck_voice_faults_total", "deaf") == 2
    links[:] = [(3, Line(None, {FaultKind.DEAF: 1}))]
    assert value("skydeck_voice_faults_total", "deaf") == 3
    assert value("skydeck_voice_faults_total", "undecryptable") == 1
    assert value("skydeck_voice_channels_faulty", "deaf") == 0


@pytest.mark.real_time
async def test_lag_is_what_holds_up_the_loop():
    metrics = Metrics()
    sampling = asyncio.ensure_future(sample_lag(metrics, SystemClock(), every_s=0.01))
    await asyncio.sleep(0)  # it sleeps
    time.sleep(0.2)  # noqa: ASYNC251 - the point: it wakes 0.19 s late, or later

    def lag_s():
        return metrics.registry.get_sample_value("skydeck_event_loop_lag_seconds_sum")

    await until(lambda: lag_s() > 0.15)
    sampling.cancel()


@pytest.mark.system
@pytest.mark.real_time  # of another process's
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus on this machine")
async def test_a_prometheus_scrapes_it(tmp_path):
    metrics = Metrics()
    metrics.turn_s.observe(0.7)
    metrics.registry.register(Reception(lambda: [(1, Line(u7=ReceptionStats(received=9, lost=1)))]))

    async def ready():
        return ""

    async with serve_metrics("127.0.0.1:0", metrics, ready) as url:
        config = tmp_path / "prometheus.yml"
        target = url.removeprefix("http://")
        config.write_text(
            "scrape_configs:\n- job_name: skydeck\n  scrape_interval: 200ms\n"
            f"  scrape_timeout: 200ms\n  static_configs:\n  - targets: ['{target}']\n"
        )
        server = await asyncio.create_subprocess_exec(
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{(port := free_port())}",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            found = await until_found(f"http://127.0.0.1:{port}", "skydeck_turn_seconds_count")
            assert found[0]["value"][1] == "1"
            await every_panel_is_answered(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            await server.wait()


async def every_panel_is_answered(prometheus):
    from tests.unit.bot.observability.test_dashboard import expressions

    async with aiohttp.ClientSession() as http:
        for expr in expressions():
            async with http.get(f"{prometheus}/api/v1/query", params={"query": expr}) as answer:
                said = await answer.json()
                assert said["status"] == "success", (expr, said)


async def until_found(base, query):
    async with asyncio.timeout(60), aiohttp.ClientSession() as http:
        while True:
            try:
                url = f"{base}/api/v1/query"
                async with http.get(url, params={"query": query}) as answer:
                    if answer.status == 200 and (found := (await answer.json())["data"]["result"]):
                        return found
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


async def nothing_missing():
    return ""


async def test_half_a_request_is_dropped_and_health_goes_on(monkeypatch):
    monkeypatch.setattr(web, "MAX_CONNECTION_S", 0.2)
    async with serve_metrics("127.0.0.1:0", Metrics(), nothing_missing) as url:
        port = int(url.rpartition(":")[2])
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
        for _, writer in lines:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: ")
        assert (await get(f"{url}/healthz"))[0] == 200
        for reader, writer in lines:
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()


async def test_of_too_many_connections_the_oldest_goes(monkeypatch):
    monkeypatch.setattr(web, "MAX_CONNECTION_S", 3600)
    async with serve_metrics("127.0.0.1:0", Metrics(), nothing_missing) as url:
        port = int(url.rpartition(":")[2])
        lines = [
            await asyncio.open_connection("127.0.0.1", port) for _ in range(2 * web.MAX_CONNECTIONS)
        ]
        for reader, _ in lines[: web.MAX_CONNECTIONS]:
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        assert (await get(f"{url}/healthz"))[0] == 200
        for _, writer in lines:
            writer.close()


@pytest.mark.parametrize(
    ("address", "name", "status"),
    [
        ("127.0.0.1:0", "evil.example", 421),
        ("127.0.0.1:0", "localhost", 200),
        ("0.0.0.0:0", "skydeck.monitoring.svc", 200),  # where others are to reach it
    ],
)
async def test_on_a_loopback_address_it_answers_to_the_loopbacks_names(address, name, status):
    async with (
        serve_metrics(address, Metrics(), nothing_missing) as url,
        aiohttp.ClientSession(headers={"Host": name}) as http,
        http.get(f"{url}/metrics") as answer,
    ):
        assert answer.status == status
