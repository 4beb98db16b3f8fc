"""What the local Discord's own tests share, beside tests/discord_fixtures.py."""

# mypy: ignore-errors

import discord
import pytest
from discord.ext import commands


@pytest.fixture
def bot():
    bot = commands.Bot("!", intents=discord.Intents.all(), help_command=None)
    bot.before_identify_hook = at_once
    return bot


@pytest.fixture
def tree(bot):
    """The bot's commands, registered when it starts."""

    async def register():
        await bot.tree.sync()

    bot.setup_hook = register
    return bot.tree


async def at_once(shard_id, *, initial):
    """discord.py waits five seconds before it identifies again; this hook of its is for that."""
