"""A channel and a bill, as pages: the real bot on the local Discord.

The services are scripted, so that the pictures are the same each time: the words, the sums and the
times are made up. What is around them is the bot's own: its messages, its threads, its buttons.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final
from unittest.mock import patch

from bot.build_notes import changes_in_words, english
from bot.contract import Output, Request, Response, Service, Status, Usage
from bot.contract.factory import Build, Check, File, Iteration, Phase, Working
from bot.discord_client import SkyDeck
from bot.i18n import words_for
from bot.money import Basis, Call, Charge, Payer
from bot.settings import Settings
from bot.workers.factory import build_flow
from bot.workers.protocols import Delivery
from local_discord import LocalDiscord
from local_discord.people import Person
from tests.fakes.discord_bot import made, serving
from tests.fakes.handlers import Scripted
from tests.pictures.words import ENGLISH, EXAMPLE, ROLLER, SPANISH, Words

_COGS: Final = tuple(f"cogs.{one}" for one in ("errors", "chat", "grace", "factory", "costs"))
_DAYS: Final = 14
_CALLS: Final = (
    (Service.PENNY, "CONVERSE", 84_000),
    (Service.GRACE, "SUMMARIZER", 21_000),
    (Service.GRACE, "TRANSLATOR", 34_000),
    (Service.FACTORY, "BUILD", 112_000),
)


async def pages() -> dict[str, str]:
    """All pages by name, of one bot in three servers."""
    script = _Script(ENGLISH)
    async with _online(script) as (sim, bot):
        channel = await _conversation(sim, script)
        script.words = SPANISH
        canal = await _conversation(sim, script)
        return {
            "channel": sim.render(channel.here, viewer=channel),
            "channel-es": sim.render(canal.here, viewer=canal),
            "costs": await _bill(sim, bot, ENGLISH),
            "costs-es": await _bill(sim, bot, SPANISH),
        }


async def _conversation(sim: LocalDiscord, script: "_Script") -> Person:
    """A mention and its answer, a summary, a build with its parts and buttons; who sees that."""
    words = script.words
    guild = sim.guild("Friends", locale=words.locale)
    name, topic = words.channel
    channel = guild.channel(name, topic=topic)
    people = {who: guild.member(who, locale=words.locale) for who in ("Ana", "Ben", "Mia")}
    ana, ben, mia = people.values()
    await ana.says(words.question, channel)
    await ana.sees(words.answer)
    for who, said in words.chat:
        await asyncio.sleep(15)
        await people[who].says(said, channel)
    await asyncio.sleep(15)
    command, options, summary = words.summarize
    await mia.slash(command, channel, **options)
    await mia.sees(
        lambda one: summary.split("\n")[-1] in one.text and not {"Stop", "Detener"} & {*one.buttons}
    )
    await asyncio.sleep(15)
    command, options = words.build
    await ben.slash(command, channel, **options)
    await ben.sees(words.built, await ben.sees_thread(str(next(iter(options.values())))[:20]))
    await asyncio.sleep(2)
    return ana


async def _bill(sim: LocalDiscord, bot: SkyDeck, words: Words) -> str:
    """What `/costs` answers to a server's owner about the last two weeks."""
    guild = sim.guild("Friends", locale=words.locale)
    name, topic = words.channel
    channel = guild.channel(name, topic=topic)
    owner = guild.owner()
    owner.user.name, owner.user.locale = "Ana", words.locale
    await _spend(bot, Payer(user_id=owner.id, guild_id=guild.id, channel_id=channel.id))
    command, options = words.costs
    await owner.slash(command, channel, **options)
    await owner.sees(lambda one: len(one.attachments) > 1)
    return sim.render(channel, viewer=owner)


async def _spend(bot: SkyDeck, payer: Payer) -> None:
    """Two weeks of calls, their number by a formula."""
    ledger = bot.store.ledger
    for day, (service, module, micro_usd) in product(range(_DAYS), _CALLS):
        now_ms = int(bot.clock.wall() * 1000) - (_DAYS - 1 - day) * 86_400_000
        charge = Charge(micro_usd=micro_usd, basis=Basis.REPORTED)
        with patch.object(ledger, "_now", lambda now_ms=now_ms: now_ms):
            for number in range((day * day * 3 + len(module) * 5) % 11 // 2):
                call_id = f"{payer.guild_id}-{day}-{module}-{number}"
                call = Call(call_id=call_id, service=service, module=module, payer=payer)
                await ledger.settle(call, charge)


@contextlib.asynccontextmanager
async def _online(script: "_Script") -> AsyncIterator[tuple[LocalDiscord, SkyDeck]]:
    settings = Settings(_env_file=None, skydeck_budget_guild_day_usd="2")
    with tempfile.TemporaryDirectory() as folder:
        async with (
            LocalDiscord() as sim,
            serving(script.services()) as url,
            made(url, Path(folder) / "skydeck.db", settings=settings, cogs=_COGS) as bot,
            sim.connect(bot),
        ):
            yield sim, bot


@dataclass
class _Script:
    """What the services answer: the present conversation's words."""

    words: Words

    def services(self) -> dict[str, Scripted]:
        """All three, by endpoint."""
        return {
            "penny": Scripted(self._penny, service=Service.PENNY),
            "grace": Scripted(self._grace, service=Service.GRACE, delivery=Delivery.REPLY),
            "factory": Scripted(self._factory, service=Service.FACTORY),
        }

    async def _penny(self, _: Request) -> AsyncIterator[Response]:
        await asyncio.sleep(0.6)
        yield _done(self.words.answer, 0.0004)

    async def _grace(self, _: Request) -> AsyncIterator[Response]:
        await asyncio.sleep(1.4)
        yield _done(self.words.summarize[2], 0.0011)

    async def _factory(self, request: Request) -> AsyncIterator[Response]:
        async for response in _build(self.words, request.policy.max_iterations):
            yield response


def _done(text: str, cost_usd: float) -> Response:
    output = Output(type="text", data=text, text=text)
    return Response(status=Status.COMPLETED, output=output, usage=Usage(cost_usd=cost_usd))


async def _build(words: Words, limit: int) -> AsyncIterator[Response]:
    rounds = [
        Iteration(
            number=number, limit=limit, score=score, passed=score == 1, check=Check.RAN,
            changed=changes_in_words(changes, words_for(None)) or "", change_notes=changes,
            problem=english(*problems) or None, problem_notes=problems,
        )
        for number, (score, changes, problems) in enumerate(words.rounds, 1)
    ]  # fmt: skip
    for one in rounds:
        for phase in (Phase.DRAFT if one.number == 1 else Phase.IMPROVE, Phase.CHECK):
            yield _partial(Working(phase=phase, number=one.number, limit=limit))
            await asyncio.sleep(7)
        yield _partial(one)
    files = [File(name="roll.py", content=ROLLER), File(name="example.py", content=EXAMPLE)]
    build = Build(
        summary=build_flow._summary(files, rounds[-1], len(rounds), []),
        passed=True,
        files=files,
        iterations=rounds,
        summary_notes=[],
    )
    output = Output(type="json", data=build.to_wire(), text=build.summary)
    yield Response(status=Status.COMPLETED, output=output, usage=Usage(cost_usd=0.0086))


def _partial(data: Working | Iteration) -> Response:
    output = Output(type="json", data=data.to_wire(), text="…")
    return Response(status=Status.PARTIAL, output=output)
