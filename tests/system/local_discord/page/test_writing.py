"""From `skydeck try` to a written answer, in a browser; being somebody else."""

# mypy: ignore-errors

import pytest

from tests.fakes.chromium import opened

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.models]


async def test_from_the_command_to_a_written_answer(browser, tried):
    page = await opened(browser, tried.address)
    await page.fill("#words", "@Alfred hello")
    await page.press("#words", "Escape")
    await page.press("#words", "Enter")
    asked = page.locator("#log article.own", has_text="@Alfred hello")
    await asked.wait_for()
    answer = page.locator("#log article", has=page.locator(".tag", has_text="APP"))
    await answer.locator("button", has_text="Regenerate").wait_for()
    assert await answer.locator("section").inner_text()
    assert await page.input_value("#words") == ""
    assert page.complaints == []


async def test_somebody_else_in_spanish(browser, tried):
    page = await opened(browser, tried.address)
    spanish = await page.locator("#who option", has_text="Lucía").get_attribute("value")
    await page.select_option("#who", spanish)
    await page.locator("html[lang=es]").wait_for()
    assert await page.get_attribute("#words", "placeholder") == "Enviar mensaje a #general"
    await page.get_by_role("button", name="Taller").click()
    await page.locator("#topic", has_text="Aquí").wait_for()
    await page.fill("#words", "@Alfred hola")
    await page.press("#words", "Escape")
    await page.press("#words", "Enter")
    answer = page.locator("#log article.own", has_text="hola").locator("~ article")
    await answer.locator("button", has_text="Regenerar").wait_for()
    await page.reload()
    await page.locator("html[lang=es]").wait_for()
    assert page.complaints == []
