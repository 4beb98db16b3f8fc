"""Buttons, menus, modals and layouts, answered by an unmodified discord.py."""

# mypy: ignore-errors

import discord
import pytest

from local_discord import CannotDo, File
from local_discord.options import Id


class Panel(discord.ui.View):
    """Two buttons and two menus."""

    def __init__(self):
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Docs", url="https://example.org"))

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.danger)
    async def cancel(self, interaction, button):
        button.disabled = True
        await interaction.response.edit_message(content="cancelled", view=self)

    @discord.ui.button(label="Refine", emoji="✏️")
    async def refine(self, interaction, button):
        await interaction.response.send_modal(Wishes())

    @discord.ui.select(
        placeholder="Module",
        options=[discord.SelectOption(label="A"), discord.SelectOption(label="B")],
    )
    async def module(self, interaction, select):
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"module {select.values[0]}")

    @discord.ui.select(cls=discord.ui.UserSelect, placeholder="People", max_values=2)
    async def people(self, interaction, select):
        names = ", ".join(u.display_name for u in select.values)
        await interaction.response.send_message(names, ephemeral=True)


class Wishes(discord.ui.Modal, title="Refine"):
    """A dialog to write and to choose in."""

    wish = discord.ui.Label(text="What to change", component=discord.ui.TextInput(min_length=3))
    tone = discord.ui.Label(
        text="Tone",
        component=discord.ui.Select(
            options=[discord.SelectOption(label="Warm"), discord.SelectOption(label="Dry")]
        ),
    )

    async def on_submit(self, interaction):
        tone = self.tone.component.values[0]
        await interaction.response.send_message(f"{self.wish.component} / {tone}")


@pytest.fixture
def panel(tree):
    @tree.command(description="Show the panel")
    async def panel(interaction: discord.Interaction):
        await interaction.response.send_message("panel", view=Panel())


@pytest.mark.usefixtures("panel")
async def test_buttons_and_menus(sim, guild, channel, ana, bot):
    bob = guild.member("Bob")
    async with sim.connect(bot):
        reply = await ana.slash("/panel", channel)
        assert list(reply.message.buttons) == ["Cancel", "Refine", "Docs"]
        await ana.selects("B", on=reply, menu="Module")
        await ana.sees("module B")
        picked = await bob.selects(ana, bob, on=reply, menu="People")
        assert (picked.text, picked.ephemeral) == ("Ana, Bob", True)
        await ana.clicks("Cancel", on=reply)
        assert await ana.sees("cancelled") is reply.message
        for label, why in (("Cancel", "greyed out"), ("Docs", "is a link"), ("Stop", "no button")):
            with pytest.raises(CannotDo, match=why):
                await ana.clicks(label, on=reply)
        with pytest.raises(CannotDo, match="the menu offers"):
            await ana.selects("C", on=reply, menu="Module")
        assert not sim.problems


@pytest.mark.usefixtures("panel")
async def test_modals(sim, channel, ana, bot):
    async with sim.connect(bot):
        opened = await ana.clicks("Refine", on=await ana.slash("/panel", channel))
        assert (opened.modal.title, list(opened.modal.fields)) == (
            "Refine",
            ["What to change", "Tone"],
        )
        with pytest.raises(CannotDo, match="takes 3 to 4000"):
            await ana.submits(opened, what_to_change="ab", tone="Dry")
        with pytest.raises(CannotDo, match="“What to change” is required"):
            await ana.submits(opened, tone="Dry")
        done = await ana.submits(opened, {"What to change": "more jokes"}, tone="Dry")
        assert done.text == "more jokes / Dry"
        assert not sim.problems


async def test_a_layout_of_components(sim, channel, ana, bot):
    class Card(discord.ui.LayoutView):
        box = discord.ui.Container(
            discord.ui.TextDisplay("# Result"),
            discord.ui.Separator(),
            discord.ui.Section(
                "score 9", accessory=discord.ui.Button(label="More", custom_id="more")
            ),
        )

    async with sim.connect(bot):
        await bot.get_channel(channel.id).send(view=Card())
        seen = await ana.sees("score 9", channel)
        assert list(seen.buttons) == ["More"]
        with pytest.raises(discord.HTTPException) as refused:
            await bot.http.send_message(
                channel.id,
                params=discord.http.handle_message_parameters(
                    content="both", flags=discord.MessageFlags(components_v2=True)
                ),
            )
        assert refused.value.code == 50035


class Twice(discord.ui.View):
    """Buttons and options whose words are there twice, or are another's custom id or value."""

    def __init__(self):
        super().__init__(timeout=None)
        for number in ("1", "2"):
            button = discord.ui.Button(label="Open", custom_id=f"open {number}")
            button.callback = self.say
            self.add_item(button)
        labels = {"1": "2", "2": "1"}
        options = [discord.SelectOption(label=v, value=k) for k, v in labels.items()]
        self.menu = discord.ui.Select(custom_id="menu", placeholder="open 1", options=options)
        self.menu.callback = self.say
        self.add_item(self.menu)

    async def say(self, interaction):
        picked = " ".join(interaction.data.get("values", []))
        await interaction.response.send_message(f"{interaction.data['custom_id']} {picked}".strip())


async def test_an_id_means_one_component_whatever_its_words(sim, channel, ana, bot, tree):
    @tree.command(description="Show it")
    async def show(interaction: discord.Interaction):
        await interaction.response.send_message("twice", view=Twice())

    async with sim.connect(bot):
        shown = await ana.slash("/show", channel)
        assert (await ana.clicks(Id("open 2"), on=shown)).text == "open 2"
        assert (await ana.clicks("Open", on=shown)).text == "open 1"
        assert (await ana.selects(Id("2"), on=shown, menu=Id("menu"))).text == "menu 2"
        with pytest.raises(CannotDo, match="no button"):
            await ana.clicks(Id("Open"), on=shown)
        with pytest.raises(CannotDo, match="the menu offers"):
            await ana.selects(Id("Open"), on=shown, menu=Id("menu"))


class Form(discord.ui.Modal, title="Form"):
    """Each kind of field, some of them with something chosen from the first."""

    tone = discord.ui.Label(
        text="Tone",
        component=discord.ui.RadioGroup(
            options=[
                discord.RadioGroupOption(label="Warm", value="w", default=True),
                discord.RadioGroupOption(label="Dry", value="d"),
            ]
        ),
    )
    extras = discord.ui.Label(
        text="Extras",
        component=discord.ui.CheckboxGroup(
            required=False,
            min_values=0,
            options=[discord.CheckboxGroupOption(label=x, value=x) for x in ("a", "b", "c")],
        ),
    )
    place = discord.ui.Label(
        text="Place",
        component=discord.ui.ChannelSelect(
            channel_types=[discord.ChannelType.voice], required=False
        ),
    )
    files = discord.ui.Label(
        text="Files", component=discord.ui.FileUpload(required=False, max_values=2)
    )
    sure = discord.ui.Label(text="Sure", component=discord.ui.Checkbox(default=True))

    async def on_submit(self, interaction):
        files = [(one.filename, await one.read()) for one in self.files.component.values]
        told = [
            self.tone.component.value,
            list(self.extras.component.values),
            [one.name for one in self.place.component.values],
            files,
            self.sure.component.value,
        ]
        await interaction.response.send_message(repr(told))


async def test_a_dialog_sends_what_was_chosen_from_the_first(sim, guild, channel, ana, bot, tree):
    @tree.command(description="Ask")
    async def ask(interaction: discord.Interaction):
        await interaction.response.send_modal(Form())

    lounge = guild.voice_channel("Lounge")
    async with sim.connect(bot):
        opened = await ana.slash("/ask", channel)
        assert (await ana.submits(opened)).text == repr(["w", [], [], [], True])
        opened = await ana.slash("/ask")
        files = [File("a.txt", b"a"), File("b.txt", b"b")]
        answer = await ana.submits(
            opened, tone="Dry", extras=["a", "b", "c"], place=lounge, files=files, sure=False
        )
        told = ["d", ["a", "b", "c"], ["Lounge"], [("a.txt", b"a"), ("b.txt", b"b")], False]
        assert answer.text == repr(told)
        wrong = [
            ({"extras": ["a", "a"]}, "each of its options once"),
            ({"extras": ["d"]}, "the menu offers"),
            ({"place": channel}, "does not offer general"),
            ({"files": [*files, File("c.txt", b"c")]}, "takes 1 to 2 files, not 3"),
            ({"tone": []}, "is required"),
        ]
        for fields, why in wrong:
            with pytest.raises(CannotDo, match=why):
                await ana.submits(opened, fields)
