"""The error cog on a plain bot: it needs nothing of skydeck's."""

# mypy: ignore-errors

import discord
import pytest
from discord.ext import commands

from tests.fakes.discord_bot import at_once


@pytest.fixture
def make_bot():
    def make():
        bot = commands.Bot("!", intents=discord.Intents.all(), help_command=None)
        bot.before_identify_hook = at_once

        async def set_up():
            await bot.load_extension("cogs.errors")
            await bot.tree.sync()

        bot.setup_hook = set_up
        return bot

    return make


@pytest.fixture
def bot(make_bot):
    return make_bot()


@pytest.fixture
def tree(bot):
    return bot.tree
