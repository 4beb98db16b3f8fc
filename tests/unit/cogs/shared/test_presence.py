"""Where the bot is a guest: by what Discord says of an interaction."""

# mypy: ignore-errors

from types import SimpleNamespace
from unittest.mock import MagicMock

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.shared.presence import (
    answers_alone,
    guest_conversation,
    is_guest,
    is_private,
    server_id_of,
    server_of,
)

BEN, SERVER = 7, 9
GUILD = discord.app_commands.AppCommandContext(guild=True)
DIRECT = discord.app_commands.AppCommandContext(dm_channel=True)
BETWEEN = discord.app_commands.AppCommandContext(private_channel=True)


def interaction(*, guild_id=None, context=GUILD, owners=(), known=(), group=False, external=True):
    channel = MagicMock(spec=discord.GroupChannel if group else discord.TextChannel)
    one = MagicMock(spec=discord.Interaction, guild_id=guild_id, channel=channel, context=context)
    one.client = SimpleNamespace(get_guild=lambda number: number if number in known else None)
    one.is_guild_integration = lambda: "guild" in owners
    one.is_user_integration = lambda: "user" in owners
    one.permissions = discord.Permissions(use_external_apps=external)
    one.guild = None if guild_id is None else SimpleNamespace(id=guild_id)
    return one


@pytest.mark.parametrize(
    ("given", "guest"),
    [
        ({"context": DIRECT}, False),
        ({"context": DIRECT, "owners": ("guild", "user")}, False),
        ({"context": BETWEEN, "owners": ("user",)}, True),
        ({"context": BETWEEN, "group": True}, True),
        ({"context": discord.app_commands.AppCommandContext(), "group": True}, True),
        ({"guild_id": SERVER, "owners": ("guild",), "known": (SERVER,)}, False),
        ({"guild_id": SERVER, "owners": ("guild", "user"), "known": (SERVER,)}, False),
        ({"guild_id": SERVER, "owners": ("user",), "known": (SERVER,)}, True),
        ({"guild_id": SERVER, "owners": ("user",)}, True),
        ({"guild_id": SERVER}, True),  # another member presses the button of an app that is there
        ({"guild_id": SERVER, "known": (SERVER,)}, False),  # Discord left out by whom
    ],
)
def test_it_is_a_guest_where_only_a_person_has_brought_it(given, guest):
    one = interaction(**given)
    assert is_guest(one) is guest
    assert server_id_of(one) == (None if guest else one.guild_id)
    assert (server_of(one) is None) is (guest or one.guild_id is None)
    assert is_private(one) is (not guest and one.guild_id is None)


def test_a_message_comes_from_where_the_bot_is_a_member():
    assert not is_guest(MagicMock(spec=discord.Message))


def test_only_a_foreign_server_has_it_answer_alone():
    away = {"guild_id": SERVER, "owners": ("user",)}
    assert answers_alone(interaction(**away, external=False))
    assert not answers_alone(interaction(**away))
    assert not answers_alone(interaction(context=BETWEEN, group=True, external=False))
    home = {"guild_id": SERVER, "owners": ("guild",), "known": (SERVER,)}
    assert not answers_alone(interaction(**home, external=False))


IDS = st.integers(1, 2**61)


@given(IDS, IDS, IDS)
def test_a_conversation_is_of_one_place_and_one_person_and_no_message_of_discords(here, ben, other):
    number = guest_conversation(here, ben)
    assert 2**62 <= number < 2**63
    assert number == guest_conversation(here, ben)
    assert (number == guest_conversation(here, other)) == (ben == other)
    assert (number == guest_conversation(other, ben)) == (here == other)
