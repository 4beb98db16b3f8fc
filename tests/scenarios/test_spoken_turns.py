"""Spoken turns without Discord: real speech, real ears, real Penny; what she says is recorded."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Service, System
from bot.conversation.events import Remember, Show, Stage
from bot.conversation.voice import Terms
from bot.conversation.voices import Voices
from bot.runpod import Endpoint, RunPodClient
from bot.settings import Mode
from tests.fakes.clip_line import ClipLine
from tests.fakes.discord_bot import KEY, serving, weight_folder

ANA, BEN = 1, 2


@dataclass
class Reader:
    """Who reads along."""

    shows: list[Show] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, show: Show) -> None:
        self.shows.append(show)
        self.changed.set()

    def trouble(self, kind: str) -> None:
        self.troubles.append(kind)

    async def sees(self, *stages: Stage, within: float = 20) -> Show:
        """The first show at one of these stages; those before it are used up."""
        async with asyncio.timeout(within):
            while True:
                while self.shows:
                    show = self.shows.pop(0)
                    if show.stage in stages:
                        return show
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Room:
    """A conversation under test."""

    line: ClipLine
    reader: Reader
    session: object
    kept: list[Remember]


@asynccontextmanager
async def room(handlers, **terms):
    """A voice conversation on services of ours."""
    clock, reader, kept = SystemClock(), Reader(), []
    terms = Terms(**{"system": System.DECK, "guild_id": 1, "channel_id": 2, "locale": "en"} | terms)

    async def keep(over: Remember) -> None:
        kept.append(over)

    endpoints = {Service.PENNY: Endpoint(Service.PENNY, "penny", mode=Mode.STREAM, deadline_s=60)}
    async with (
        serving(handlers) as base_url,
        RunPodClient(base_url, SecretStr(KEY), endpoints, clock=clock) as client,
    ):
        voices = Voices(client=client, clock=clock, weights=weight_folder)
        with ClipLine() as line:
            async with await voices.open(line, reader, terms, keep=keep) as session:
                session.people({ANA: "Ana"}, others=0)
                yield Room(line, reader, session, kept)


@pytest.fixture(scope="module")
def loop_scope():
    return "module"


async def test_a_question_is_answered_aloud(penny, clips):
    await penny.warm_up()
    async with room({"penny": penny}) as there:
        ended_s = there.line.say(ANA, clips / "question.wav")
        done = await there.reader.sees(Stage.DONE, within=30)
        print(done, [t.to_json() for t in there.session.watch.turns])
        assert "paris" in done.said.lower()
        assert "capital of france" in done.heard.lower()
        first_s = there.line.spoken[0][0]
        print("first packet after", first_s - ended_s)
