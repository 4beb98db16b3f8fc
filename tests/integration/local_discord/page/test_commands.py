"""Commands, menus, buttons and dialogs, as a tab asks for them."""

# mypy: ignore-errors

from contextlib import AsyncExitStack

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from local_discord import File
from local_discord.page.cast import Cast
from local_discord.page.server import serving
from tests.fakes.page_client import tab

pytestmark = pytest.mark.virtual_time


class Refused(Exception):
    """The server said why not."""


async def ask(tab, act, **fields):
    told = await tab.asks(act, **fields)
    if "error" in told:
        raise Refused(told["error"])
    return told["data"]


class Spanish(app_commands.Translator):
    async def translate(self, string, locale, context):
        words = {"make": "hacer", "Make it": "Hazlo", "what": "qué", "Red": "Rojo"}
        return words.get(string.message) if locale is discord.Locale.spain_spanish else None


class Read(discord.ui.Modal, title="Read"):
    words = discord.ui.TextDisplay("**Bold** <script>")
    wish = discord.ui.Label(text="Wish", component=discord.ui.TextInput(custom_id="wish"))


class Panel(discord.ui.View):
    def __init__(self):
        super().__init__(timeout=None)

    @discord.ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction, _):
        await interaction.response.send_modal(Wish())

    @discord.ui.button(label="Silent", custom_id="silent")
    async def silent(self, interaction, _):
        pass

    @discord.ui.select(cls=discord.ui.UserSelect, custom_id="who", max_values=2, min_values=0)
    async def who(self, interaction, select):
        names = ", ".join(one.display_name for one in select.values)
        await interaction.response.send_message(names or "nobody")


class Wish(discord.ui.Modal, title="Wish"):
    wish = discord.ui.Label(text="Wish", component=discord.ui.TextInput(custom_id="wish"))
    files = discord.ui.Label(
        text="Files",
        component=discord.ui.FileUpload(custom_id="files", required=False, max_values=2),
    )

    async def on_submit(self, interaction):
        sizes = [len(await one.read()) for one in self.files.component.values]
        await interaction.response.send_message(f"{self.wish.component} {sizes}")


@pytest.fixture
async def bot():
    bot = commands.Bot("!", intents=discord.Intents.all(), help_command=None)

    @bot.tree.command(
        name=app_commands.locale_str("make"), description=app_commands.locale_str("Make it")
    )
    @app_commands.rename(what=app_commands.locale_str("what"))
    @app_commands.choices(
        color=[app_commands.Choice(name=app_commands.locale_str("Red"), value="r")]
    )
    async def make(
        interaction: discord.Interaction,
        what: str,
        count: app_commands.Range[int, 1, 9] = 1,
        color: app_commands.Choice[str] | None = None,
        sure: bool = False,
        who: discord.Member | None = None,
        where: discord.TextChannel | None = None,
        file: discord.Attachment | None = None,
    ):
        data = await file.read() if file else b""
        told = [what, count, color and color.value, sure, who and who.name, where and where.name]
        await interaction.response.send_message(repr([*told, data]), ephemeral=True)

    @make.autocomplete("what")
    async def whats(interaction, typed):
        count = interaction.namespace.count
        return [app_commands.Choice(name=f"{typed} {count}", value=f"{typed}!")]

    @bot.tree.command(description="Show buttons")
    async def panel(interaction: discord.Interaction):
        await interaction.response.send_message("panel", view=Panel())

    @bot.tree.command(description="Never answers")
    async def silent(interaction: discord.Interaction):
        pass

    @bot.tree.command(description="Options whose names are those of other things")
    async def odd(interaction: discord.Interaction, wait: str, command: str, option: str = ""):
        await interaction.response.send_message(f"{wait} {command} {option}")

    @odd.autocomplete("option")
    async def odds(interaction, typed):
        return [app_commands.Choice(name=interaction.namespace.wait, value="x")]

    @bot.tree.command(description="Opens words")
    async def read(interaction: discord.Interaction):
        await interaction.response.send_modal(Read())

    @bot.tree.command(description="Thinks for ever")
    async def think(interaction: discord.Interaction):
        await interaction.response.defer(thinking=True)

    @bot.tree.context_menu(name="Count")
    async def count(interaction: discord.Interaction, message: discord.Message):
        await interaction.response.send_message(str(len(message.content)))

    @bot.tree.context_menu(name="Who")
    async def who(interaction: discord.Interaction, member: discord.Member):
        await interaction.response.send_message(member.name)

    async def register():
        await bot.tree.set_translator(Spanish())
        await bot.tree.sync()

    bot.setup_hook = register
    return bot


@pytest.fixture
async def people(sim, guild, channel):
    return {"Ana": guild.member("Ana", locale="es-ES"), "Ben": guild.member("Ben")}


@pytest.fixture
async def page(sim, people, bot):
    cast = Cast()
    for one in people.values():
        cast.add(one.user, "member")
    async with serving(sim, cast=cast) as page, sim.connect(bot):
        yield page


@pytest.fixture
async def tabs(page):
    """Opens tabs."""
    async with AsyncExitStack() as stack:

        async def open_(name):
            return await stack.enter_async_context(tab(page.address, name))

        yield open_


@pytest.fixture
async def ana(tabs):
    return await tabs("Ana")


async def test_commands_as_registered_in_the_persons_language(ana, tabs):
    told = {one["path"]: one for one in (await ask(ana, "commands"))["commands"]}
    make = told["make"]
    assert (make["name"], make["description"]) == ("hacer", "Hazlo")
    assert [one["label"] for one in make["options"]][:1] == ["qué"]
    assert make["options"][2]["options"] == [{"label": "Rojo", "value": "r"}]
    ben = await tabs("Ben")
    english = (await ask(ben, "commands"))["commands"]
    assert {"make", "panel", "silent"} < {one["name"] for one in english}


async def test_a_command_with_every_kind_of_option(ana, people, channel, page):
    options = {
        "what": "tea",
        "count": "3",
        "color": "r",
        "sure": True,
        "who": str(people["Ben"].id),
        "where": str(channel.id),
        "file": page.desk.hold(File("a.txt", b"abc")),
    }
    assert await ask(ana, "slash", command="make", options=options) == {}
    told = ["tea", 3, "r", True, "Ben", "general", b"abc"]
    assert channel.messages[max(channel.messages)].content == repr(told)
    assert page.desk.uploads == {}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "la opción «what» es obligatoria"),
        ({"what": ["x"]}, "va texto"),
        ({"what": "x", "count": "ten"}, 'va un número entero, no "ten"'),
        ({"what": "x", "count": "99"}, "va de 1 a 9"),
        ({"what": "x", "count": 10**400}, "va de 1 a 9"),
        ({"what": "x", "color": "Red"}, "ofrece Red"),
        ({"what": "x", "sure": "yes"}, "verdadero o falso"),
        ({"what": "x", "who": "17"}, "no hay ninguna persona"),
        ({"what": "x", "who": "9" * 6000}, "no hay ninguna persona"),
        ({"what": "x", "where": {"id": 1}}, "no hay ningún canal"),
        ({"what": "x", "file": "lost"}, "volver a subir"),
        ({"what": "x", "tone": "y"}, "ninguna opción «tone»"),
        ({"what": "y" * 6001}, "6000 caracteres"),
        ([], "la opción «what» es obligatoria"),
        ("text", "no es un objeto"),
    ],
)
async def test_what_does_not_fit_is_refused_with_a_line(ana, options, why):
    with pytest.raises(Refused, match=why) as refused:
        await ask(ana, "slash", command="make", options=options)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("command", ["", "/", " ", "nothing", "make it", None, "x" * 101])
async def test_a_command_that_is_not_there(ana, command):
    for act in ("slash", "complete"):
        with pytest.raises(Refused) as refused:
            await ask(ana, act, command=command, option="what", typed="")
        assert "terminal" not in str(refused.value)
        assert len(str(refused.value)) < 300


async def test_a_person_where_a_channel_is_wanted(ana, people):
    options = {"what": "x", "where": str(people["Ben"].id)}
    with pytest.raises(Refused, match="va un canal, no Ben"):
        await ask(ana, "slash", command="make", options=options)


async def test_offers_while_typing_know_what_else_fits(ana):
    fields = {"command": "make", "option": "what", "typed": "te"}
    offered = await ask(ana, "complete", **fields, options={"count": "4", "what": "te"})
    assert offered == {"options": [{"label": "te 4", "value": "te!"}]}
    offered = await ask(ana, "complete", **fields, options={"count": "4000", "who": "1"})
    assert offered["options"][0]["label"] == "te None"


async def test_options_may_have_any_name(ana, channel):
    options = {"wait": "a", "command": "b", "option": "c"}
    await ask(ana, "slash", command="odd", options=options)
    assert channel.messages[max(channel.messages)].content == "a b c"
    offered = await ask(ana, "complete", command="odd", option="option", typed="", options=options)
    assert offered["options"] == [{"label": "a", "value": "x"}]


async def test_names_in_a_text_become_mentions(ana, people, channel):
    await ask(ana, "slash", command="make", options={"what": "@Ben in #general"})
    told = channel.messages[max(channel.messages)].content
    assert told.startswith(f"['{people['Ben'].mention} in {channel.mention}'")


async def test_words_of_a_dialog_are_marked_and_escaped(ana):
    form = (await ask(ana, "slash", command="read"))["modal"]
    html = form["fields"][0]["html"]
    assert "<b>Bold</b> &lt;script&gt;" in html


async def test_a_bot_that_thinks_for_ever_has_not_responded_in_the_end(ana):
    await ask(ana, "slash", command="think")
    await ana.hears(lambda it: "está pensando" in it.last)
    await ana.hears(lambda it: "La aplicación no ha respondido" in it.last)


async def test_the_right_click(ana, people, channel):
    said = await people["Ben"].says("hello", channel)
    menus = (await ask(ana, "commands"))["menus"]
    assert [(one["name"], one["on"]) for one in menus] == [("Who", "person"), ("Count", "message")]
    await ask(ana, "menu", name="Count", message=str(said.id))
    assert channel.messages[max(channel.messages)].content == "5"
    await ask(ana, "menu", name="Who", person=str(people["Ben"].id))
    assert channel.messages[max(channel.messages)].content == "Ben"
    with pytest.raises(Refused, match="no está aquí"):
        await ask(ana, "menu", name="Who", person="17")
    with pytest.raises(Refused, match="ya no está"):
        await ask(ana, "menu", name="Count", message="17")


async def test_a_button_opens_a_dialog_which_is_sent(ana, tabs, channel, page):
    await ask(ana, "slash", command="panel")
    under = str(max(channel.messages))
    form = (await ask(ana, "press", message=under, component="ask"))["modal"]
    assert [one["id"] for one in form["fields"]] == ["wish", "files"]
    with pytest.raises(Refused, match="el campo «Wish» es obligatorio"):
        await ask(ana, "submit", dialog=form["id"], values={"wish": ""})
    for wish in ({"a": 1}, ["tea"], 7, True):
        with pytest.raises(Refused, match="va texto"):
            await ask(ana, "submit", dialog=form["id"], values={"wish": wish})
    keys = [page.desk.hold(File(name, b"ab")) for name in ("a.txt", "b.txt")]
    ben = await tabs("Ben")
    with pytest.raises(Refused, match="not open"):
        await ask(ben, "submit", dialog=form["id"], values={"wish": "tea"})
    await ask(ana, "submit", dialog=form["id"], values={"wish": "tea", "files": keys})
    assert channel.messages[max(channel.messages)].content == "tea [2, 2]"
    assert page.desk.uploads == {}


async def test_a_menu_is_opened_and_chosen_in(ana, people, channel):
    await ask(ana, "slash", command="panel")
    under = str(max(channel.messages))
    told = await ask(ana, "open", message=under, component="who")
    assert (told["kind"], told["least"], told["most"]) == ("user", 0, 2)
    found = await ask(ana, "find", kind="user", typed="a")
    ids = [one["value"] for one in found["options"] if one["label"] in ("@Ana", "@Alfred")]
    await ask(ana, "select", message=under, component="who", values=ids)
    assert set(channel.messages[max(channel.messages)].content.split(", ")) == {"Ana", "Alfred"}
    await ask(ana, "select", message=under, component="who", values=[])
    assert channel.messages[max(channel.messages)].content == "nobody"
    for values, why in (
        (["x"], "no hay ninguna persona"),
        (["1"] * 26, "no es una lista"),
        ("x", "no es una lista"),
    ):
        with pytest.raises(Refused, match=why):
            await ask(ana, "select", message=under, component="who", values=values)


async def test_a_bot_that_does_not_answer_is_said_in_the_persons_language(ana, tabs, channel, sim):
    sim.interactions.answer_seconds = 0.5
    with pytest.raises(Refused, match="La aplicación no ha respondido"):
        await ask(ana, "slash", command="silent")
    ben = await tabs("Ben")
    with pytest.raises(Refused, match="The application did not respond"):
        await ask(ben, "slash", command="silent")
    await ask(ben, "slash", command="panel")
    with pytest.raises(Refused, match="This interaction failed"):
        await ask(ben, "press", message=str(max(channel.messages)), component="silent")


async def test_nobody_uses_what_only_another_sees(ana, tabs, channel):
    await ask(ana, "slash", command="make", options={"what": "x"})
    ben = await tabs("Ben")
    with pytest.raises(Refused, match="gone"):
        await ask(ben, "press", message=str(max(channel.messages)), component="ask")


@pytest.mark.parametrize("component", ["", "nothing", "x" * 5000, None, 7])
async def test_a_component_that_is_not_there(ana, channel, component):
    await ask(ana, "slash", command="panel")
    under = str(max(channel.messages))
    for act in ("press", "open", "select"):
        with pytest.raises(Refused) as refused:
            await ask(ana, act, message=under, component=component)
        assert len(str(refused.value)) < 300


@pytest.mark.parametrize("frame", ["[" * 100_000, '{"id":' * 20_000, "{", "null", '"x"', "[]"])
async def test_a_frame_that_is_no_request_is_passed_over(ana, frame):
    await ana.socket.send_str(frame)
    assert "commands" in await ask(ana, "commands")
