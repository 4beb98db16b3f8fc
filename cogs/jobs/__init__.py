"""Everybody's own jobs: what runs, what waits, and what they have missed."""

from bot.discord_client import SkyDeck
from cogs.jobs._cog import Jobs
from cogs.jobs._views import MissedMenu
from cogs.shared.translator import speak_languages


async def setup(bot: SkyDeck) -> None:
    """Called by discord.py when the extension is loaded."""
    await speak_languages(bot)
    bot.add_dynamic_items(MissedMenu)
    await bot.add_cog(Jobs(bot))
