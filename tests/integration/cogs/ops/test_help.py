"""What the bot says of itself."""

# mypy: ignore-errors

from cogs.ops._help import Reader, command_lines, find_name, menu_names

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


def test_commands_are_told_in_lines_and_many_subcommands_by_name():
    assert command_lines(ALL, reader()) == [
        "`/ask` Ask",
        "`/jobs list` List them",
        "`/grace` Texts: " + " · ".join(f"m{n}" for n in range(18)),
        "`/here` Here",
    ]
    assert menu_names(ALL, reader()) == ["Summarize"]


def test_only_what_a_person_may_use_there():
    assert "`/set` Set" in command_lines(ALL, reader(permissions=32 | 8))
    assert "`/here` Here" not in command_lines(ALL, reader(in_guild=False))


def test_names_are_those_of_their_own_discord():
    assert find_name(ALL, reader("es-ES"), "jobs", "list") == "`/tareas list`"
    assert find_name(ALL, reader("de"), "jobs", "list") == "`/jobs list`"


async def test_help_in_both_languages(sim, deck, owner, ana, ben):
    english = (await ben.slash("/help")).text
    assert "`/privacy export`" in english
    assert "/settings" not in english
    assert "processed on the machine" in english
    spanish = await ana.slash("/ayuda")
    assert "`/privacidad olvidar`" in spanish.text
    assert spanish.ephemeral
    assert "`/settings show`" in (await owner.slash("/help")).text
    assert "`/privacy export`" in (await ben.slash("/help", ben.dm)).text
    assert not sim.problems
