"""Conversation in text: mentions, replies, DMs, threads, and the commands that do the same."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.discord_client import SkyDeck


async def setup(bot: "SkyDeck") -> None:
    """Load the cog for discord.py; imported here, so that pure modules load without it."""
    from cogs.chat._action_buttons import ActionButton
    from cogs.chat._cog import Chat
    from cogs.chat._commands import ChatCommands
    from cogs.chat._deletions import Deletions
    from cogs.chat._views import RegenerateButton
    from cogs.shared.job_message import StopButton
    from cogs.shared.translator import speak_languages

    await speak_languages(bot)
    bot.add_dynamic_items(StopButton, RegenerateButton, ActionButton)
    chat = Chat(bot)
    await bot.add_cog(chat)
    await bot.add_cog(ChatCommands(bot, chat.acting, chat.written))
    await bot.add_cog(Deletions(bot))
