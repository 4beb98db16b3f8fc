"""How everything stands."""

from bot.discord_client import SkyDeck
from cogs.shared.translator import speak_languages
from cogs.status._cog import Status


async def setup(bot: SkyDeck) -> None:
    """Called by discord.py when the extension is loaded."""
    await speak_languages(bot)
    await bot.add_cog(Status(bot))
