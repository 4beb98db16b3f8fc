"""The bot as a process of its own, to be killed.

python -m local_discord.elsewhere DISCORD tests.system.scenarios.bot_process \\
  SERVICES DATABASE TOKEN
"""

import asyncio
import sys
from pathlib import Path

from bot.settings import Settings
from tests.fakes.discord_bot import made

LEASE_MS = 500
"""Short: a killed process's jobs are free again before the next one has started."""
COGS = ("cogs.errors", "cogs.grace", "cogs.factory")


async def main(services: str, database: str, token: str) -> None:
    """Be online until somebody ends the process."""
    settings = Settings(_env_file=None, skydeck_builds_per_guild=1)
    making = made(services, Path(database), settings=settings, lease_ms=LEASE_MS, cogs=COGS)
    async with making as bot:
        await bot.start(token)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
