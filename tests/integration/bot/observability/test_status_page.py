"""The page that anybody may read."""

import asyncio
import re
from html import unescape

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.contract import Service
from bot.contract.job import Health, JobCounts, WorkerCounts
from bot.errors import BadSettings, StoreFailed
from bot.i18n import words_for
from bot.observability import status_page
from bot.observability.metrics import Metrics
from bot.observability.status_page import StatusPage, accepted_language
from bot.observability.web import serve_metrics
from bot.service_calls.availability import Availability, LatestHealth, Warmth
from bot.service_calls.circuit_breaker import State
from cogs.status._pages import service_lines

WARM = Availability(
    service=Service.GRACE,
    warmth=Warmth.WARM,
    health=Health(workers=WorkerCounts(running=1, idle=2), jobs=JobCounts(inQueue=3)),
    latest=LatestHealth(at_s=0, delay_ms=1200, execution_ms=400),
    age_s=90,
)
PAUSED = Availability(
    service=Service.FACTORY,
    warmth=Warmth.UNKNOWN,
    trouble="https://api.runpod.ai/v2/secret-endpoint <script>",
    code="key_refused",
    breaker=State.OPEN,
    wait_s=42,
)


class Bot:
    """The parts of the bot that the page shows; Penny is not set up."""

    def __init__(self) -> None:
        self.services = self.store = self.key_value = self
        self.latencies = [(0, 0.041), (1, float("nan"))]
        self.found = {Service.GRACE: WARM, Service.FACTORY: PAUSED}
        self.asked = 0
        self.fails = False

    async def availability(self, service):
        self.asked += 1
        await asyncio.sleep(0)
        if service not in self.found:
            raise BadSettings("PENNY_ENDPOINT_ID is not set.")
        return self.found[service]

    async def get(self, _key):
        if self.fails:
            raise StoreFailed("postgresql://user:password@host/db")


async def ready():
    return ""


@pytest.fixture
async def served():
    bot = Bot()
    page = StatusPage(bot, SystemClock())
    async with (
        serve_metrics("127.0.0.1:0", Metrics(), ready, page.answer) as url,
        aiohttp.ClientSession() as http,
    ):
        yield bot, page, http, f"{url}/status"


async def read(http, url, language="en"):
    async with http.get(url, headers={"Accept-Language": language}) as answer:
        assert answer.status == 200
        return unescape(await answer.text()), answer.headers


async def test_it_says_what_discord_says_in_either_language(served):
    bot, _, http, url = served
    for language in ("en", "es"):
        text, headers = await read(http, url, language)
        words = words_for(language)
        assert headers["Content-Language"] == language
        assert f'<html lang="{language}">' in text
        for service in Service:
            told = service_lines(bot.found.get(service), words, now_s=0)
            for line in re.split(r"\n|<t:-?\d+:R>", told):
                assert line in text
        assert words("status.unwell") in text


async def test_times_are_written_for_people(served):
    _, _, http, url = served
    text, _ = await read(http, url)
    assert "Last answer 1 min 30 s ago" in text
    assert "<t:" not in text


async def test_it_has_nothing_secret_and_nobody_in_it(served):
    bot, _, http, url = served
    bot.fails = True
    text, headers = await read(http, url)
    assert "The database isn't answering" in text
    for secret in ("password", "secret-endpoint", "<script>", "ENDPOINT_ID"):
        assert secret not in text
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert len(text) < 5_000


async def test_many_readers_are_one_query(served, monkeypatch):
    bot, page, http, url = served
    texts = await asyncio.gather(*(read(http, url) for _ in range(20)))
    assert len({text for text, _ in texts}) == 1
    assert bot.asked == len(Service)
    monkeypatch.setattr(page, "_fresh_until_s", 0.0)
    bot.found = {Service.GRACE: WARM}
    text, _ = await read(http, url)
    assert bot.asked == 2 * len(Service)
    assert words_for("en")("status.well") in text


async def test_a_database_that_hangs_is_not_waited_for(served, monkeypatch):
    bot, _, http, url = served
    monkeypatch.setattr(status_page, "STORE_TIMEOUT_S", 0.05)

    async def hangs(_key):
        await asyncio.Event().wait()

    monkeypatch.setattr(bot, "get", hangs)
    assert "The database isn't answering" in (await read(http, url))[0]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es-ES,es;q=0.9,en;q=0.8", "es"),
        ("de,en;q=0.7,es;q=0.3", "en"),
        ("fr, es;q=0.5", "es"),
        ("en;q=0.1, es-419;q=0.2", "es"),
        ("es;q=0", "en"),
        ("es;q=nonsense", "en"),
        ("*", "en"),
        ("x" * 10_000 + ",es", "en"),
    ],
)
def test_the_language_is_what_the_browser_asks_for(header, language):
    assert accepted_language(header) == language


@given(st.text(max_size=300))
def test_any_header_is_some_language(header):
    assert accepted_language(header) in {"en", "es"}
