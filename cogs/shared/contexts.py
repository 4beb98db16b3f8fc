"""Where Discord offers a command; `bot.discord_client` has the default."""

from discord import app_commands


def only_on_servers() -> app_commands.AppCommandContext:
    """For a group; commands have a decorator for it. Unset parts would fall back to the default."""
    return app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
