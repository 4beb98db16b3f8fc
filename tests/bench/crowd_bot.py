"""The bot as a process of its own that notes how late its event loop is, for `test_crowd`.

python -m tests.simulator.elsewhere DISCORD tests.bench.crowd_bot SERVICES DATABASE TOKEN NOTES
"""

# mypy: ignore-errors

import asyncio
import json
import sys
import time
from pathlib import Path

from audio.discord_voice.stats import combined
from bot.discord_client import stopped_by_signals
from tests.fakes.discord_bot import made

EVERY_S = 0.01


async def main(services: str, database: str, token: str) -> dict[str, list]:
    """Be online until SIGTERM; what was noted."""
    lags, heard = [], []
    async with made(services, Path(database)) as bot:

        async def note():
            while True:
                due = time.monotonic() + EVERY_S
                await asyncio.sleep(EVERY_S)
                now = time.monotonic()
                lags.append((now, max(0.0, now - due), time.process_time()))

        async def look():
            while True:
                await asyncio.sleep(0.5)
                for link in bot.voice_clients:
                    people = link.health().people
                    everybody = combined(people.values())
                    heard.append((len(people), everybody.received, everybody.loss))

        noting = [asyncio.create_task(note()), asyncio.create_task(look())]
        with stopped_by_signals(bot):
            await bot.start(token)
        for task in noting:
            task.cancel()
    return {"lags": lags, "heard": heard}


if __name__ == "__main__":
    *given, notes = sys.argv[1:]
    Path(notes).write_text(json.dumps(asyncio.run(main(*given))))
