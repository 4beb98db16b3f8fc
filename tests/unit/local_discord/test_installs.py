"""Where a command is offered, and by whose installation it runs there: a table of Discord's."""

# mypy: ignore-errors

import pytest

from local_discord.application import Application
from local_discord.installs import is_guest, owners_of
from local_discord.values import Channel, ChannelType, Guild, Member, User

ALFRED, OLGA, BEN, CARL = (User(number, name) for number, name in enumerate("AOBC", start=1))


@pytest.fixture
def application():
    return Application(ALFRED, OLGA, installed_by={BEN.id})


def guild(number, *users):
    one = Guild(number, "Here", OLGA)
    one.members = {user.id: Member(user, 0.0) for user in users}
    return Channel(number + 1, ChannelType.TEXT, "general", one)


HOME = guild(100, ALFRED, BEN, CARL)
AWAY = guild(200, BEN, CARL)
DIRECT = Channel(300, ChannelType.DM, "Ben", recipients=[BEN])
GROUP = Channel(400, ChannelType.GROUP_DM, "Trip", recipients=[BEN, CARL])
BOTH = {"integration_types": [0, 1], "contexts": [0, 1, 2], "dm_permission": True}
OF_GUILDS = {"integration_types": [0], "contexts": [0, 1], "dm_permission": True}
OF_USERS = {"integration_types": [1], "contexts": None, "dm_permission": True}


@pytest.mark.parametrize(
    ("command", "user", "channel", "owners"),
    [
        (BOTH, BEN, HOME, {"0": "100", "1": "3"}),
        (BOTH, CARL, HOME, {"0": "100"}),
        (BOTH, BEN, AWAY, {"1": "3"}),
        (BOTH, CARL, AWAY, {}),
        (BOTH, BEN, DIRECT, {"0": "0", "1": "3"}),
        (BOTH, BEN, GROUP, {"1": "3"}),
        (BOTH, CARL, GROUP, {}),
        (OF_GUILDS, BEN, HOME, {"0": "100"}),
        (OF_GUILDS, BEN, AWAY, {}),
        (OF_GUILDS, BEN, GROUP, {}),
        (OF_USERS, BEN, HOME, {"1": "3"}),
        (OF_USERS, CARL, HOME, {}),
        (OF_USERS, BEN, GROUP, {"1": "3"}),
        (BOTH | {"contexts": [0]}, BEN, GROUP, {}),
        (BOTH | {"contexts": [2]}, BEN, AWAY, {}),
        ({"guild_id": "100"}, BEN, HOME, {"0": "100"}),
    ],
)
def test_by_whom_a_command_is_there(application, command, user, channel, owners):
    assert owners_of(application, command, user, channel) == owners
    assert is_guest(owners) is ("0" not in owners)
