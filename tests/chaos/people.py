"""Several people who ask, press Stop and Regenerate, and go on asking while things break."""

import asyncio
import base64
import contextlib
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Final

from local_discord import CannotDo, Channel, File, Message, NotSeen, Person, Reply
from local_discord.places import Server
from tests.chaos.runpod import LONG
from tests.chaos.sound import TONE

HOWS: Final = (
    ("mention", 5),
    ("/ask", 3),
    ("/grace", 3),
    ("build", 2),
    ("recording", 1),
)
"""How people ask, and how often in proportion."""
_LONG: Final = 0.2
_STOPS: Final = 0.12
_AGAIN: Final = 0.15
_ENDED_WITHIN_S: Final = 8.0
_STOP_LABELS: Final = ("Stop", "Cancel")


@dataclass(slots=True, eq=False)
class Asked:
    """One question as its person remembers it.

    Attributes:
        token: The word by which it is known.
        how: A mention, a command, …
        person: Who asked; nobody asks twice, so that what they see belongs to this question.
        channel: Where.
        message: What they wrote, when it was no command.
        reply: The answer to their command.
        allowed: How often they have asked it.
        pressed_stop: Whether they have pressed Stop.
        must_answer: Whether only an answer will do.
    """

    token: str
    how: str
    person: Person
    channel: Channel
    message: Message | None = None
    reply: Reply | None = None
    allowed: int = 1
    pressed_stop: bool = False
    must_answer: bool = False

    def sees(self) -> list[Message]:
        """All messages of the bot's that belong to the question, oldest first."""
        found: list[Message] = []
        if self.reply is not None:
            found += [m for m in self.reply.messages if not m.deleted]
        roots = [self.message, *found]
        for one in self.person.reads(self.channel):
            is_reply = one.replied_to is not None and one.replied_to in roots
            if is_reply and one.author.bot and one not in found:
                found.append(one)
                roots.append(one)
        for one in list(found):
            if one.thread is not None:
                found += [m for m in self.person.reads(one.thread) if m.author.bot]
        found += [m for m in self.person.reads(self.person.dm) if m.author.bot]
        return sorted(dict.fromkeys(found), key=lambda m: m.id)


@dataclass(slots=True)
class Crowd:
    """The people of some servers.

    Attributes:
        guilds: The servers, each with a channel.
        dice: What they do, and when.
        first: The number of the first question.
        hows: How they ask.
        asked: All that they have asked so far.
    """

    guilds: list[tuple[Server, Channel]]
    dice: random.Random
    hows: tuple[tuple[str, int], ...] = HOWS
    asked: list[Asked] = field(default_factory=list)
    _acting: set[asyncio.Task[None]] = field(default_factory=set)

    async def ask(self, *, must_answer: bool = False, how: str = "") -> Asked:
        """Somebody asks something; they may press a button later."""
        number = len(self.asked)
        guild, channel = self.guilds[number % len(self.guilds)]
        how = how or self.dice.choices(*zip(*self.hows, strict=True))[0]
        one = Asked(f"q{number}q", how, guild.member(f"Person{number}"), channel)
        one.must_answer = must_answer
        self.asked.append(one)
        words = (
            f"{one.token} {LONG} please" if self.dice.random() < _LONG else f"{one.token} please"
        )
        with contextlib.suppress(CannotDo):
            await _put(one, words)
        mood = self.dice.random()
        if not must_answer and mood < _STOPS:
            self._later(self._stops(one, self.dice.uniform(0.2, 1.5)))
        elif not must_answer and mood > 1 - _AGAIN and how in ("mention", "/ask"):
            self._later(self._again(one))
        return one

    async def ask_some(self, count: int, *, must_answer: bool = False, over_s: float = 0.0) -> None:
        """Several people ask, within some seconds."""
        for _ in range(count):
            await self.ask(must_answer=must_answer)
            await asyncio.sleep(self.dice.uniform(0, 2 * over_s / count) if over_s else 0)

    async def go_on(self, every_s: float) -> None:
        """Ask until this is cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(self.dice.uniform(0, 2 * every_s))

    async def rest(self) -> None:
        """Nobody presses anything any more."""
        for task in self._acting:
            task.cancel()
        await asyncio.gather(*self._acting, return_exceptions=True)

    def _later(self, doing: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(doing)
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)

    async def _stops(self, one: Asked, after_s: float) -> None:
        await asyncio.sleep(after_s)
        with contextlib.suppress(CannotDo, NotSeen):
            for message in one.sees():
                for label in _STOP_LABELS:
                    if label in message.buttons:
                        one.pressed_stop = True
                        await one.person.clicks(label, on=message, wait=False)
                        return

    async def _again(self, one: Asked) -> None:
        with contextlib.suppress(CannotDo, NotSeen, TimeoutError):
            async with asyncio.timeout(_ENDED_WITHIN_S):
                while not (ends := [m for m in one.sees() if "Regenerate" in m.buttons]):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            one.allowed += 1
            await one.person.clicks("Regenerate", on=ends[-1], wait=False)


async def _put(one: Asked, words: str) -> None:
    """Ask it in Discord."""
    match one.how:
        case "/ask":
            one.reply = await one.person.slash("/ask", one.channel, wait=False, question=words)
        case "/grace":
            one.reply = await one.person.slash(
                "/grace summarize", one.channel, wait=False, text=words
            )
        case "build":
            one.reply = await one.person.slash(
                "/factory build", one.channel, wait=False, task=words
            )
        case "recording":
            sound = File("words.ogg", base64.b64decode(TONE), "audio/ogg")
            one.message = await one.person.says(f"@Alfred {words}", one.channel, files=[sound])
        case _:
            one.message = await one.person.says(f"@Alfred {words}", one.channel)
