from types import MappingProxyType

import discord
import pytest
from discord import app_commands
from discord.app_commands import locale_str

from bot import i18n
from cogs.shared.translator import Translator, check_name

TEXTS = {
    "x.name": "resumir",
    "x.about": "Acorta un texto",
    "x.bad": "Resumir Texto",
    "x.long": "a" * 101,
    "x.menu": "Resumir esto",
}


@pytest.fixture
def words(monkeypatch):
    english = i18n.words_for("en")
    spanish = i18n.Words("es", MappingProxyType(TEXTS))
    monkeypatch.setattr(
        "cogs.shared.translator.words_for",
        lambda locale: spanish if locale.startswith("es") else english,
    )


def command(name, description):
    async def callback(interaction: discord.Interaction):
        """Nothing."""

    return app_commands.Command(name=name, description=description, callback=callback)


async def payload(*made):
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    await tree.set_translator(Translator())
    return [await one.get_translated_payload(tree, tree.translator) for one in made]


async def test_spanish_names_for_both_spanish_locales(words):
    [sent] = await payload(
        command(locale_str("summarize", key="x.name"), locale_str("Shorten", key="x.about"))
    )
    assert sent["name"] == "summarize"
    assert sent["name_localizations"] == {"es-ES": "resumir", "es-419": "resumir"}
    assert sent["description_localizations"] == dict.fromkeys(("es-ES", "es-419"), TEXTS["x.about"])


@pytest.mark.parametrize("key", ["x.bad", "x.none"])
async def test_a_name_that_discord_would_refuse_stays_english(words, key, caplog):
    [sent] = await payload(command(locale_str("summarize", key=key), locale_str("Shorten")))
    assert not sent["name_localizations"]
    assert key in caplog.text


async def test_a_description_over_the_limit_stays_english(words):
    [sent] = await payload(command("summarize", locale_str("Shorten", key="x.long")))
    assert not sent["description_localizations"]


async def test_a_menu_may_have_spaces(words):
    async def callback(interaction: discord.Interaction, message: discord.Message):
        """Nothing."""

    menu = app_commands.ContextMenu(name=locale_str("Summarize", key="x.menu"), callback=callback)
    [sent] = await payload(menu)
    assert sent["name_localizations"]["es-ES"] == "Resumir esto"


@pytest.mark.parametrize(
    "name", ["summarize", "añadir", "a", "to-do_2", "d'accord", "要約", "a" * 32]
)
def test_names_that_discord_takes(name):
    assert check_name(name)


@pytest.mark.parametrize("name", ["", "a" * 33, "Summarize", "two words", "a.b", "a/b", "Ñ"])
def test_names_that_discord_refuses(name):
    assert not check_name(name)
