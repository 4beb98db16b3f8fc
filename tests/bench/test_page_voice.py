"""What the page of `skydeck try` adds to a spoken turn, between microphone and loudspeaker.

The same question, the same Penny who answers at once, the same bot and local Discord, in turn:

- the peer: `Speaker.plays`, from its last packet of speech to the bot's first packet;
- a tab's sockets without a browser, from the last frame of speech to the first frame that is heard;
- a tab in Chromium, from the last frame of speech that its microphone gives the page to the moment
  at which its loudspeaker begins, with what that holds back on purpose.

    make bench
"""

import asyncio
import base64
import contextlib
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from audio import codec
from audio.constants import FRAME_S, FRAME_SAMPLES, OPUS_RATE_HZ
from audio.samples import Samples
from bot.voice_agent.events import Stage
from local_discord.page.cast import Cast
from local_discord.page.server import serving
from local_discord.voice.clips import Microphone, levels_db
from tests.bench.test_voice import Prompt, line
from tests.fakes.chromium import chromium, opened
from tests.fakes.voice_call import voice_call
from tests.integration.local_discord.page.test_voice import Browser, tab
from tests.paths import CLIPS
from tests.system.local_discord.page.test_voice import MICROPHONE
from tests.waiting import until

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

TURNS = 16
TARGET_MS = 60
QUIET_S = 0.6
"""Between turns, so that the answer before is over everywhere."""
HEARS = """async (threshold) => {
  const { listeners } = await import("/static/voice.js");
  listeners.microphone = (pcm) => {
    const power = new Int16Array(pcm).reduce((sum, one) => sum + (one / 32768) ** 2, 0) / 960;
    if (10 * Math.log10(power + 1e-20) > threshold) window.spoke = performance.now();
  };
}"""
BEGAN = "import('/static/voice.js').then(({ counts }) => counts.began - window.spoke)"


def question() -> tuple[Samples, float]:
    """A question with a little silence after it, and when its last 20 ms of speech end."""
    said = codec.decode(CLIPS / "question.wav", rate_hz=OPUS_RATE_HZ, limit_s=10)
    whole = len(said) // FRAME_SAMPLES
    pieces = said[: whole * FRAME_SAMPLES].reshape(whole, FRAME_SAMPLES)
    loud = np.flatnonzero(levels_db(pieces) > (Microphone().threshold_db or 0))
    quiet = np.zeros(OPUS_RATE_HZ // 2, np.float32)
    return np.concatenate([pieces.reshape(-1), quiet]), float(loud[-1] + 1) * FRAME_S


@contextlib.asynccontextmanager
async def over(call: Any) -> AsyncIterator[None]:
    """A turn, until it is answered and quiet."""
    yield
    await call.reader.sees(Stage.DONE)
    await asyncio.sleep(QUIET_S)


async def by_speaker(call: Any, speaker: Any, said: Samples) -> float:
    """Seconds, as the tests measure them."""
    async with over(call):
        speech = await speaker.plays(said, wait=False)
        await speech.done()
        first = await call.line.until_speaking(since=speech.last_voice_packet_at)
    return float(first.at - speech.last_voice_packet_at)


async def by_sockets(call: Any, one: Browser, said: Samples, ends_s: float) -> float:
    """Seconds at a tab's sockets."""
    async with over(call):
        one.heard_at.clear()
        began = time.monotonic()
        await one.speak(said)
        await until(lambda: one.heard_at)
    return float(one.heard_at[0] - began - ends_s)


async def by_browser(call: Any, page: Any, wav: str) -> float:
    """Seconds between a browser's microphone and its loudspeaker."""
    async with over(call):
        await page.evaluate("(wav) => window.speak(wav)", wav)
    return float(await page.evaluate(BEGAN)) / 1000


async def test_what_the_page_adds_to_a_turn() -> None:
    said, ends_s = question()
    wav = base64.b64encode(codec.wav(said, OPUS_RATE_HZ)).decode()
    took: dict[str, list[float]] = {"speaker": [], "sockets": [], "browser": []}
    async with voice_call(Prompt(0.4), people=["Ana"]) as (call, ana):
        [speaker] = await call.joins(ana)
        cast = Cast()
        cast.add(ana.user, "member")
        async with serving(call.sim, cast=cast) as site, chromium() as browser:
            page = await opened(browser, site.address, script=MICROPHONE)
            await page.evaluate(HEARS, Microphone().threshold_db)
            async with tab(site, "Ana") as one:
                lounge = one.channel("Lounge")
                for number in range(TURNS + 1):
                    await one.ask("join", channel=lounge)
                    direct = await by_speaker(call, speaker, said)
                    sockets = await by_sockets(call, one, said, ends_s)
                    await page.get_by_role("button", name="Join Lounge").click()
                    await page.locator("#call-state", has_text="In Lounge").wait_for()
                    await page.locator("meter").wait_for()  # its microphone is open
                    heard = await by_browser(call, page, wav)
                    if number:  # the first warms up
                        for name, value in zip(took, (direct, sockets, heard), strict=True):
                            took[name].append(value * 1000)
    peer = took["speaker"]
    print("\n" + line("Speaker.plays, last packet to first packet", peer, ""))
    names = {"sockets": "a tab's sockets", "browser": "Chromium, microphone to loudspeaker"}
    for name, words in names.items():
        added = [a - b for a, b in zip(took[name], peer, strict=True)]
        print(line(words, took[name], ""))
        print(line("  what it adds", added, f"target: median {TARGET_MS} ms"))
        print(f"  {statistics.median(took[name]) / statistics.median(peer):.2f} of the peer's")
