"""The commands as Discord gets them, and the options as Grace gets them."""

import discord
import pytest
from discord import app_commands

from bot.catalogue import load_grace, packaged_catalogue
from bot.contract.grace import parse_catalogue
from bot.settings import Settings
from cogs.grace._commands import MAX_CHARS, count_chars, make_groups
from cogs.shared.translator import Translator, check_name
from local_discord import CannotDo
from tests.integration.cogs.grace.sight import settled

SPANISH = ("es-ES", "es-419")

OWN_MODULE = """
[[module]]
name = "NUMBER_{n}"
title = "Number {n}"
purpose = "Does what number {n} does, and says so in a line that is about as long as it may be."
prompt = "You do what you are told."
[module.example]
input = "Hello"
[[module.options]]
name = "from"
description = "A word of Python's own."
default = "a"
max = 9000
[[module.options]]
name = "last"
description = "Called as one of the inputs."
default = "b"
[[module.options]]
name = "town"
description = "More than a menu holds."
type = "choice"
default = "t0"
choices = [{towns}]
"""
TOWNS = ", ".join(f'"t{n}"' for n in range(40))


def own_catalogue(count):
    text = "\n".join(OWN_MODULE.format(n=n, towns=TOWNS) for n in range(count))
    return parse_catalogue(text)


async def payloads(catalogue):
    async def run(*_):
        raise AssertionError("no command was used")

    async with discord.Client(intents=discord.Intents.none()) as client:
        tree = app_commands.CommandTree(client)
        await tree.set_translator(Translator())
        groups = await make_groups(catalogue, run, tree)
        return [await group.get_translated_payload(tree, tree.translator) for group in groups]


def walk(item):
    yield item
    for inner in [*item.get("options", []), *item.get("choices", [])]:
        yield from walk(inner)


async def test_all_modules_are_there_in_both_languages(sim, deck):
    grace = next(c for c in sim.commands if c["name"] == "grace")
    assert len(grace["options"]) == len(deck.grace) == 18
    assert {"summarize", "translate", "action-items", "review-code"} <= {
        o["name"] for o in grace["options"]
    }
    for item in walk(grace):
        is_choice = "value" in item
        for locale in SPANISH:
            if item is not grace:
                assert item["name_localizations"][locale]
            if not is_choice:
                assert item["description_localizations"][locale]
                assert check_name(item.get("name_localizations", {}).get(locale, "grace"))
    for command in grace["options"]:
        names = [o["name_localizations"]["es-ES"] for o in command["options"]]
        assert len(set(names)) == len(names)
    names = [o["name_localizations"]["es-ES"] for o in grace["options"]]
    assert len(set(names)) == len(names)
    assert count_chars(grace) < MAX_CHARS * 0.8
    assert not sim.problems


async def test_there_are_five_menus_with_spanish_names(sim, deck):
    menus = [c for c in sim.commands if c["type"] == 3]
    assert [c["name"] for c in menus] == [
        "Summarize",
        "Translate",
        "Explain",
        "Ask Penny",
        "Transcribe",
    ]
    assert all(c["name_localizations"]["es-ES"] for c in menus)


async def test_a_catalogue_too_large_for_one_command_goes_on_in_the_next():
    groups = await payloads(own_catalogue(60))
    assert [g["name"] for g in groups] == ["grace", "grace-2", "grace-3"]
    assert sum(len(g["options"]) for g in groups) == 60
    assert all(len(g["options"]) <= 25 and count_chars(g) <= MAX_CHARS for g in groups)


async def test_a_module_of_ones_own_is_told_in_its_own_words():
    (group,) = await payloads(own_catalogue(1))
    (command,) = group["options"]
    assert command["name"] == "number_0"
    assert command["description"].startswith("Does what number 0 does")
    options = {o["name"]: o for o in command["options"]}
    assert list(options) == ["text", "file", "message", "last", "from", "last-option", "town"]
    assert options["town"]["autocomplete"]
    assert "choices" not in options["town"]
    assert options["from"]["max_length"] == 6000


async def test_two_modules_of_one_name_both_get_a_command():
    text = packaged_catalogue()
    catalogue = parse_catalogue(
        text + OWN_MODULE.format(n=1, towns=TOWNS).replace("NUMBER_1", "SUMMARIZE")
    )
    (group,) = await payloads(catalogue)
    names = [o["name"] for o in group["options"]]
    assert len(names) == len(set(names)) == 19
    assert {"summarize", "summarize-2"} <= set(names)


def test_every_module_has_its_texts():
    from bot.i18n import words_for

    for locale in ("en", "es"):
        words = words_for(locale)
        for module in load_grace(Settings(_env_file=None)).values():
            key = f"grace.module.{module.name.lower()}"
            assert check_name(words(f"{key}.name"))
            assert words(f"{key}.title")
            assert len(words(f"{key}.about")) <= 100
            for option in module.options:
                assert len(words(f"{key}.option.{option.name}")) <= 100
                assert check_name(words(f"grace.option.{option.name}"))
                assert all(words.has(f"grace.choice.{choice}") for choice in option.choices)


@pytest.mark.parametrize(
    ("command", "options", "module", "params"),
    [
        ("summarize", {}, "SUMMARIZER", None),
        ("summarize", {"length": "long"}, "SUMMARIZER", {"length": "long"}),
        ("summarize", {"language": "es"}, "SUMMARIZER", {"language": "Spanish"}),
        ("summarize", {"language": "auto"}, "SUMMARIZER", {"language": "auto"}),
        ("translate", {"to": " FRANCÉS "}, "TRANSLATOR", {"to": "French"}),
        ("translate", {"to": "german"}, "TRANSLATOR", {"to": "German"}),
        ("keywords", {"count": 30}, "KEYWORDS", {"count": 30}),
        ("classify", {"labels": "good, bad,,bad"}, "CLASSIFIER", {"labels": ["good", "bad"]}),
        ("answer", {"question": " Why? "}, "QUESTION_ANSWERER", {"question": "Why?"}),
        ("sentiment", {}, "SENTIMENT", None),
        (
            "email",
            {"sender": "Ben", "tone": "firm"},
            "EMAIL_WRITER",
            {"tone": "firm", "sender": "Ben"},
        ),
    ],
)
async def test_options_arrive_as_the_contract_has_them(
    sim, deck, ben, grace, command, options, module, params
):
    await ben.slash(f"/grace {command}", text="Some words", **options)
    await settled(ben, "Some words")
    assert grace.last.target.module == module
    assert grace.last.params == params
    assert grace.last.input.data == "Some words"
    assert grace.last.source.user == str(ben.id)
    assert not sim.problems


async def test_in_spanish_everything_has_a_spanish_name(sim, deck, ana, grace):
    await ana.slash("/grace resumir", texto="Hola", longitud="corto", estilo="viñetas")
    await settled(ana, "**Resumen** · «Hola»")
    assert grace.last.params == {"length": "short", "style": "bullets"}
    assert not sim.problems


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("translate", {"to": "Klingon"}, "No conozco ese idioma"),
        ("translate", {"to": "auto"}, "No conozco ese idioma"),
        ("classify", {"labels": "only one"}, "“etiquetas” admite de 2 a 30"),
        ("extract", {"fields": "x" * 101}, "“campos” admite de 1 a 30"),
    ],
)
async def test_a_wrong_option_is_told_before_anything_is_sent(
    sim, deck, ana, grace, command, options, told
):
    reply = await ana.slash(f"/grace {command}", text="Hola", **options)
    assert reply.ephemeral
    assert told in reply.text
    assert not grace.asked
    assert not sim.problems


async def test_discords_client_itself_refuses_what_is_out_of_range(deck, ben):
    with pytest.raises(CannotDo, match="1 to 30"):
        await ben.slash("/grace keywords", text="a", count=31)
    with pytest.raises(CannotDo, match="offers"):
        await ben.slash("/grace summarize", text="a", length="endless")


async def test_languages_are_offered_in_the_persons_own(sim, deck, ana, ben):
    offers = await ana.autocompletes("/grace translate", "to", "ingles")
    assert offers == [{"name": "inglés", "value": "en"}]
    offers = await ben.autocompletes("/grace translate", "to", "FRA")
    assert offers == [{"name": "French", "value": "fr"}]
    everything = await ben.autocompletes("/grace summarize", "language", "")
    assert len(everything) == 25  # the most that Discord takes
    assert everything[0]["value"] == "auto"
    assert await ben.autocompletes("/grace translate", "to", "klingon") == []
    assert not sim.problems
