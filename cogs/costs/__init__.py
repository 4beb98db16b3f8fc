"""What the services cost here, and what may be spent."""

from bot.discord_client import SkyDeck
from cogs.costs._cog import Costs
from cogs.shared.translator import speak_languages


async def setup(bot: SkyDeck) -> None:
    """Called by discord.py when the extension is loaded."""
    await speak_languages(bot)
    await bot.add_cog(Costs(bot))
