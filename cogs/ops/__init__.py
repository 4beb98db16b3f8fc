"""Settings of a server, people's own data, and help."""

from bot.discord_client import SkyDeck
from cogs.ops._cog import Ops
from cogs.shared.translator import speak_languages


async def setup(bot: SkyDeck) -> None:
    """Called by discord.py when the extension is loaded."""
    await speak_languages(bot)
    await bot.add_cog(Ops(bot))
