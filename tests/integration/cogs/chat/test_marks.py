"""A long or growing answer keeps its marks in every message and every edit."""

import asyncio
import re

import pytest

from bot.contract import Service
from tests.fakes.handlers import Scripted, completed, partial

SECRET = "The butler did it. " * 126
WHOLE = f"Who was it? ||{SECRET.strip()}|| Now you know."


class Teller:
    """Tells a secret in parts; each part waits until the last one was shown."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def __call__(self, _request):
        yield partial(WHOLE[:200])
        await self.go_on.wait()
        yield completed(WHOLE)


@pytest.fixture
def teller():
    return Teller()


@pytest.fixture
def handlers(teller):
    return {"penny": Scripted(teller, service=Service.PENNY)}


def openly(content: str) -> str:
    return re.sub(r"\|\|.+?\|\|", "", content, flags=re.DOTALL)


async def test_a_secret_stays_one_while_it_grows_and_across_messages(
    sim, deck, channel, ben, teller
):
    await ben.says("@Alfred who was it?", channel)
    growing = await ben.sees("▌")
    assert "||The butler" in growing.content
    teller.go_on.set()
    await ben.sees("Now you know.")
    shown = [m.content for m in channel.messages.values() if m.author == sim.bot]
    assert len(shown) == 2
    assert all("butler" not in openly(one) for one in shown)
    told = " ".join("".join(re.findall(r"\|\|(.+?)\|\|", one, re.DOTALL)) for one in shown)
    assert told.split() == SECRET.split()
    for call in sim.log.calls:
        content = (call.body or {}).get("content") if isinstance(call.body, dict) else None
        assert "butler" not in openly(content or "")
    assert sim.problems == []
