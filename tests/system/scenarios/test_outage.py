"""A service is switched off and on again under load: what people see of it, second by second."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest

from bot.contract import Service
from bot.i18n import words_for
from bot.service_calls.circuit_breaker import Breaker
from local_discord import LocalDiscord
from tests.fakes.discord_bot import made, serving
from tests.fakes.handlers import Scripted, echo
from tests.fakes.switch import switched

PEOPLE = 4
EVERY_S = 0.5
OFF_S, ON_S, OVER_S = 3.0, 14.0, 22.0
"""When the service goes, when it is there again, and when nobody asks any more."""
KINDS = {
    "answered": "\nsome words",  # after the heading, which quotes them from the beginning
    "no answer": "isn't answering",
    "not known": "The connection broke",
    "refused at once": "The service is down",
}


@dataclass(slots=True)
class Asked:
    """One question.

    Attributes:
        at_s: When it was asked.
        ended_s: When its end was seen.
        kind: What its end was.
        text: Its words.
    """

    at_s: float
    ended_s: float
    kind: str
    text: str


def kind_of(text: str) -> str | None:
    return next((kind for kind, words in KINDS.items() if words in text), None)


async def ask(person, channel, began: float) -> Asked:
    at_s = asyncio.get_running_loop().time() - began
    reply = await person.slash("/grace summarize", channel, text="some words")

    def end():
        """What they see in the end, wherever: the answer itself, or a message only for them."""
        seen = [m for m in reply.messages if "Cancel" not in m.buttons and kind_of(m.text)]
        return seen[-1].text if seen else None

    for _ in range(2_000):
        if text := end():
            return Asked(at_s, asyncio.get_running_loop().time() - began, kind_of(text) or "", text)
        await asyncio.sleep(0.02)
    raise AssertionError(reply.text)


def table(asked: list[Asked]) -> str:
    lines = ["asked in   " + "  ".join(f"{kind:>16}" for kind in KINDS) + "   slowest"]
    for second in range(int(OVER_S)):
        these = [one for one in asked if second <= one.at_s < second + 1]
        counts = Counter(one.kind for one in these)
        slowest = max((one.ended_s - one.at_s for one in these), default=0.0)
        state = "off" if OFF_S <= second < ON_S else "on"
        figures = "  ".join(f"{counts[kind] or '':>16}" for kind in KINDS)
        lines.append(f"{second:>3} s {state:>4}  {figures}   {slowest:5.2f} s")
    return "\n".join(lines)


@pytest.mark.virtual_time
async def test_a_service_goes_and_comes_back_under_load(tmp_path, capsys):
    handler = Scripted(echo, service=Service.GRACE)
    async with (
        LocalDiscord() as sim,
        serving({"grace": handler}) as real,
        switched(real) as switch,
        made(
            switch.url,
            tmp_path / "skydeck.db",
            cogs=("cogs.errors", "cogs.grace"),
            breaker=lambda: Breaker(first_pause_s=1.0, max_pause_s=4.0),
        ) as bot,
    ):
        guild = sim.guild("Test")
        rooms = [guild.channel(f"room-{number}") for number in range(PEOPLE)]
        people = [guild.member(f"Person {n}", locale="en-US") for n in range(PEOPLE)]
        bot.limiter.take = lambda *_: 0.0
        async with sim.connect(bot), asyncio.TaskGroup() as group:
            began = asyncio.get_running_loop().time()
            asking = []
            is_on = True
            while (now := asyncio.get_running_loop().time() - began) < OVER_S:
                if is_on == (OFF_S <= now < ON_S):
                    await (switch.off() if is_on else switch.on())
                    is_on = not is_on
                number = len(asking) % PEOPLE
                asking.append(group.create_task(ask(people[number], rooms[number], began)))
                await asyncio.sleep(EVERY_S)
        asked = [task.result() for task in asking]
    with capsys.disabled():
        print("\n" + table(asked))
    refused = [one for one in asked if one.kind == "refused at once"]
    assert refused
    assert all("I'll retry <t:" in one.text for one in refused)
    quick = [one for one in refused if one.ended_s - one.at_s < 1]
    assert len(quick) >= len(refused) - 2, "nobody waits for a dead service, but for who tries it"
    left = [m for n, room in enumerate(rooms) for m in people[n].reads(room)]
    assert not [m.text for m in left if words_for("en")("common.working") in m.text]
    assert all(one.kind == "answered" for one in asked if one.at_s < OFF_S - 1)
    late = [one for one in asked if one.at_s > ON_S + 5]
    assert late
    assert all(one.kind == "answered" for one in late), "it came back by itself"
    assert handler.started == sum(one.kind == "answered" for one in asked)
