"""What people do in a tab, and what they and others then see."""

# mypy: ignore-errors

import re

import aiohttp
import pytest

from local_discord import File, LocalDiscord, posting
from local_discord.page.server import serving
from local_discord.page.view import SHOWN
from local_discord.places import Server
from local_discord.posting import Draft
from tests.fakes.html_audit import harmful
from tests.fakes.page_client import tab


@pytest.fixture
async def page():
    async with LocalDiscord() as sim, serving(sim) as one:
        yield one


@pytest.fixture
def world(page):
    return page.desk.sim.backend.world


@pytest.fixture
def general(world):
    return next(one for one in world.channels.values() if one.name == "general")


@pytest.fixture
async def ana(page):
    async with tab(page.address, "Ana") as one:
        yield one


@pytest.fixture
async def olga(page):
    async with tab(page.address, "Olga") as one:
        yield one


async def sees(one, words):
    await one.hears(lambda it: any(words in html for html in it.messages.values()))


async def test_two_tabs_are_two_people(ana, olga):
    sent = (await ana.does("say", text="@Olga hello **there**"))["message"]
    await sees(olga, "<b>there</b>")
    await sees(ana, "<b>there</b>")
    assert "pinged" in olga.messages[sent]
    assert " own" not in olga.messages[sent]
    assert " own" in ana.messages[sent]
    await olga.does("say", text="yes", reply_to=sent)
    await sees(ana, "↱ <b>Ana</b> @Olga hello there</div>")


async def test_a_message_is_changed_and_taken_away(ana, olga):
    sent = (await ana.does("say", text="@Olga one #builds"))["message"]
    await ana.hears(lambda it: sent in it.messages)
    assert (await ana.does("source", message=sent))["text"] == "@Olga one #builds"
    await ana.does("edit", message=sent, text="two")
    await sees(olga, "two")
    assert "(edited)" in olga.messages[sent]
    assert "did not write" in (await olga.asks("edit", message=sent, text="mine"))["error"]
    other = (await ana.does("say", text="after"))["message"]
    await olga.hears(lambda it: other in it.messages)
    assert "together" in olga.messages[other]
    await ana.does("delete", message=sent)
    await olga.hears(lambda it: sent not in it.messages and "together" not in it.messages[other])
    assert (await olga.asks("delete", message=sent))["error"] == "that message is gone"


async def test_reactions_go_on_and_off(ana, olga):
    sent = (await ana.does("say", text="cake?"))["message"]
    await olga.hears(lambda it: sent in it.messages)
    await olga.does("react", message=sent, emoji="👍")
    await ana.does("react", message=sent, emoji="👍")
    await ana.hears(lambda it: "👍 2" in it.messages[sent])
    assert "aria-pressed='true'" in ana.messages[sent]
    await ana.does("react", message=sent, emoji="👍")
    await olga.hears(lambda it: "👍 1" in it.messages[sent])


async def test_typing_is_shown_until_the_message(ana, olga):
    await ana.does("type")
    await olga.hears(lambda it: it.typing == ["Ana"])
    await ana.does("say", text="here it is")
    await olga.hears(lambda it: it.typing == [])


async def test_a_thread_is_a_channel_of_its_own(ana, olga):
    sent = (await ana.does("say", text="a topic"))["message"]
    made = (await ana.does("thread", message=sent, name="More of it"))["channel"]
    assert ana.state["here"]["kind"] == "thread"
    await olga.hears(lambda it: f"data-channel='{made}'" in it.messages.get(sent, ""))
    await ana.does("say", text="inside")
    await olga.hears(
        lambda it: "1 message" in it.messages[sent] and it.channel("More of it")["unread"]
    )
    await olga.does("look", channel=made)
    await sees(olga, "inside")
    assert olga.channel("More of it")["unread"] == 0
    await ana.does("archive", channel=made)
    await olga.hears(
        lambda it: not any(c["name"] == "More of it" for c in it.state["servers"][0]["channels"])
    )


async def test_what_one_has_not_read_is_counted(ana, olga):
    await ana.does("look", channel=ana.channel("builds")["id"])
    await ana.does("say", text="one")
    await ana.does("say", text="@Olga two")
    await olga.hears(lambda it: it.channel("builds")["unread"] == 2)
    assert olga.channel("builds")["pings"] == 1
    await olga.does("look", channel=olga.channel("builds")["id"])
    assert olga.channel("builds")["unread"] == 0


async def test_direct_messages_are_between_two(page, world, ana, olga):
    await ana.does("look", channel=ana.channel("Alfred")["id"])
    await ana.does("say", text="a secret")
    direct = world.dm(page.desk.cast.find("Ana"))
    assert [one.content for one in direct.messages.values()] == ["a secret"]
    assert (await olga.asks("look", channel=str(direct.id)))["error"] == "there is no such channel"
    posting.post(world, direct, world.bot, Draft("an answer"))
    await sees(ana, "an answer")
    await ana.does("look", channel=ana.channel("general")["id"])
    posting.post(world, direct, world.bot, Draft("another"))
    await ana.hears(lambda it: it.channel("Alfred")["pings"] == 1)


async def test_the_first_message_of_a_new_place_is_unread(page, world, general, ana, olga):
    """Also when it comes in the same moment as the place."""
    alfred = page.desk.person(world.bot, general.guild)
    thread = await alfred.starts_thread("News", in_=general)
    posting.post(world, thread, world.bot, Draft("one"))
    posting.post(world, world.dm(page.desk.cast.find("Ana")), world.bot, Draft("hello"))
    await ana.hears(lambda it: (it.channel("News") or {}).get("unread") == 1)
    await ana.hears(lambda it: it.channel("Alfred")["pings"] == 1)
    await olga.hears(lambda it: (it.channel("News") or {}).get("unread") == 1)
    assert olga.channel("Alfred")["unread"] == 0


async def test_an_ephemeral_message_is_for_one(page, world, general, ana, olga):
    psst = Draft("psst", visible_to=page.desk.cast.find("Ana"))
    one = posting.post(world, general, world.bot, psst)
    await sees(ana, "Only Ana can see this")
    await ana.does("say", text="after")
    await sees(olga, "after")
    assert str(one.id) not in olga.messages
    assert (await olga.asks("delete", message=str(one.id)))["error"] == "that message is gone"
    await ana.does("delete", message=str(one.id))
    await ana.hears(lambda it: str(one.id) not in it.messages)


async def test_being_somebody_else_shows_what_they_see(ana):
    await ana.does("become", person=ana.person("Lucía"))
    assert ana.state["words"]["language"] == "es"
    assert ana.state["me"]["name"] == "Lucía"
    names = lambda: [one["name"] for one in ana.state["servers"][0]["channels"]]  # noqa: E731
    assert "team" not in names()
    await ana.does("become", person=ana.person("Marc"))
    assert "team" in names()
    await ana.does("look", channel=ana.channel("team")["id"])
    await ana.does("become", person=ana.person("Nico"))
    assert ana.state["here"]["name"] == "general"
    assert ana.state["here"]["may"] == ["write"]
    await ana.does("say", text="hello")
    sent = list(ana.messages)[-1] if ana.messages else None
    await ana.hears(lambda it: it.messages)
    sent = list(ana.messages)[-1]
    assert "may not add reactions" in (await ana.asks("react", message=sent, emoji="👍"))["error"]
    assert "may not" in (await ana.asks("thread", message=sent, name="x"))["error"]
    await ana.does("become", person=ana.person("Yuki"))
    assert ana.state["words"]["language"] == "en"


async def test_who_may_not_attach_files_does_not(page):
    async with tab(page.address, "Nico") as nico:
        key = page.desk.hold(File("a.txt", b"x"))
        assert "may not attach files" in (await nico.asks("say", text="a", uploads=[key]))["error"]


async def test_ten_thousand_messages_are_shown_a_hundred_at_a_time(page, world, general, ana):
    user = page.desk.cast.find("Olga")
    for number in range(10_000):
        posting.post(world, general, user, Draft(f"number {number}"))
    before = ana.frames
    await sees(ana, "number 9999<")
    assert ana.frames - before <= 5  # not ten thousand
    assert len(ana.messages) == SHOWN
    first = next(iter(ana.messages))
    earlier = await ana.does("more", before=first)
    assert len(earlier["messages"]) == SHOWN
    assert earlier["more"]
    assert "number 9899<" in earlier["messages"][-1]["html"]
    assert int(earlier["messages"][-1]["id"]) < int(first)
    start = str(next(iter(general.messages)))
    assert (await ana.does("more", before=start)) == {"messages": [], "more": False}


SCRIPT = (
    "<img src=x onerror=alert(1)>'\"><script>alert(1)</script>"
    "\ue03cscript\ue03e[a](javascript:alert(1))"
)


async def test_script_in_every_field_stays_words(page, world, general, ana):
    sim = page.desk.sim
    server = world.guilds[general.guild.id]
    guild = Server(sim.backend, server)
    guild.role(SCRIPT)
    guild.channel(SCRIPT, topic=SCRIPT)
    mallory, app = guild.member(SCRIPT), guild.app(f"app {SCRIPT}")
    first = await mallory.says(
        SCRIPT, general, files=[File(f"{SCRIPT}.png", b"x"), File(f"{SCRIPT}.txt", b"x")]
    )
    await mallory.says("reply", reply_to=first)
    await mallory.says(f"{mallory.mention} <#{list(server.channels)[-1]}>")
    await mallory.reacts("👍", on=first)
    await mallory.starts_thread(SCRIPT[:90], on=first)
    await mallory.asks(SCRIPT[:90], SCRIPT[:50], SCRIPT[:50], in_=general)
    await mallory.forwards(first, general)
    await mallory.sends_sticker(SCRIPT, general)
    embed = {
        "title": SCRIPT, "description": SCRIPT, "url": "https://a.example/'x",
        "author": {"name": SCRIPT}, "footer": {"text": SCRIPT}, "color": 0xFFFFFF,
        "image": {"url": "https://a.example/'onerror='alert(1)"},
        "fields": [{"name": SCRIPT, "value": SCRIPT}],
    }  # fmt: skip
    button = {"type": 2, "style": 1, "label": SCRIPT[:70], "custom_id": SCRIPT[:90]}
    link = {"type": 2, "style": 5, "label": SCRIPT[:70], "url": "https://a.example/'onclick='x"}
    menu = {
        "type": 3, "custom_id": f"m{SCRIPT[:90]}", "placeholder": SCRIPT[:90],
        "options": [{"label": SCRIPT[:90], "value": SCRIPT[:90], "description": SCRIPT[:90]}],
    }  # fmt: skip
    rows = [{"type": 1, "components": [button, link]}, {"type": 1, "components": [menu]}]
    await app.posts(SCRIPT, general, embeds=[embed], components=rows)
    await app.posts(
        in_=general,
        layout=True,
        components=[{"type": 17, "components": [{"type": 10, "content": SCRIPT}]}],
    )  # fmt: skip
    await ana.does("say", text="last")
    await sees(ana, ">last<")
    assert len(ana.messages) == 9
    for html in ana.messages.values():
        assert harmful(html) == [], html
    assert harmful(re.search("<main>.*</main>", sim.render(general), re.DOTALL)[0][6:-7]) == []


async def test_a_tab_that_comes_back_has_all_it_missed(page, world, general):
    async with tab(page.address, "Ana") as ana:
        await ana.does("say", text="one")
    posting.post(world, general, world.bot, Draft("two"))
    async with tab(page.address, "Ana") as ana:
        await sees(ana, "two")
        assert len(ana.messages) == 2
    assert not page.desk.tabs
    assert len(world.watchers) <= 2  # what the page itself has


async def test_what_goes_wrong_is_one_line_and_is_in_the_log(page, ana, caplog, monkeypatch):
    async def breaks(tab, fields):
        raise KeyError("the reason")

    for one in page.desk.tabs:
        monkeypatch.setitem(one._acts, "say", breaks)
    assert "in the terminal" in (await ana.asks("say", text="x"))["error"]
    assert "the reason" in caplog.text


async def test_the_page_can_be_at_localhost(page):
    async with aiohttp.ClientSession() as session:
        place = page.address.replace("127.0.0.1", "localhost")
        assert (await session.get(place)).status == 200
