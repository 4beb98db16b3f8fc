"""Grace's modules as slash commands, and what the context menu of a message offers."""

from bot.discord_client import SkyDeck
from cogs.grace._cog import Grace
from cogs.shared.stop_button import StopButton
from cogs.shared.translator import speak_languages


async def setup(bot: SkyDeck) -> None:
    """Called by discord.py when the extension is loaded."""
    await speak_languages(bot)
    bot.add_dynamic_items(StopButton)
    await bot.add_cog(Grace(bot))
