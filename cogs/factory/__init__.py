"""Builds by the Factory."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.discord_client import SkyDeck


async def setup(bot: "SkyDeck") -> None:
    """Load the cog for discord.py; imported here, so that pure modules load without it."""
    from cogs.factory._cog import Factory
    from cogs.factory._views import BuildButton
    from cogs.shared.translator import speak_languages

    await speak_languages(bot)
    bot.add_dynamic_items(BuildButton)
    await bot.add_cog(Factory(bot))
