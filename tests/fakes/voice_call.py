"""A voice conversation in a voice channel of the local Discord, without the bot's commands.

Unmodified clients speak, end-to-end encrypted; what the bot says is recorded as they hear it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import numpy as np
from pydantic import SecretStr

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from audio.discord_voice.client import DiscordVoiceClient
from audio.samples import Samples
from bot import plain_words
from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Service, Source, System
from bot.contract.penny import audio_input, transcribe
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.client import ServiceClient
from bot.sound_alike import sound_distance, sound_key
from bot.voice_agent.events import Remember, Stage, TurnUpdate
from bot.voice_agent.session import VoiceSession
from bot.voice_agent.session_config import SessionConfig
from bot.voice_agent.session_factory import VoiceSessionFactory
from bot.workers.build import CONCURRENCY
from local_discord import PATIENCE, LocalDiscord
from tests.fakes.discord_bot import KEY, at_once, serving, weight_folder

FINAL = frozenset(Stage) - {Stage.HEARD, Stage.WAITING_FOR_WORKER, Stage.ANSWERING}
"""How a turn can end."""


@dataclass
class Reader:
    """Who reads along."""

    shows: list[TurnUpdate] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _read: int = 0

    def show(self, show: TurnUpdate) -> None:
        self.shows.append(show)
        self._changed.set()

    def trouble(self, kind: str) -> None:
        self.troubles.append(kind)

    async def sees(self, *stages: Stage, within: float = PATIENCE) -> TurnUpdate:
        """The next show at one of these stages (any end, without); those before it are skipped."""
        async with asyncio.timeout(within):
            while True:
                while self._read < len(self.shows):
                    show = self.shows[self._read]
                    self._read += 1
                    if show.stage in (stages or FINAL):
                        return show
                self._changed.clear()
                await self._changed.wait()


@dataclass
class Call:
    """A conversation under test.

    Attributes:
        sim: The local Discord.
        guild: The server in it.
        channel: The voice channel.
        line: What the bot says, as the others hear it.
        link: The bot's end.
        session: The conversation.
        reader: Who reads along.
        kept: The turns that were over.
        agreed: Who may be heard.
        requests: What Penny was asked.
    """

    sim: LocalDiscord
    guild: Any
    channel: Any
    line: Any
    link: DiscordVoiceClient
    session: VoiceSession
    reader: Reader
    kept: list[Remember]
    agreed: dict[int, str]
    requests: list[Any]

    async def ready(self) -> None:
        """Until the bot has keys that the others know."""
        async with asyncio.timeout(PATIENCE):
            while not self.link.can_speak:  # noqa: ASYNC110 - of davey's
                await asyncio.sleep(0.01)

    async def joins(self, *people: Any, agreed: bool = True, others: int = 0) -> list[Any]:
        """People come in; their speakers."""
        speakers = [await person.joins(self.channel) for person in people]
        if agreed:
            self.agreed.update({person.id: person.user.name for person in people})
        self.session.set_people(self.agreed, others=others)
        await self.ready()
        return speakers


class Recorded:
    """A handler that notes what it is asked."""

    def __init__(self, handler: Any) -> None:
        self.service, self.delivery = handler.service, handler.delivery
        self._handler = handler
        self.requests: list[Any] = []

    async def handle(self, request: Any) -> AsyncIterator[Any]:
        self.requests.append(request)
        async with contextlib.aclosing(self._handler.handle(request)) as responses:
            async for response in responses:
                yield response

    async def warm_up(self) -> None:
        await self._handler.warm_up()

    async def close(self) -> None:
        """The fixture closes it."""


@contextlib.asynccontextmanager
async def voice_call(
    penny: Any,
    *,
    people: Sequence[str] = (),
    observers: Sequence[Any] = (),
    on_turn: Any = None,
    **terms: Any,
) -> AsyncIterator[Any]:
    """A bot in a voice channel, on a Penny of the test's; and people of the server's, by name."""
    clock, reader, kept = SystemClock(), Reader(), list[Remember]()
    recorded = Recorded(penny)
    agreed: dict[int, str] = {}

    async def keep(over: Remember) -> None:
        kept.append(over)

    endpoints = {Service.PENNY: Endpoint(Service.PENNY, "penny", mode=Mode.STREAM, deadline_s=120)}
    async with (
        LocalDiscord(answer_seconds=PATIENCE) as sim,
        serving({"penny": recorded}, concurrency=CONCURRENCY) as base_url,
        ServiceClient(
            RunPodClient(base_url, SecretStr(KEY), endpoints, clock=clock),
            clock=clock,
            observers=observers,
        ) as client,
    ):
        guild = sim.guild("Test")
        channel = guild.voice_channel("Lounge")
        members = [guild.member(name) for name in people]
        voices = VoiceSessionFactory(
            client=client, clock=clock, weights=weight_folder, on_turn=on_turn
        )
        await voices.warm_up()
        async with _online(sim) as bot:
            factory = DiscordVoiceClient.factory(
                may_hear=agreed.__contains__, on_fault=reader.trouble, now=clock.now
            )
            link = await bot.get_channel(channel.id).connect(cls=factory, timeout=PATIENCE)
            given = SessionConfig(
                **{
                    "system": System.DECK,
                    "guild_id": guild.id,
                    "channel_id": channel.id,
                    "locale": "en",
                }
                | terms
            )
            async with await voices.open(link, reader, given, remember=keep) as session:
                line = sim.voice.line(guild)
                yield (
                    Call(
                        sim, guild, channel, line, link, session, reader, kept, agreed,
                        recorded.requests,
                    ),
                    *members,
                )  # fmt: skip
            await link.disconnect(force=True)


@contextlib.asynccontextmanager
async def _online(sim: LocalDiscord) -> AsyncIterator[discord.Client]:
    intents = discord.Intents.none()
    intents.guilds = intents.voice_states = True
    bot = discord.Client(intents=intents)
    bot.before_identify_hook = at_once  # type: ignore[method-assign]
    async with sim.connect(bot):
        yield bot


async def words_of(penny: Any, sound: Samples | Path, rate_hz: int = 48_000) -> str:
    """What is said in a recording, by Penny's own recogniser."""
    if isinstance(sound, Path):
        sound, rate_hz = codec.decode(sound, limit_s=600), SPEECH_RATE_HZ
    clip = audio_input(codec.wav(sound, rate_hz), format="wav", language="en")
    text = ""
    async for response in penny.handle(transcribe(clip, source=Source(system=System.DECK))):
        text = response.text or text
    return text


def has_word(heard: str, word: str) -> bool:
    """Whether a word is among those heard, as a small recogniser may spell it: "Perris"."""
    sound = sound_key(word)
    limit = min(2, len(sound) // 2)  # a consonant, or two vowels; in a short word less
    found = (sound_key(one) for one in plain_words.words_of(heard))
    return any(sound_distance(one, sound, limit=limit) <= limit for one in found)


async def spoken(penny: Any, text: str, *, language: str = "en") -> Samples:
    """A person's words, in Piper's voice: 48 kHz, as a microphone would have them."""
    samples, rate_hz = await penny._tts.synthesize(text, language=language, voice=None)
    return codec.decode(codec.wav(samples, rate_hz), rate_hz=48_000, limit_s=60)


def wer(heard: str, said: str) -> float:
    """The word error rate, without regard to case and punctuation."""
    a, b = (_plain(text) for text in (said, heard))
    row = np.arange(len(b) + 1)
    for i, word in enumerate(a, 1):
        last, row[0] = row.copy(), i
        for j, other in enumerate(b, 1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (word != other))
    return float(row[-1]) / max(1, len(a))


def _plain(text: str) -> list[str]:
    return "".join(c.lower() if c.isalnum() or c.isspace() else " " for c in text).split()
