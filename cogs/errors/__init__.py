"""Errors that nobody else has caught, in words."""

from discord.ext import commands

from cogs.errors._cog import Errors


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(Errors(bot))
