"""What the page of `skydeck try` adds to a written turn: beside the same turn without it.

python -m pytest -m bench tests/bench/test_page.py -s

The bot answers at once. With the page, a turn begins with Enter and ends when the answer is in the
document; without it, people of the local Discord write and read themselves. Turns of both kinds
alternate.
"""

import statistics
import time

import discord
import pytest

from local_discord import LocalDiscord
from local_discord.page import tab
from local_discord.page.server import serving
from tests.fakes.chromium import chromium, opened

pytestmark = pytest.mark.bench
TURNS = 100
TURN = """(words) => new Promise((resolve, reject) => {
  const began = performance.now();
  const log = document.querySelector("#log");
  const seen = () => {
    if (![...log.querySelectorAll("article:not(.own)")].some((one) =>
      one.querySelector("section")?.textContent === `echo ${words}`)) return;
    watch.disconnect();
    resolve(performance.now() - began);
  };
  setTimeout(() => reject(new Error(`no answer; there is: ${document.body.innerText}`)), 30000);
  const watch = new MutationObserver(seen);
  watch.observe(log, { childList: true, subtree: true });
  const field = document.querySelector("#words");
  field.value = words;
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
})"""
ADDED_MAX_MS = 60.0


class Echo(discord.Client):
    """It answers at once."""

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            await message.channel.send(f"echo {message.content}")


async def test_page(capsys, monkeypatch) -> None:
    monkeypatch.setattr(tab, "ACTS_PER_SECOND", 10_000)  # nobody types as fast as this
    with_page, without = [], []
    async with LocalDiscord() as sim, serving(sim) as page, chromium() as browser:
        world = sim.backend.world
        channel = next(one for one in world.channels.values() if one.name == "general")
        lucia = page.desk.person(page.desk.cast.find("Lucía"), channel.guild)
        async with sim.connect(Echo(intents=discord.Intents.all())):
            browsed = await opened(browser, page.address)
            await browsed.evaluate(TURN, "warm up")
            for number in range(TURNS):
                with_page.append(await browsed.evaluate(TURN, f"number {number}"))
                began = time.perf_counter()
                await lucia.says(f"without {number}", channel)
                await lucia.sees(f"echo without {number}")
                without.append(1000 * (time.perf_counter() - began))
    ours, bare = statistics.median(with_page), statistics.median(without)
    worst = sorted(with_page)[int(0.95 * TURNS)]
    with capsys.disabled():
        print(
            f"\na written turn with the page {ours:.1f} ms (p95 {worst:.1f}), without it "
            f"{bare:.1f} ms: it adds {ours - bare:.1f} ms ({ours / bare:.1f} times)"
        )
    assert ours - bare < ADDED_MAX_MS
