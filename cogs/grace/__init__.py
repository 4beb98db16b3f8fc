"""Grace's modules as slash commands, and the context menu of messages."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.discord_client import SkyDeck


async def setup(bot: "SkyDeck") -> None:
    """Load the cog for discord.py; imported here, so that pure modules load without it."""
    from cogs.grace._cog import Grace
    from cogs.shared.follow_up_buttons import FollowUpButton
    from cogs.shared.job_message import StopButton
    from cogs.shared.translator import speak_languages

    await speak_languages(bot)
    bot.add_dynamic_items(StopButton, FollowUpButton)
    await bot.add_cog(Grace(bot))
