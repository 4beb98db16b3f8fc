"""The ops cog on the real bot."""

import pytest


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.ops")


@pytest.fixture
def owner(guild):
    owner = guild.owner()
    owner.user.locale = "en-US"
    return owner
