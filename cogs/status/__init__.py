"""The state of the services and of the bot."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.discord_client import SkyDeck


async def setup(bot: "SkyDeck") -> None:
    """Load the cog for discord.py; imported here, so that pure modules load without it."""
    from cogs.shared.translator import speak_languages
    from cogs.status._cog import Status

    await speak_languages(bot)
    await bot.add_cog(Status(bot))
