"""Commands, builds and dialogs in a browser, by keyboard, mouse and finger.

The bot is the real one; its services are scripted.
"""

# mypy: ignore-errors

import re

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe

from bot.contract import Service
from tests.fakes.chromium import NARROW, opened
from tests.fakes.discord_bot import made, serving
from tests.fakes.handlers import Scripted, echo, spell
from tests.integration.cogs.factory.scripts import Factory

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def factory():
    return Factory()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(site, factory, tmp_path_factory):
    """The page with the bot online."""
    handlers = {
        "penny": Scripted(spell, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(factory, service=Service.FACTORY),
    }
    database = tmp_path_factory.mktemp("page") / "skydeck.db"
    async with serving(handlers) as url, made(url, database) as bot, site.sim.connect(bot):
        yield site.address


async def type_command(page, typed, name):
    """Open a command with the keyboard alone."""
    await page.keyboard.type(f"/{typed}")
    await page.locator("#palette [role=option]").first.wait_for()
    chosen = page.locator("#palette [aria-selected=true]")
    while f"/{name}" not in await chosen.inner_text():
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.get_by_role("form", name=f"/{name}").wait_for()


async def findings(page):
    """What axe-core finds serious."""
    found = await Axe().run(page)
    serious = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in serious]


async def test_who_may_use_no_commands_is_told_so(browser, address):
    page = await opened(browser, f"{address}&as=Nico")
    await page.focus("#words")
    await page.keyboard.type("/")
    told = page.locator("#palette [role=option]")
    await told.wait_for()
    assert await told.inner_text() == "You are Nico, who may not use commands in this channel."
    await page.keyboard.press("Enter")
    assert await page.locator("#palette").is_hidden()
    assert await page.input_value("#words") == "/"
    await page.close()


async def test_a_command_with_options_and_offers_by_keyboard(browser, address):
    page = await opened(browser, f"{address}&as=Ana")
    await page.focus("#words")
    await type_command(page, "tra", "grace translate")
    form = page.get_by_role("form", name="/grace translate")
    await page.keyboard.type("good morning")
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent") == "+ to":
            break
    await page.keyboard.press("Enter")
    box = form.get_by_role("combobox", name="to")
    await page.keyboard.type("span")
    offer = page.get_by_role("option", name="Spanish", exact=True)
    await offer.wait_for()
    assert await box.get_attribute("aria-expanded") == "true"
    active = await box.get_attribute("aria-activedescendant")
    assert await page.locator(f"#{active}").inner_text() == await offer.inner_text()
    assert await findings(page) == []
    await page.keyboard.press("Tab")
    assert await box.input_value() == "Spanish"
    await box.press("Enter")
    answer = page.locator("#log article", has_text="/grace translate")
    await answer.locator("section", has_text="good morning").wait_for()
    assert await form.count() == 0
    assert await page.evaluate("document.activeElement.id") == "words"
    assert page.complaints == []


async def test_what_is_typed_after_the_name_is_its_first_option(browser, address):
    page = await opened(browser, f"{address}&as=Ana")
    await page.focus("#words")
    await type_command(page, "grace summarize the story", "grace summarize")
    text = page.get_by_role("form", name="/grace summarize").get_by_role("textbox")
    assert await text.input_value() == "the story"
    await text.press("End")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("ends well")
    await page.keyboard.press("Enter")
    # Its heading, in one line, is there from the start: the whole text comes with the result.
    answer = page.locator("#log article section", has_text="ends well", has_not_text="⏳")
    await answer.wait_for()
    assert "the story\nends well" in await answer.inner_text()
    assert page.complaints == []


async def test_a_command_that_a_message_names_opens(browser, address, site):
    page = await opened(browser, f"{address}&as=Ana")
    await page.focus("#words")
    await type_command(page, "help", "help")
    await page.keyboard.press("Enter")
    told = page.locator("#log article", has_text="/help").last
    named = told.get_by_role("button", name="/grace translate", exact=True)
    await named.click()
    await page.get_by_role("form", name="/grace translate").wait_for()
    await page.keyboard.press("Escape")
    await named.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("form", name="/grace translate").wait_for()
    await page.keyboard.press("Escape")
    channel = next(iter(site.sim.backend.world.channels.values()))
    ana = site.page.desk.person(site.page.desk.cast.find("Ana"), channel.guild)
    await ana.says("</no such:1>", channel)
    await page.get_by_role("button", name="/no such").click()
    await page.locator(".notice", has_text="You cannot use /no such here.").wait_for()
    assert page.complaints == []


async def test_files_choices_numbers_and_channels(browser, address):
    page = await opened(browser, f"{address}&as=Olga")
    await page.focus("#words")
    await type_command(page, "grace summarize", "grace summarize")
    form = page.locator("form.slash")
    await form.get_by_role("button", name="+ file").click()
    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"remember the milk"}
    await form.locator("input[type=file]").set_input_files(notes)
    await form.get_by_role("button", name="Send").click()
    await page.locator("#log article section", has_text="remember the milk").wait_for()

    await type_command(page, "costs", "costs")
    await form.get_by_role("button", name="+ days").click()
    days = form.get_by_role("textbox", name="days")
    wrong = {"x": "This takes a whole number.", "0": "1 is the least.", "9999": "is the most."}
    for typed, words in wrong.items():
        await days.fill(typed)
        await days.press("Enter")
        await form.locator(".wrong", has_text=words).wait_for()
    await days.fill("7")
    whose = form.get_by_role("combobox", name="whose")
    await whose.fill("nobody's")
    await form.get_by_role("button", name="Send").click()
    await form.locator(".wrong", has_text="Choose one of those on offer.").wait_for()
    await whose.fill("s")
    await form.get_by_role("option").first.wait_for()
    await whose.press("Tab")
    await form.get_by_role("button", name="Send").click()
    await page.locator("#log article", has_text="/costs").wait_for()

    await type_command(page, "persona", "settings persona")
    place = form.get_by_role("combobox", name="channel")
    await place.fill("gen")
    await page.get_by_role("option", name="#general").wait_for()
    await place.press("Enter")
    assert await place.input_value() == "#general"
    await place.press("Enter")
    await page.locator("#log article", has_text="#general").last.wait_for()
    assert page.complaints == []


async def test_messages_that_come_meanwhile_leave_the_offers_open(browser, address, site):
    page = await opened(browser, f"{address}&as=Olga")
    await page.focus("#words")
    await type_command(page, "persona", "settings persona")
    place = page.locator("form.slash").get_by_role("combobox", name="channel")
    await place.fill("gen")
    offer = page.get_by_role("option", name="#general")
    await offer.wait_for()
    channel = next(iter(site.sim.backend.world.channels.values()))
    ana = site.page.desk.person(site.page.desk.cast.find("Ana"), channel.guild)
    for number in range(3):
        await ana.says("line\n" * 20 + f"end {number}", channel)
    await page.locator("#log article", has_text="end 2").wait_for()
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert await offer.is_visible()  # the log has scrolled, and the field has not moved
    await place.press("Enter")
    assert await place.input_value() == "#general"
    assert page.complaints == []


async def test_escape_closes_and_what_is_missing_is_said(browser, address):
    page = await opened(browser, f"{address}&as=Lucía", viewport=NARROW)
    await page.focus("#words")
    await page.keyboard.type("/")
    await page.locator("#palette [role=option]", has_text="/fábrica encargar").wait_for()
    await page.keyboard.press("Escape")
    assert await page.locator("#palette").is_hidden()
    await page.fill("#words", "")
    await type_command(page, "encargar", "fábrica encargar")
    await page.keyboard.press("Enter")
    task = page.get_by_role("textbox", name="tarea")
    assert await task.get_attribute("aria-invalid") == "true"
    assert await page.locator(".entry .wrong").inner_text() == "Esto hace falta."
    await page.keyboard.press("Escape")
    await page.locator("form.slash").wait_for(state="detached")
    await page.locator("#words:focus").wait_for()
    assert page.complaints == []


async def test_a_build_with_its_thread_and_files_and_cancel(browser, address, factory):
    page = await opened(browser, f"{address}&as=Ana")
    await page.click("#channels [data-channel] >> text=builds")
    await page.locator("#title", has_text="builds").wait_for()
    await page.focus("#words")
    await type_command(page, "factory b", "factory build")
    await page.keyboard.type("fizz")
    await page.keyboard.press("Enter")
    await page.locator("#log button.thread", has_text="fizz").click()
    await page.locator("#title", has_text="fizz").wait_for()
    result = page.locator("#log article", has=page.locator(".file", has_text="fizz.py")).first
    await result.wait_for()
    href = await result.locator(".file a").get_attribute("href")
    assert re.fullmatch(r"/file/\d+/fizz\.py\?token=.+", href)
    assert "def fizz" in await page.evaluate("href => fetch(href).then(r => r.text())", href)

    factory.go.clear()
    await page.click("#channels [data-channel] >> text=builds")
    await page.locator("#title", has_text="builds").wait_for()
    await page.focus("#words")
    await type_command(page, "factory b", "factory build")
    await page.keyboard.type("endless")
    await page.keyboard.press("Enter")
    await page.locator("#log button.thread", has_text="endless").click()
    cancel = page.locator("#log button[data-custom-id]", has_text="Cancel")
    await cancel.focus()
    await page.keyboard.press("Enter")
    await page.locator("#log article .embed", has_text="Stopped").first.wait_for()
    assert page.complaints == []


@pytest.mark.parametrize("look", [{}, {"viewport": NARROW, "color_scheme": "dark"}])
async def test_a_dialog_is_filled_in_and_sent(browser, address, look):
    page = await opened(browser, f"{address}&as=Olga", **look)
    await page.focus("#words")
    await type_command(page, "persona", "settings persona")
    await page.keyboard.press("Enter")
    change = page.locator("#log article").last.get_by_role("button", name="Change")
    await change.click()
    dialog = page.get_by_role("dialog", name="Who I am here")
    name = dialog.get_by_role("textbox", name="Name")
    await name.wait_for()
    assert await name.evaluate("one => one === document.activeElement")
    assert await findings(page) == []
    await page.keyboard.press("Escape")
    await dialog.wait_for(state="detached")
    await change.click()
    await name.fill("J" * 200)
    await page.keyboard.press("Enter")
    assert await name.get_attribute("aria-invalid") == "true"
    await name.fill("Jarvis")
    await dialog.get_by_role("textbox", name="Instructions").fill("Be brief.")
    await dialog.get_by_role("button", name="Send").click()
    await dialog.wait_for(state="detached")
    await page.locator("#log article").last.locator(".embed", has_text="Jarvis").wait_for()
    assert page.complaints == []


async def test_a_menu_of_a_message_shows_what_was_chosen(browser, address):
    page = await opened(browser, f"{address}&as=Olga")
    await page.get_by_role("button", name="Taller").click()
    await page.locator("#topic", has_text="Aquí").wait_for()
    await page.focus("#words")
    await type_command(page, "settings s", "settings show")
    await page.keyboard.press("Enter")
    message = page.locator("#log article").last
    await message.get_by_role("button", name="Language").click()
    dialog = page.get_by_role("dialog", name="Language")
    await dialog.get_by_label("Español").check()
    assert await findings(page) == []
    await dialog.get_by_role("button", name="Send").click()
    await dialog.wait_for(state="detached")
    chosen = page.locator("#log article").last.locator("button.select", has_text="Español")
    await chosen.wait_for()
    await page.locator("#log article").last.get_by_role("button", name="Roles").click()
    await page.get_by_role("dialog", name="Roles").wait_for()
    await page.keyboard.type("mod")
    offer = page.get_by_role("option", name="@Moderators")
    await offer.wait_for()
    await page.keyboard.press("Escape")
    await offer.wait_for(state="hidden")
    await page.keyboard.press("ArrowDown")
    await offer.wait_for()
    await page.keyboard.press("Enter")
    await page.locator(".chips li", has_text="@Moderators").wait_for()
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await (
        page.locator("#log article")
        .last.locator("button.select", has_text="@Moderators")
        .wait_for()
    )
    assert page.complaints == []


async def test_the_apps_of_a_message_by_mouse_key_and_finger(browser, address, site):
    channel = next(iter(site.sim.backend.world.channels.values()))
    page = await opened(browser, f"{address}&as=Ana", viewport=NARROW, has_touch=True)
    await page.fill("#words", "a long story")
    await page.press("#words", "Enter")
    said = page.locator("#log article.own", has_text="a long story").last
    await said.wait_for()
    menu = page.get_by_role("menu")
    box = await said.bounding_box()
    finger = await page.context.new_cdp_session(page)
    inside = {"x": 120, "y": box["height"] / 2}  # it has one line where it follows another
    point = {"x": box["x"] + inside["x"], "y": box["y"] + inside["y"]}
    touch = {"type": "touchStart", "touchPoints": [point]}
    await finger.send("Input.dispatchTouchEvent", touch)
    await menu.wait_for()
    await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert await findings(page) == []
    await page.keyboard.press("Escape")
    await menu.wait_for(state="detached")
    await said.click(button="right", position=inside)
    await menu.wait_for()
    await page.keyboard.press("Escape")
    await said.focus()
    await page.keyboard.press("a")
    await menu.wait_for()
    assert "Explain" in await menu.inner_text()
    while await page.evaluate("document.activeElement.textContent") != "Explain":
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.locator("#log article", has_text="used Explain").last.wait_for()
    assert channel.messages
    assert page.complaints == []


async def test_every_command_of_the_bot_opens(browser, address):
    page = await opened(browser, f"{address}&as=Olga")
    names = await page.evaluate(
        "import('/static/page.js').then((page) => page.ask('commands'))"
        ".then((told) => told.commands.map((one) => one.name))"
    )
    assert len(names) > 40
    for name in names:
        await page.evaluate(
            """async (name) => {
                const [{ ask }, { openCommand }] = await Promise.all(
                    ['page', 'commands'].map((one) => import(`/static/${one}.js`)),
                );
                const told = await ask('commands');
                openCommand(told.commands.find((one) => one.name === name));
                const buttons = () => document.querySelector('form.slash .more button');
                while (buttons()) buttons().click();
            }""",
            name,
        )
        assert await page.locator("form.slash header b").inner_text() == f"/{name}"
    assert page.complaints == []
