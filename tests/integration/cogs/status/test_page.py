"""The page at /status and Discord's `/status` say the same of the real bot."""

# mypy: ignore-errors

import asyncio
import re
from html import unescape

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.money import Basis, Call, Charge
from bot.observability.bot import sample_spending
from bot.observability.metrics import Metrics
from bot.observability.status_page import StatusPage
from bot.observability.web import serve_metrics
from tests.waiting import until


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.status")


async def ready():
    return ""


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_page_agrees_with_discord(deck, guild, channel, language):
    person = guild.member("Eva", locale={"en": "en-US", "es": "es-ES"}[language])
    await person.slash({"en": "/status", "es": "/status"}[language])
    message = await person.sees("Penny (")
    told = [line for field in message.embeds[0]["fields"] for line in field["value"].splitlines()]
    page = StatusPage(deck, SystemClock())
    async with (
        serve_metrics("127.0.0.1:0", Metrics(), ready, page.answer) as url,
        aiohttp.ClientSession(headers={"Accept-Language": language}) as http,
        http.get(f"{url}/status") as answer,
    ):
        text = unescape(await answer.text())
    for line in told:
        if not re.search(r"\d ms|<t:", line):  # what is measured anew
            assert line in text
    for field in message.embeds[0]["fields"][:3]:
        assert field["name"] in text
    assert str(guild.id) not in text
    assert "Eva" not in text


async def test_what_was_spent_today_is_exported(deck):
    call = Call(call_id="1", service=Service.PENNY, module="CONVERSE")
    await deck.store.ledger.settle(call, Charge(micro_usd=1_250_000, basis=Basis.REPORTED))
    metrics = Metrics()
    sampling = asyncio.ensure_future(sample_spending(metrics, deck.store, deck.clock))
    value = metrics.registry.get_sample_value
    await until(lambda: value("skydeck_spent_today_usd") == 1.25)
    assert value("skydeck_budget_today_usd") == 0
    sampling.cancel()
