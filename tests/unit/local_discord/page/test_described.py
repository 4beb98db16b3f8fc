"""What the page is told of commands, menus and dialogs."""

from typing import Any

import pytest

from bot.clock import SystemClock
from local_discord.application import Application
from local_discord.page import described
from local_discord.values import Channel, ChannelType, Guild, Member, Permission, Role, User
from local_discord.world import World


@pytest.fixture
def world() -> World:
    return World(SystemClock(), lambda: "http://local")


@pytest.fixture
def guild(world: World) -> Guild:
    return world.guild("Test")


@pytest.fixture
def channel(world: World, guild: Guild) -> Channel:
    return world.channel(guild, "general")


@pytest.fixture
def ana(world: World, guild: Guild) -> User:
    user = world.user("Ana", locale="es-419")
    guild.members[user.id] = Member(user, 0.0, nick="Anita")
    return user


def told(world: World, user: User, channel: Channel, *commands: dict[str, Any]) -> dict[str, Any]:
    application = Application(world.bot, world.owner)
    application.commands[0] = [{"id": "1", "type": 1, "options": []} | one for one in commands]
    return described.commands(application, user, channel)


def test_each_sub_command_is_one_entry_in_the_persons_language(
    world: World, channel: Channel, ana: User
) -> None:
    option = {
        "type": 4,
        "name": "lines",
        "description": "How many",
        "name_localizations": {"es-ES": "líneas"},
        "description_localizations": {"es-ES": "Cuántas"},
        "required": True,
        "min_value": 1,
        "max_value": 9,
    }
    sub = {"type": 1, "name": "sum", "description": "Sum", "options": [option]}
    group = {"type": 2, "name": "text", "description": "Text", "options": [sub]}
    grace = {"name": "grace", "description": "Grace", "options": [group]}
    grace["name_localizations"] = {"es-ES": "gracia"}
    (entry,) = told(world, ana, channel, grace)["commands"]
    assert (entry["path"], entry["name"]) == ("grace text sum", "gracia text sum")
    assert entry["options"] == [
        {
            "id": "lines",
            "label": "líneas",
            "description": "Cuántas",
            "kind": "integer",
            "required": True,
            "complete": False,
            "options": [],
            "least": 1,
            "most": 9,
            "types": [],
        }
    ]


def test_a_group_without_commands_is_nothing(world: World, channel: Channel, ana: User) -> None:
    group = {"type": 2, "name": "text", "description": "Text", "options": []}
    grace = {"name": "grace", "description": "Grace", "options": [group]}
    assert told(world, ana, channel, grace)["commands"] == []


def test_what_one_may_not_use_is_left_out(world: World, channel: Channel, ana: User) -> None:
    manage = str(int(Permission.MANAGE_GUILD))
    commands = [
        {"name": "settings", "description": "…", "default_member_permissions": manage},
        {"name": "Summarize", "type": 3},
        {"name": "Who", "type": 2, "default_member_permissions": "0"},
    ]
    assert told(world, ana, channel, *commands) == {
        "commands": [],
        "menus": [{"path": "Summarize", "name": "Summarize", "on": "message"}],
    }
    everything = told(world, world.owner, channel, *commands)
    assert [one["path"] for one in everything["commands"]] == ["settings"]
    assert {one["on"] for one in everything["menus"]} == {"message", "person"}


def test_people_roles_and_channels_are_found_by_a_part_of_their_names(
    world: World, guild: Guild, channel: Channel, ana: User
) -> None:
    role = Role(world.new_id(), "Analysts", Permission(0))
    guild.roles[role.id] = role
    secret = world.channel(guild, "anagrams")
    guild.roles[guild.id].permissions &= ~Permission.VIEW_CHANNEL
    world.channel(guild, "analog", ChannelType.VOICE)

    def found(kind: str, typed: str = "AN", types: tuple[int, ...] = ()) -> list[str]:
        offered = described.found_by_name(world, ana, channel, kind, typed, types)
        return [one["label"] for one in offered]

    assert found("user") == ["@Anita"]
    assert found("mentionable") == ["@Anita", "@Analysts"]
    assert found("role") == ["@Analysts"]
    assert found("channel") == []
    assert found("nonsense") == []
    guild.roles[guild.id].permissions |= Permission.VIEW_CHANNEL
    assert found("channel") == ["#anagrams", "analog"]
    assert found("channel", types=(ChannelType.VOICE,)) == ["analog"]
    assert described.found_by_id(world, ana, channel, str(secret.id)) is secret


@pytest.mark.parametrize("number", ["", "x", "-1", "٣", "9" * 5000, None, 1.5, ["1"], True])
def test_nobody_is_behind_nonsense(
    world: World, channel: Channel, ana: User, number: object
) -> None:
    assert described.found_by_id(world, ana, channel, number) is None


def test_at_most_so_many_are_offered(world: World, guild: Guild, channel: Channel) -> None:
    for number in range(100):
        user = world.user(f"P{number}")
        guild.members[user.id] = Member(user, 0.0)
    offered = described.found_by_name(world, world.owner, channel, "user", "p")
    assert len(offered) == described.OFFERED_MAX


def test_in_a_direct_message_there_are_the_two_of_them(world: World, ana: User) -> None:
    direct = world.dm(ana)
    offered = described.found_by_name(world, ana, direct, "mentionable", "")
    assert [one["label"] for one in offered] == ["@Ana", "@Alfred"]
    assert described.found_by_id(world, ana, direct, str(world.bot.id)) is world.bot
    assert described.found_by_id(world, ana, direct, str(world.owner.id)) is None


def test_a_dialog_is_its_fields_in_order(
    world: World, guild: Guild, channel: Channel, ana: User
) -> None:
    options = [{"label": "A", "value": "a", "default": True}, {"label": "B", "value": "b"}]
    inner = [
        {"type": 4, "custom_id": "t", "style": 2, "max_length": 9, "value": "hi"},
        {"type": 22, "custom_id": "c", "options": options},
        {"type": 21, "custom_id": "r", "options": options, "required": False},
        {"type": 23, "custom_id": "x", "default": True},
        {"type": 19, "custom_id": "f", "max_values": 3},
        {"type": 5, "custom_id": "u", "default_values": [{"id": str(ana.id), "type": "user"}]},
        {"type": 8, "custom_id": "p", "channel_types": [2], "default_values": [{"id": "77"}]},
    ]
    labels = [{"type": 18, "label": c["custom_id"].upper(), "component": c} for c in inner]
    body = {"title": "T", "components": [{"type": 10, "content": "**Read**"}, *labels]}
    form = described.modal(5, body, world, ana, channel)
    assert (form["id"], form["title"]) == ("5", "T")
    kinds = ["words", "paragraph", "boxes", "radio", "box", "file", "user", "channel"]
    assert [one["kind"] for one in form["fields"]] == kinds
    words, text, boxes, radio, box, files, person, place = form["fields"]
    assert words["content"] == "**Read**"
    assert (text["label"], text["value"], text["most"], text["required"]) == ("T", "hi", 9, True)
    assert (boxes["least"], boxes["most"]) == (1, 2)
    assert [one["chosen"] for one in boxes["options"]] == [True, False]
    assert radio["required"] is False
    assert (box["value"], box["required"]) == (True, False)
    assert (files["least"], files["most"]) == (1, 3)
    assert [one["value"] for one in person["chosen"]] == [str(ana.id)]
    assert (place["types"], place["chosen"]) == ([2], [])
