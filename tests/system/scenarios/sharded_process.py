"""One of several processes that divide the shards among themselves; to be killed, or stopped.

python -m local_discord.elsewhere DISCORD tests.system.scenarios.sharded_process \\
  SERVICES DATABASE TOKEN
"""

import asyncio
import sys

from bot.settings import Settings
from tests.fakes.discord_bot import made

COGS = ("cogs.errors", "cogs.chat", "cogs.factory")


async def main(services: str, database: str, token: str) -> None:
    """Serve a share of nine shards until somebody ends the process."""
    settings = Settings(
        _env_file=None,
        discord_token=token,
        skydeck_shards="auto/9",
        skydeck_user_per_minute=600,
        skydeck_guild_per_minute=6000,
    )
    async with made(services, database, settings=settings, cogs=COGS) as bot:
        await bot.run_until_stopped(on_online=lambda: None)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
