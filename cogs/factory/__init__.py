"""Builds by the Factory."""

from bot.discord_client import SkyDeck
from cogs.factory._cog import Factory
from cogs.factory._views import BuildButton
from cogs.shared.translator import speak_languages


async def setup(bot: SkyDeck) -> None:
    """Called by discord.py when the extension is loaded."""
    await speak_languages(bot)
    bot.add_dynamic_items(BuildButton)
    await bot.add_cog(Factory(bot))
