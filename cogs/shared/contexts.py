"""Where Discord offers a command; what a command does not say itself, `bot.discord_client` says."""

from discord import app_commands


def only_on_servers() -> app_commands.AppCommandContext:
    """For a group; a command has the decorator of discord.py. Unset parts would be the bot's."""
    return app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
