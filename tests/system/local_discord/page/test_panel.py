"""The panel for the curious, in a browser."""

# mypy: ignore-errors

from dataclasses import dataclass

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe

from bot.voice_agent.turn_latency import TurnTrace
from tests.fakes.chromium import NARROW, opened

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.models]

SCRIPT = "<img src=x onerror='window.hurt=1'><script>window.hurt=1</script>"
TABS = ("turns", "jobs", "ledger", "requests", "log")


@dataclass
class Behind:
    """A page in this process whose panel hears a bot's log that a test writes."""

    sim: object
    page: object
    log: object


@pytest_asyncio.fixture(loop_scope="module")
async def behind(tmp_path):
    from local_discord import LocalDiscord
    from local_discord.page.bot_log import BotLog
    from local_discord.page.panel import Panel
    from local_discord.page.server import serving

    async with LocalDiscord() as sim, serving(sim) as page:
        log = BotLog()
        page.acts["panel"] = Panel(sim, log, tmp_path / "not-yet.db").act
        yield Behind(sim, page, log)


def spoken():
    trace = TurnTrace(1, user_id=7, request_sent=10.45)
    trace.ended(10.0, 10.4, 300.0)
    trace.transcript, trace.first_text, trace.first_audio = 10.6, 10.9, 11.0
    trace.first_packet_out = 11.05
    return f"turn {trace.to_json()}"


async def shown(page, tab):
    await page.click(f"#tab-{tab}")
    return page.locator("#panel-body")


async def test_a_written_turn_its_job_its_cost_and_its_requests(browser, tried):
    page = await opened(browser, tried.address)
    await page.fill("#words", "@Alfred hello")
    await page.press("#words", "Escape")
    await page.press("#words", "Enter")
    await page.locator("#log button", has_text="Regenerate").wait_for()
    await page.focus("#panel-toggle")
    await page.keyboard.press("Enter")
    await page.locator("#panel th", has_text="PENNY CONVERSE").wait_for()
    await page.locator("#panel summary", has_text="Written").wait_for()
    await page.keyboard.press("ArrowRight")
    job = page.locator("#panel details", has_text="#1 PENNY CONVERSE")
    await job.locator("[data-state=completed]").wait_for()
    await job.locator("summary").focus()
    await page.keyboard.press("Enter")
    await job.locator("pre", has_text='"contract_version"').wait_for()
    costs = await shown(page, "ledger")
    await costs.locator(".line", has_text="on this machine").wait_for()
    log = await shown(page, "log")
    await log.locator("pre", has_text="online as Alfred").wait_for()
    await page.keyboard.press("Escape")
    assert await page.locator("#panel").is_hidden()
    assert await page.evaluate("document.activeElement.id") == "panel-toggle"
    assert page.complaints == []


async def test_a_spoken_turn_is_a_waterfall_in_the_readers_language(browser, behind):
    from local_discord.page.bot_log import LogLine

    behind.log.take(LogLine(spoken(), "INFO", "bot", "2026-11-30T12:00:00.000Z"))
    page = await opened(browser, f"{behind.page.address}&as=Lucía")
    await page.click("#panel-toggle")
    rows = page.locator("#panel tbody tr")
    await rows.first.wait_for()
    assert await rows.count() == 7
    await page.locator("#panel th", has_text="reconocimiento").wait_for()
    left = [
        float(x)
        for x in await page.locator("#panel rect").evaluate_all(
            "bars => bars.map(bar => bar.getAttribute('x'))"
        )
    ]
    assert left == sorted(left)
    assert "1,05" in await page.locator("#panel summary").first.inner_text()


async def test_what_one_reads_stays_while_more_comes_and_the_oldest_go(browser, behind):
    from local_discord.log import Call

    def asked(path):
        behind.sim.log.calls.append(Call(behind.sim.backend.world.clock.now(), "GET", path, path))

    asked("/oldest")
    asked("/read")
    page = await opened(browser, behind.page.address)
    await page.click("#panel-toggle")
    body = await shown(page, "requests")
    read = body.locator("details", has_text="GET /read")
    await read.locator("summary").click()
    await read.locator("div").wait_for()
    for number in range(58):
        asked(f"/later/{number}")
    await body.locator("details", has_text="GET /later/57").wait_for()
    assert await read.get_attribute("open") is not None
    assert await read.locator("summary").evaluate("one => one === document.activeElement")
    asked("/last")
    await body.locator("details", has_text="GET /last").wait_for()
    assert await body.locator("details").count() == 60
    assert await body.locator("details", has_text="GET /oldest").count() == 0


async def test_no_words_from_anywhere_become_the_pages_own(browser, behind):
    from local_discord.log import Call, Problem
    from local_discord.page.bot_log import LogLine

    behind.log.take(LogLine(spoken().replace("listening", SCRIPT), SCRIPT, SCRIPT, SCRIPT))
    behind.sim.log.refused(Problem(SCRIPT, 0, SCRIPT))
    call = Call(0.0, SCRIPT, SCRIPT, SCRIPT, body={SCRIPT: SCRIPT})
    call.status, call.answer = 400, {"token": behind.sim.token, "x": [behind.sim.token]}
    behind.sim.log.calls.append(call)
    page = await opened(browser, behind.page.address)
    await page.click("#panel-toggle")
    for tab in TABS:
        body = await shown(page, tab)
        await body.locator(":scope > *").first.wait_for()
        for summary in await body.locator("details:not([open]) > summary").all():
            await summary.click()
    body = await shown(page, "requests")
    await body.locator(".problem", has_text="onerror").first.wait_for()
    await body.locator("details summary").first.click()
    await body.locator("pre", has_text="[hidden]").first.wait_for()
    assert behind.sim.token not in await page.content()
    assert await page.evaluate("window.hurt") is None
    assert await page.locator("#panel img, #panel script").count() == 0
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_it_fits_a_telephone_and_everybody(browser, tried, scheme):
    page = await opened(browser, tried.address, viewport=NARROW, color_scheme=scheme)
    await page.click("#panel-toggle")
    for tab in TABS:
        body = await shown(page, tab)
        await body.locator(":scope > *").first.wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        found = (await Axe().run(page, context="#panel")).response["violations"]
        bad = [one for one in found if one["impact"] in ("serious", "critical")]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in bad]
