"""The bot as a process of its own that notes how late its event loop is, for `test_crowd`.

python -m local_discord.elsewhere DISCORD tests.bench.crowd_bot SERVICES DATABASE TOKEN HOW NOTES

HOW is `ours`, or `plain`: with Python's own pauses (`bot.pauses`).
"""

# mypy: ignore-errors

import asyncio
import gc
import json
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path

from audio.discord_voice.stats import combined
from bot.discord_client import stopped_by_signals
from bot.pauses import shorten_turns, spare_long_lived
from tests.fakes.discord_bot import made

EVERY_S = 0.01
LATE_S = 0.1


class Stops:
    """Notes where the event loop is while it is late, and how long garbage is collected."""

    def __init__(self):
        self.places, self.collections = Counter(), []
        self.ticked = time.monotonic()
        self._loop = threading.get_ident()
        self._began = 0.0
        gc.callbacks.append(self._collect)
        threading.Thread(target=self._look, daemon=True).start()

    def _collect(self, phase, info):
        if phase == "start":
            self._began = time.monotonic()
        else:
            took = time.monotonic() - self._began
            self.collections.append((self._began, took, info["generation"]))

    def _look(self):
        while True:
            time.sleep(0.02)
            if time.monotonic() - self.ticked > LATE_S:
                stack = traceback.extract_stack(sys._current_frames()[self._loop])[-4:]
                place = " < ".join(
                    f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in reversed(stack)
                )
                self.places[place] += 1


async def main(services: str, database: str, token: str, how: str) -> dict[str, list]:
    """Be online until SIGTERM; what was noted."""
    lags, heard, stops = [], [], Stops()
    if how == "ours":
        shorten_turns()
    async with made(services, Path(database)) as bot:
        await bot.voices.warm_up()

        @bot.listen()
        async def on_ready():
            if how == "ours":
                spare_long_lived()

        async def note():
            while True:
                due = time.monotonic() + EVERY_S
                await asyncio.sleep(EVERY_S)
                now = stops.ticked = time.monotonic()
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
    return {
        "lags": lags,
        "heard": heard,
        "places": stops.places.most_common(8),
        "collections": stops.collections,
    }


if __name__ == "__main__":
    *given, notes = sys.argv[1:]
    Path(notes).write_text(json.dumps(asyncio.run(main(*given))))
