"""What Discord refuses, and in which words: the checks alone, then once through discord.py."""

# mypy: ignore-errors

import discord
import pytest

from local_discord.errors import ApiError
from local_discord.form import Form
from local_discord.validate_commands import check_choices, check_commands, command_size
from local_discord.validate_components import check_modal
from local_discord.validate_message import check_message


def faults(tree, path=()):
    """An error tree as {path: code}."""
    found = {}
    for key, value in tree.items():
        if key == "_errors":
            found[".".join(path)] = value[0]["code"]
        else:
            found |= faults(value, (*path, key))
    return found


def refused(body, files=None):
    with pytest.raises(ApiError) as error:
        check_message(body, files or {})
    return faults(error.value.extra.get("errors", {})) or error.value.code


def button(**more):
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go"} | more


def rows(*components):
    return {"content": "x", "components": [{"type": 1, "components": [c]} for c in components]}


LONG = "BASE_TYPE_MAX_LENGTH"
BAD = "BASE_TYPE_BAD_LENGTH"
REQUIRED = "BASE_TYPE_REQUIRED"
TAKEN = "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"
OPTION = {"label": "a", "value": "a"}
SELECT = {"type": 3, "custom_id": "s", "options": [OPTION]}
FIELD = {"name": "n", "value": "v"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, 50006),
        ({"content": "  "}, 50006),
        ({"content": "x" * 2001}, {"content": LONG}),
        ({"embeds": [{"title": "x" * 257}]}, {"embeds.0.title": LONG}),
        ({"embeds": [{"description": "x" * 4097}]}, {"embeds.0.description": LONG}),
        (
            {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]},
            {"embeds": "MAX_EMBED_SIZE_EXCEEDED"},
        ),
        ({"embeds": [{"fields": [FIELD] * 26}]}, {"embeds.0.fields": LONG}),
        ({"embeds": [{"fields": [{"name": "n"}]}]}, {"embeds.0.fields.0.value": REQUIRED}),
        (
            {"embeds": [{"fields": [FIELD | {"value": "x" * 1025}]}]},
            {"embeds.0.fields.0.value": LONG},
        ),
        ({"embeds": [{"footer": {"text": "x" * 2049}}]}, {"embeds.0.footer.text": LONG}),
        (
            {"embeds": [{"title": "t", "url": "javascript://x"}]},
            {"embeds.0.url": "URL_TYPE_INVALID_SCHEME"},
        ),
        ({"embeds": [{"title": "t"}] * 11}, {"embeds": LONG}),
        ({"content": "x", "nonce": "n" * 26}, {"nonce": LONG}),
        (
            {"content": "x", "attachments": [{"id": "0"}]},
            {"attachments.0.id": "ATTACHMENT_NOT_FOUND"},
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            {"allowed_mentions.users": "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"},
        ),
        (rows(*[button(custom_id=str(n)) for n in range(6)]), {"components": LONG}),
        (rows(button(label="x" * 81)), {"components.0.components.0.label": LONG}),
        (rows(button(custom_id="x" * 101)), {"components.0.components.0.custom_id": BAD}),
        (rows(button(custom_id=None)), {"components.0.components.0.custom_id": REQUIRED}),
        (rows(button(), button()), {"components": "COMPONENT_CUSTOM_ID_DUPLICATED"}),
        (rows(button(style=5, custom_id=None)), {"components.0.components.0.url": REQUIRED}),
        (
            rows(button(label=None)),
            {"components.0.components.0": "BUTTON_COMPONENT_MISSING_LABEL"},
        ),
        (rows(SELECT | {"options": []}), {"components.0.components.0.options": BAD}),
        (
            rows(SELECT | {"options": [OPTION, OPTION]}),
            {"components.0.components.0.options.1.value": TAKEN},
        ),
        ({"content": "x", "components": [button()]}, {"components.0.type": "BASE_TYPE_CHOICES"}),
    ],
)
def test_a_message_that_discord_refuses(body, expected):
    assert refused(body) == expected


def test_white_space_at_the_ends_of_an_embeds_texts_does_not_count():
    check_message({"embeds": [{"title": f" {'x' * 256}\n"}]}, {})


def test_voice_messages_stand_alone():
    entry = {"id": "0", "waveform": "AA==", "duration_secs": 1.0}
    body = {"flags": 8192, "attachments": [entry]}
    check_message(body, {0: 4})
    assert refused(body | {"content": "and words"}, {0: 4}) == 50159
    assert refused(body, {0: 4, 1: 4}) == 50160
    assert refused({"flags": 8192, "attachments": [{"id": "0"}]}, {0: 4}) == 50161


def test_layouts_are_counted():
    text = {"type": 10, "content": "x" * 2001}
    body = {"flags": 1 << 15, "components": [text, text]}
    assert refused(body) == {"components": "COMPONENT_MAX_TEXT_LENGTH"}
    many = {"flags": 1 << 15, "components": [{"type": 14}] * 41}
    assert refused(many) == {"components": LONG}


def command(**more):
    return {"name": "ask", "description": "Ask", "type": 1} | more


def option(**more):
    return {"name": "text", "description": "Text", "type": 3} | more


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([command(name="Ask")], {"0.name": "APPLICATION_COMMAND_INVALID_NAME"}),
        ([command(name="a b")], {"0.name": "APPLICATION_COMMAND_INVALID_NAME"}),
        ([command(description="")], {"0.description": REQUIRED}),
        ([command(description="x" * 101)], {"0.description": BAD}),
        ([command(), command()], {"1.name": "APPLICATION_COMMANDS_DUPLICATE_NAME"}),
        (
            [command(name_localizations={"es": "preguntar"})],
            {"0.name_localizations.es": "BASE_TYPE_CHOICES"},
        ),
        (
            [command(name_localizations={"es-ES": "Preguntar"})],
            {"0.name_localizations.es-ES": "APPLICATION_COMMAND_INVALID_NAME"},
        ),
        (
            [command(options=[option(name=f"o{n}") for n in range(26)])],
            {"0.options": LONG},
        ),
        (
            [command(options=[option(), option(name="b", required=True)])],
            {"0.options.1": "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"},
        ),
        (
            [command(options=[option(), option()])],
            {"0.options.1.name": "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"},
        ),
        (
            [command(options=[option(choices=[{"name": "a", "value": 1}])])],
            {"0.options.0.choices.0.value": "APPLICATION_COMMAND_OPTIONS_CHOICE_TYPE"},
        ),
        (
            [command(options=[option(type=1, options=[option(type=1, name="deep")])])],
            {"0.options.0.options": "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"},
        ),
        (
            [{"name": "Look", "type": 3, "description": "no"}],
            {"0.description": "APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED"},
        ),
        (
            [{"name": f"Menu {n}", "type": 3} for n in range(16)],
            {"": "APPLICATION_COMMANDS_EXCEEDED"},
        ),
    ],
)
def test_commands_that_discord_refuses(commands, expected):
    form = Form()
    check_commands(form, commands)
    assert faults(form.errors) == expected


def test_a_group_of_groups_fits_and_eight_thousand_characters_are_enough():
    sub = option(type=1, name="sub", options=[option()])
    group = option(type=2, name="group", options=[sub])
    form = Form()
    check_commands(form, [command(options=[group])])
    form.check()
    wordy = [option(name=f"o{n}", type=1, description="x" * 100) for n in range(25)]
    assert command_size(command(options=wordy)) == 6 + 25 * 100 + 65
    localized = command(description_localizations={"es-ES": "Preguntar algo"})
    assert command_size(localized) == len("ask") + len("Preguntar algo")


def test_modals_and_choices():
    form = Form()
    check_modal(form, {"title": "x" * 46, "custom_id": "m", "components": []})
    assert faults(form.errors) == {"data.title": BAD, "data.components": BAD}
    form = Form()
    check_choices(form, [{"name": "a", "value": "x" * 101}], 3)
    assert faults(form.errors) == {"data.choices.0.value": LONG}


async def test_what_the_checks_do_not_foresee_is_told_not_retried(sim, channel, bot):
    async with sim.connect(bot):
        route = discord.http.Route("POST", "/channels/{c}/messages", c=channel.id)
        with pytest.raises(discord.HTTPException) as error:
            await bot.http.request(route, json={"embeds": [{"footer": "no object"}]})
        assert error.value.status == 501
        assert "does not understand" in sim.problems[0].message
        with pytest.raises(discord.NotFound):
            await bot.http.request(discord.http.Route("GET", "/stage-instances/1"))
        assert sim.problems[1].message == "no such route in the local Discord"


async def test_discord_py_raises_what_discord_answers(sim, channel, bot):
    async with sim.connect(bot):
        there = bot.get_channel(channel.id)
        with pytest.raises(discord.HTTPException) as error:
            await there.send("x" * 2001)
        assert error.value.code == 50035
        assert "In content: Must be 2000 or fewer in length." in str(error.value)
        channel.guild.upload_limit_bytes = 10
        with pytest.raises(discord.HTTPException) as error:
            await there.send(file=discord.File(__file__, "big.bin"))
        assert (error.value.status, error.value.code) == (413, 40005)
        with pytest.raises(discord.NotFound) as missing:
            await bot.fetch_channel(1)
        assert missing.value.code == 10003
        assert [p.code for p in sim.problems] == [50035, 40005, 10003]
