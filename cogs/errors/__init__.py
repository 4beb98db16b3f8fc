"""Reports errors that no cog has handled."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discord.ext import commands


async def setup(bot: "commands.Bot") -> None:
    """Load the cog for discord.py; imported here, so that pure modules load without it."""
    from cogs.errors._cog import Errors

    await bot.add_cog(Errors(bot))
