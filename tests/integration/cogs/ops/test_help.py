"""What the bot says of itself."""

# mypy: ignore-errors

import pytest

from bot.i18n import words_for
from cogs.ops._help import (
    FIELD_CHARS,
    TOTAL_CHARS,
    Reader,
    command_sections,
    find_command,
    menu_names,
)

ONE = {"type": 1, "name": "ask", "description": "Ask", "options": [{"type": 3, "name": "what"}]}
FEW = {
    "type": 1,
    "name": "jobs",
    "name_localizations": {"es-ES": "tareas"},
    "description": "Jobs",
    "options": [{"type": 1, "name": "list", "description": "List them"}],
}
MANY = {
    "type": 1,
    "name": "grace",
    "description": "Texts.",
    "options": [{"type": 1, "name": f"m{n}", "description": "x"} for n in range(18)],
}
HIDDEN = {"type": 1, "name": "set", "description": "Set", "default_member_permissions": 32}
GUILDS = {"type": 1, "name": "here", "description": "Here", "contexts": [0]}
MENU = {"type": 3, "name": "Summarize"}
ALL = [ONE, FEW, MANY, HIDDEN, GUILDS, MENU]


def reader(locale="en-US", permissions=0, in_guild=True):
    return Reader(locale, permissions, in_guild=in_guild)


def lines(who, commands=ALL):
    sections = command_sections(words_for(None), commands, who)
    return [line for section in sections for line in section.text.split("\n")]


def test_commands_are_told_in_groups_and_many_subcommands_by_name():
    assert lines(reader()) == [
        "`/ask` Ask",
        "Texts.",
        " · ".join(f"`/grace m{n}`" for n in range(18)),
        "`/jobs list` List them",
        "`/here` Here",
    ]
    titles = [one.title for one in command_sections(words_for(None), ALL, reader())]
    assert titles == ["Ask and talk", "Work on texts: Grace", "About you and the bot"]
    assert menu_names(ALL, reader()) == ["Summarize"]


def test_a_command_with_an_id_can_be_clicked_on():
    """By its registered name: Discord reacts to no other."""
    known = [one | {"id": 7} for one in ALL]
    assert "</ask:7> Ask" in lines(reader(), known)
    assert "</jobs list:7> List them" in lines(reader(), known)
    assert "</jobs list:7> (`/tareas list`) List them" in lines(reader("es-ES"), known)


def test_whatever_there_is_fits_into_an_embed():
    many = [
        {"type": 1, "name": f"c{n}", "description": "x" * 100, "id": 10**18} for n in range(100)
    ]
    sections = list(command_sections(words_for(None), many, reader()))
    assert all(0 < len(one.text) <= FIELD_CHARS for one in sections)
    assert sum(len(one.text) for one in sections) > TOTAL_CHARS


def test_only_what_a_person_may_use_there():
    assert "`/set` Set" in lines(reader(permissions=32 | 8))
    assert "`/here` Here" not in lines(reader(in_guild=False))


def test_who_has_brought_it_along_reads_of_what_they_may_use_there():
    own = ONE | {"integration_types": [0, 1], "contexts": [0, 1, 2]}
    for in_guild in (False, True):
        guest = Reader("en-US", 0, in_guild=in_guild, as_guest=True)
        assert lines(guest, [own, FEW, GUILDS]) == ["`/ask` Ask"]


def test_names_are_those_of_their_own_discord():
    assert find_command(ALL, reader("es-ES"), "jobs", "list") == "`/tareas list`"
    assert find_command(ALL, reader("de"), "jobs", "list") == "`/jobs list`"


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.grace", "cogs.ops")


def fields(told):
    return {field["name"]: field["value"] for field in told.message.embeds[0]["fields"]}


async def test_help_in_both_languages(sim, deck, owner, ana, ben):
    ids = {one["name"]: one["id"] for one in sim.commands}
    english = await ben.slash("/help")
    assert f"</privacy export:{ids['privacy']}>" in english.text
    assert f"</ask:{ids['ask']}> Ask Penny" in fields(english)["Ask and talk"]
    assert f"</grace summarize:{ids['grace']}>" in fields(english)["Work on texts: Grace"]
    assert "Alfred is who you talk to" in english.text
    assert "This server" not in fields(english)
    assert "processed on the machine" in english.text
    spanish = await ana.slash("/ayuda")
    assert f"</privacy forget:{ids['privacy']}> (`/privacidad olvidar`)" in spanish.text
    summarize = f"</grace summarize:{ids['grace']}> (resumir)"
    assert summarize in fields(spanish)["Trabajar con textos: Grace"]
    assert spanish.ephemeral
    assert "/settings show" in fields(await owner.slash("/help"))["This server"]
    assert "/privacy export" in (await ben.slash("/help", ben.dm)).text
    assert not sim.problems


async def test_the_next_process_knows_the_ids_and_the_one_that_finds_none_asks(sim, deck, ben):
    known = dict(deck.command_ids)
    assert known["ask"] == int(next(one["id"] for one in sim.commands if one["name"] == "ask"))
    deck.command_ids = {}
    assert not await deck.register_commands()
    assert deck.command_ids == known
    await deck.store.key_value.set(f"command_ids:{deck.application_id}", '{"digest": "old"}')
    deck.command_ids = {}
    sim.fail("GET /applications/{application_id}/commands", status=503, times=9)
    await deck.register_commands()
    assert "`/ask` Ask Penny" in fields(await ben.slash("/help"))["Ask and talk"]


async def test_ids_that_nobody_noted_are_asked_for(sim, deck):
    known = dict(deck.command_ids)
    await deck.store.key_value.set(f"command_ids:{deck.application_id}", '{"digest": "old"}')
    deck.command_ids = {}
    await deck.register_commands()
    assert deck.command_ids == known
