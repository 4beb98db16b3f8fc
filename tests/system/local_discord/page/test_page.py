"""The page in a browser, without a bot: files, keys, looks, what comes back, what does no harm."""

# mypy: ignore-errors

import pytest
from axe_playwright_python.async_playwright import Axe

from local_discord import File, posting
from local_discord.places import Server
from local_discord.posting import Draft
from tests.fakes.chromium import NARROW, WIDE, opened
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCRIPT = (
    "<img src=x onerror=alert(1)><script>alert(1)</script>'\" [a](https://a.example/'onclick='b)"
)
DROPPED = """([name, words]) => {
  const data = new DataTransfer();
  data.items.add(new File([words], name, { type: "text/plain" }));
  const target = document.querySelector("#words");
  if (name.startsWith("pasted")) {
    target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  } else {
    target.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
  }
}"""


@pytest.fixture
def world(site):
    return site.sim.backend.world


@pytest.fixture
def here(world):
    return next(one for one in world.channels.values() if one.name == "builds")


@pytest.fixture
def lucia(site, here):
    return site.page.desk.person(site.page.desk.cast.find("Lucía"), here.guild)


async def at(browser, site, channel, as_="Ana", **how):
    page = await opened(browser, f"{site.address}&as={as_}", **how)
    place = page.locator(f"#channels [data-channel='{channel.id}']")
    if how.get("viewport") == NARROW:
        await page.click("#menu")
    await place.click()
    await page.locator("#title", has_text=f"#{channel.name}").wait_for()
    return page


async def has(page, words):
    """Whether the composer has them."""
    return await page.input_value("#words") == words


async def test_files_by_button_drag_and_paste(browser, site, here, world):
    page = await at(browser, site, here)
    async with page.expect_file_chooser() as choosing:
        await page.click("#attach")
    chosen = {"name": "chosen.txt", "mimeType": "text/plain", "buffer": b"chosen"}
    await (await choosing.value).set_files(chosen)
    await page.locator("#files li", has_text="chosen.txt").wait_for()
    await page.evaluate(DROPPED, ["dropped.txt", "dropped"])
    await page.locator("#files li", has_text="dropped.txt").wait_for()
    await page.evaluate(DROPPED, ["pasted.txt", "pasted"])
    await page.locator("#files li", has_text="pasted.txt").wait_for()
    await page.get_by_role("button", name="Remove dropped.txt").click()
    await page.press("#words", "Enter")
    link = page.locator("#log article a", has_text="pasted.txt")
    await link.wait_for()
    sent = list(here.messages.values())[-1]
    assert [(one.filename, one.data) for one in sent.attachments] == [
        ("chosen.txt", b"chosen"),
        ("pasted.txt", b"pasted"),
    ]
    async with page.expect_download() as downloading:
        await link.click()
    assert (await downloading.value).suggested_filename == "pasted.txt"
    big = {"name": "big.bin", "mimeType": "text/plain", "buffer": bytes(11 << 20)}
    await page.set_input_files("#file", [big])
    await page.locator(".notice", has_text="big.bin is too large: 10 MB is the limit.").wait_for()
    assert page.complaints == []


PASTED = """(words) => {
  const data = new DataTransfer();
  data.setData("text/plain", words);
  const target = document.querySelector("#words");
  const how = { clipboardData: data, bubbles: true, cancelable: true };
  return target.dispatchEvent(new ClipboardEvent("paste", how));
}"""


async def test_what_is_too_long_for_a_message_is_pasted_as_a_file(browser, site, here):
    page = await at(browser, site, here)
    assert await page.evaluate(PASTED, "ñ" * 2000)  # the browser puts it into the field
    assert not await page.evaluate(PASTED, "ñ" * 30_000)
    await page.locator("#files li", has_text="message.txt").wait_for()
    await page.press("#words", "Enter")
    await page.locator("#log article a", has_text="message.txt").wait_for()
    sent = list(here.messages.values())[-1]
    assert sent.attachments[0].data.decode() == "ñ" * 30_000
    spanish = await at(browser, site, here, as_="Lucía")
    await spanish.fill("#words", "ñ" * 2001)
    await spanish.press("#words", "Enter")
    await spanish.locator(".notice", has_text="Como mucho 2000 caracteres").wait_for()
    assert len(await spanish.input_value("#words")) == 2001
    assert page.complaints == spanish.complaints == []


async def test_with_the_keyboard_alone(browser, site, here, lucia):
    page = await at(browser, site, here)
    said = await lucia.says("the question", here)
    await page.locator(f"article[data-message='{said.id}']").wait_for()
    keys = page.keyboard
    await page.focus("#log")
    await keys.press("ArrowUp")
    assert await page.evaluate("document.activeElement.dataset.message") == str(said.id)
    await keys.press("r")
    await page.get_by_text("Replying to Lucía").wait_for()
    await keys.type("@Luc")
    await page.locator("#palette [role=option]", has_text="@Lucía").wait_for()
    await keys.press("Tab")
    await keys.type("the answr")
    await keys.press("Enter")
    mine = page.locator("article.own", has_text="the answr")
    await mine.locator(".reference", has_text="the question").wait_for()
    await keys.press("ArrowUp")  # in the empty field: the last own message is changed
    await until(lambda: has(page, "@Lucía the answr"))
    await keys.press("Control+A")
    await keys.type("@Lucía the answer")
    await keys.press("Enter")
    await page.locator("article.own", has_text="the answer").wait_for()
    await page.focus("#log")
    await keys.press("ArrowUp")
    await keys.press("+")
    await page.get_by_role("dialog").wait_for()
    await keys.press("Tab")
    await keys.press("Escape")
    await page.get_by_role("dialog").wait_for(state="detached")
    await keys.press("Delete")
    await page.locator("article.own", has_text="the answer").wait_for(state="detached")
    await page.focus("#channels [aria-current]")
    await keys.press("Shift+Tab")
    await keys.press("Enter")
    await page.locator("#title", has_text="#general").wait_for()
    assert page.complaints == []


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_all_can_use_it(browser, site, here, lucia, world, size, colours):
    """axe-core: what is read, told apart and reached by all; and nothing is wider than the page."""
    app = Server(site.sim.backend, here.guild).app(f"Cards {size['width']} {colours}")
    said = await lucia.says("# Big\n@Ana **so** ||so|| `so` https://a.example\n> so\n-# so", here)
    await lucia.reacts("👍", on=said)
    await lucia.starts_thread("On it", on=said)
    buttons = [
        {"type": 2, "style": style, "label": f"{style}", "custom_id": f"{style}"}
        for style in (1, 2, 3, 4)
    ]
    menu = {"type": 3, "custom_id": "menu", "options": [{"label": "a", "value": "a"}]}
    rows = [{"type": 1, "components": buttons}, {"type": 1, "components": [menu]}]
    about = f"{'words ' * 40}[go to it](https://a.example) and more"
    embed = {"title": "Title", "description": about, "footer": {"text": "foot"}}
    await app.posts("", here, embeds=[embed], components=rows)
    await lucia.asks("Pizza?", "Yes", "No", in_=here)
    ana = site.page.desk.cast.find("Ana")
    posting.post(world, here, world.bot, Draft("psst @everyone", visible_to=ana))
    page = await at(browser, site, here, viewport=size, color_scheme=colours)
    await page.locator("article.ephemeral").first.wait_for()
    found = (await Axe().run(page)).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    wide = "document.documentElement.scrollWidth > innerWidth || log.scrollWidth > log.clientWidth"
    assert not await page.evaluate(wide)
    assert page.complaints == []


async def test_script_in_what_is_written_does_not_run(browser, site, here, lucia):
    page = await at(browser, site, here)
    asked = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    lucia.user.name = SCRIPT
    try:
        said = await lucia.says(
            SCRIPT, here, files=[File("a.svg", f"<svg>{SCRIPT}</svg>".encode())]
        )
        await lucia.says("||" + SCRIPT + "||", here, reply_to=said)
        await lucia.starts_thread(SCRIPT, on=said)
        await page.locator("#channels", has_text="<img src=x").wait_for()
        await page.reload()
        await page.locator("#channels", has_text="<img src=x").wait_for()
        harm = "#log article img, #log script, #log [onclick], #log [onerror]"
        assert await page.locator(harm).count() == 0
    finally:
        lucia.user.name = "Lucía"
    assert asked == []
    assert page.complaints == []


async def test_of_ten_thousand_messages_few_are_on_the_page(browser, site, here, lucia, world):
    page = await at(browser, site, here)
    for number in range(10_000):
        posting.post(world, here, lucia.user, Draft(f"number {number}"))
    await page.locator("article", has_text="number 9999").wait_for()
    assert await page.locator("#log article").count() == 100
    await page.get_by_role("button", name="Older messages").click()
    await page.locator("article", has_text="number 9800").wait_for()
    assert await page.locator("#log article").count() == 200
    await lucia.says("the newest", here)
    await page.get_by_role("button", name="To the newest messages").click()
    assert await page.locator("article", has_text="the newest").is_visible()
    assert page.complaints == []


async def test_a_connection_that_was_lost_comes_back(browser, site, here, lucia):
    page = await at(browser, site, here)
    await page.fill("#words", "not lost")
    for tab in list(site.page.desk.tabs):
        tab.cut()
    await lucia.says("meanwhile", here)
    await page.locator("article", has_text="meanwhile").wait_for()
    assert await page.input_value("#words") == "not lost"
    await page.locator(".notice").wait_for(state="detached")
    await page.press("#words", "Enter")
    await page.locator("article.own", has_text="not lost").wait_for()
