"""Voice channels: joining, listening to who agreed, answering aloud, and leaving."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.discord_client import SkyDeck


async def setup(bot: "SkyDeck") -> None:
    """Load the cog for discord.py; imported here, so that pure modules load without it."""
    from cogs.shared.job_message import StopButton
    from cogs.shared.translator import speak_languages
    from cogs.voice._cog import Voice
    from cogs.voice._commands import VoiceCommands
    from cogs.voice._minutes import MinutesCommand
    from cogs.voice._views import ConsentButton
    from cogs.voice._voice_channels import VoiceChannels

    await speak_languages(bot)
    channels = VoiceChannels(bot)
    bot.add_dynamic_items(ConsentButton, StopButton)
    await bot.add_cog(Voice(bot, channels))
    await bot.add_cog(VoiceCommands(bot, channels))
    await bot.add_cog(MinutesCommand(bot, channels))
