"""Where Discord offers the commands: on servers, and all but a few in direct messages, too."""

import pytest

from bot.discord_client import COGS

ON_SERVERS = {"join", "leave", "minutes", "settings", "voice"}


@pytest.fixture
def cogs():
    return COGS


async def test_each_command_says_where_it_is_offered(sim, deck):
    assert {c["name"] for c in sim.commands if c["contexts"] == [0]} == ON_SERVERS
    others = [c for c in sim.commands if c["name"] not in ON_SERVERS]
    assert others
    own = [c for c in others if 1 in c["integration_types"]]  # see shared/test_guest.py
    assert all(c["contexts"] == ([0, 1, 2] if c in own else [0, 1]) for c in others)
    assert all(c["integration_types"] == [0] for c in sim.commands if c not in own)
    assert not sim.problems
