"""A channel as a page."""

# mypy: ignore-errors

import io
import re
from html import escape

import discord

from local_discord import File
from local_discord.client_words import from_now
from local_discord.markdown import as_words, to_html
from local_discord.options import called
from local_discord.render import Renderer
from tests.fakes.html_audit import harmful


def naming(sign, number):
    return f"{sign}{number}"


def test_markdown_as_discord_reads_it():
    assert to_html("**a** *b* `c<d` ||e||", naming) == (
        "<div><b>a</b> <i>b</i> <code>c&lt;d</code> <span class='spoiler'>e</span></div>"
    )
    assert to_html("```py\nx = '<'\n```", naming) == "<pre>x = &#x27;&lt;&#x27;\n</pre>"
    assert to_html("## Head\n- one\n> quoted", naming) == (
        "<h2>Head</h2><div class='bullet'>• one</div><blockquote>quoted</blockquote>"
    )
    assert "<span class='mention'>@7</span>" in to_html("hi <@7>", naming)
    assert "<script>" not in to_html("<script>alert(1)</script> <@&9>", naming)


def test_a_preview_shows_names():
    text = "hi <@!7>\nand <@&9> in <#3> <a:party:123> at <t:5:R>"
    assert as_words(text, naming) == "hi @7 and @&9 in #3 :party: at t:R5"


async def test_a_reply_shows_names_too(sim, guild, channel, ana):
    bob = guild.member("Bob")
    said = await ana.says("@Bob look", channel)
    await bob.says("yes", channel, reply_to=said)
    page = sim.render(channel, viewer=ana)
    assert "</b> @Bob look</div>" in page
    assert f"&lt;@{bob.user.id}&gt;" not in page


async def test_a_channel_as_a_page(sim, guild, channel, ana, bot):
    bob = guild.member("Bob")

    @bot.tree.command(description="Whisper")
    async def whisper(interaction: discord.Interaction):
        await interaction.response.send_message("psst", ephemeral=True)

    @bot.listen()
    async def on_message(message):
        if message.author.bot:
            return
        embed = discord.Embed(title="Result", description="**fine**", color=0x22AA55)
        embed.add_field(name="score", value="9")
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label="Cancel", style=discord.ButtonStyle.danger))
        file = discord.File(io.BytesIO(b"{}"), "r.json")
        sent = await message.reply("there", embed=embed, view=view, file=file)
        await sent.add_reaction("✅")
        thread = await message.create_thread(name="Build")
        await thread.send("iteration 1")

    async def register():
        await bot.tree.sync()

    bot.setup_hook = register
    async with sim.connect(bot):
        await ana.says("build <b>it</b>", channel)
        await ana.sees("iteration 1", await ana.sees_thread("Build"))
        await ana.slash("/whisper")
        page = sim.render(channel, viewer=ana)
        for words in (
            "build &lt;b&gt;it",
            "Result",
            "score",
            "Cancel",
            "r.json",
            "✅ 1",
            "🧵 Build",
        ):
            assert words in page
        assert "Solo Ana puede ver esto" in page
        assert "psst" not in sim.render(channel, viewer=bob)
        assert "http" not in re.sub(r"data:[^']*", "", page)
        assert "<b>Ana</b> ha usado <b class='command'>/whisper</b>" in page


async def test_what_is_marked_edited_is_so_on_its_last_line(sim, channel, ana):
    said = await ana.says("one\ntwo", channel)
    await ana.edits(said, "one\nthree")
    assert "<div>three<small class='edited'>(editado)</small></div>" in sim.render(
        channel, viewer=ana
    )


async def test_a_picture_in_an_embed_is_not_shown_beside_it_too(sim, guild, channel, ben):
    png = b"\x89PNG\r\n\x1a\n"
    app = guild.app("Cards")
    embed = {"title": "Bill", "image": {"url": "attachment://bill.png"}}
    await app.posts(embeds=[embed], files=[File("bill.png", png)])
    assert sim.render(channel, viewer=ben).count("<img") == 1


async def test_moments_are_told_from_now(sim, channel, ana, ben):
    now = sim.backend.world.clock.wall()
    await ben.says(f"<t:{int(now) + 7200}:R> <t:{int(now) - 60}:R>", channel)
    page = sim.render(channel, viewer=ben)
    assert "<span class='when'>in 2 hours</span> <span class='when'>1 minute ago</span>" in page
    assert "en 2 horas" in sim.render(channel, viewer=ana)


def test_from_now():
    assert from_now(0.2, "en-US") == "now"
    assert from_now(86_400 * 3, "es-ES") == "en 3 días"
    assert from_now(-1, "es-419") == "hace 1 segundo"


def test_a_command_is_called_as_its_user_sees_it():
    command = {
        "name": "grace",
        "options": [{"name": "summarize", "name_localizations": {"es-ES": "resumir"}, "type": 1}],
    }
    data = {"name": "grace", "options": [{"name": "summarize", "type": 1, "options": []}]}
    assert called([command], data, "es-ES") == "/grace resumir"
    assert called([command], data, "en-US") == "/grace summarize"
    assert called([], {"name": "Explain", "type": 3}, "en-US") == "Explain"


EVIL = "<img src=x onerror=alert(1)>'\"&"
PNG = b"\x89PNG\r\n\x1a\n"


async def test_a_layout_shows_each_of_its_components_once_and_escaped(sim, guild, channel, ben):
    app = guild.app("Cards")
    menu = {"type": 3, "custom_id": EVIL, "placeholder": EVIL}
    menu["options"] = [{"label": EVIL, "value": "v", "default": True}, {"label": "B", "value": "b"}]
    button = {"type": 2, "style": 1, "custom_id": EVIL + "2", "label": EVIL}
    picture = {"media": {"url": "attachment://a.png"}, "description": EVIL, "spoiler": True}
    inside = [
        {"type": 10, "content": EVIL},
        {"type": 14, "divider": False, "spacing": 2},
        {"type": 14},
        {"type": 9, "components": [{"type": 10, "content": "beside"}], "accessory": button},
        {"type": 12, "items": [picture, {"media": {"url": "attachment://b.png"}}]},
        {"type": 13, "file": {"url": "attachment://c.txt"}},
        {"type": 1, "components": [menu]},
    ]
    files = [File("a.png", PNG), File("b.png", PNG), File("c.txt", b"c")]
    container = {"type": 17, "components": inside, "accent_color": 0xFF0000, "spoiler": True}
    await app.posts(components=[container], files=files, layout=True)
    page = sim.render(channel, viewer=ben).partition("<main>")[2]
    assert harmful(page.removesuffix("</main></body></html>")) == []
    assert "onerror=alert(1)&gt;" in page
    assert "style=" not in page
    assert (page.count("<img "), page.count("c.txt")) == (2, 1)
    assert page.count("<hr") == 1
    assert page.count("class='spoiler'") == 2
    assert "data-color='#ff0000'" in page
    assert f"data-custom-id='{escape(EVIL)}'" in page


async def test_a_menu_shows_what_is_chosen_in_it(sim, guild, channel, ben):
    app = guild.app("Cards")
    chosen = [{"id": str(ben.id), "type": "user"}]
    menu = {"type": 5, "custom_id": "who", "placeholder": "Who?", "default_values": chosen}
    await app.posts("Pick", components=[{"type": 1, "components": [menu]}])
    page = sim.render(channel, viewer=ben)
    assert "aria-label='Who?: @Ben'" in page
    assert "@Ben ⌄" in page


async def test_a_thread_begins_with_the_message_it_was_started_from(sim, channel, ana, ben):
    said = await ben.says("a long story", channel)
    thread = await ana.starts_thread("about it", on=said)
    (starter,) = thread.messages.values()
    assert "a long story" in Renderer(sim.backend.world, ana.user).message(starter, None)
