"""A server's settings, people's own data, and help."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.discord_client import SkyDeck


async def setup(bot: "SkyDeck") -> None:
    """Load the cog for discord.py; imported here, so that pure modules load without it."""
    from cogs.ops._cog import Ops
    from cogs.shared.translator import speak_languages

    await speak_languages(bot)
    await bot.add_cog(Ops(bot))
