"""Voice channels: joining, listening to who agreed, answering aloud, and leaving."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.discord_client import SkyDeck


async def setup(bot: "SkyDeck") -> None:
    """Called by discord.py, which alone needs the cog: its pure modules load without it."""
    from cogs.shared.stop_button import StopButton
    from cogs.shared.translator import speak_languages
    from cogs.voice._cog import Voice
    from cogs.voice._commands import VoiceCommands
    from cogs.voice._minutes_command import MinutesCommand
    from cogs.voice._views import ConsentButton
    from cogs.voice._voice_channels import VoiceChannels

    await speak_languages(bot)
    rooms = VoiceChannels(bot)
    bot.add_dynamic_items(ConsentButton, StopButton)
    await bot.add_cog(Voice(bot, rooms))
    await bot.add_cog(VoiceCommands(bot, rooms))
    await bot.add_cog(MinutesCommand(bot, rooms))
