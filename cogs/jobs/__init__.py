"""A person's own jobs: running, waiting, and missed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.discord_client import SkyDeck


async def setup(bot: "SkyDeck") -> None:
    """Load the cog for discord.py; imported here, so that pure modules load without it."""
    from cogs.jobs._cog import Jobs
    from cogs.jobs._views import JobsMenu
    from cogs.shared.translator import speak_languages

    await speak_languages(bot)
    bot.add_dynamic_items(JobsMenu)
    await bot.add_cog(Jobs(bot))
