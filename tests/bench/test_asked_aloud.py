"""An evening in a voice channel, asked for aloud in two languages: does all that is asked for come?

    python -m pytest -m bench tests/bench/test_asked_aloud.py -s

A summary of what was said, its translation, a build whose end is announced, a cancel, a question
about costs, and a new name: Piper speaks for the people, and Whisper, the language model and the
Factory are real. As people do, they say again what got no answer. Prints how often each sentence
was said, what the channel shows, and where its page is.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.catalogue import load_grace
from bot.persona import SERVER, Persona
from bot.settings import Settings
from bot.workers.factory.handler import FactoryHandler
from bot.workers.grace.handler import GraceHandler
from local_discord import NotSeen
from tests.fakes.discord_bot import made, serving
from tests.fakes.voice_call import has_word, spoken, words_of
from tests.waiting import until

COGS = ("cogs.errors", "cogs.voice", "cogs.chat", "cogs.grace", "cogs.factory", "cogs.ops")
PATIENCE_S = 30
"""After so long without an answer, people say it again."""
MOST_TIMES = 4
BUILD_S = 300


@pytest.fixture
async def bot(sim, penny, qwen, tmp_path):
    """The bot with everything real."""
    handlers = {
        "penny": penny,
        "grace": GraceHandler(load_grace(Settings(_env_file=None)), qwen),
        "factory": FactoryHandler(qwen),
    }
    await penny.warm_up()
    async with (
        serving(handlers) as base_url,
        made(base_url, tmp_path / "x.db", deadline_s=300, cogs=COGS) as bot,
        sim.connect(bot),
    ):
        yield bot


@dataclass
class Evening:
    """The lounge, and how people speak there until they are understood."""

    penny: Any
    bot: Any
    lounge: Any
    line: Any
    said: list[str] = field(default_factory=list)

    @property
    def room(self):
        [room] = self.bot.get_cog("Voice").channels._open_by_guild.values()
        return room

    async def quiet(self):
        await until(lambda: not self.room.session.is_busy, within=120)

    async def says(self, speaker, person, words, shows, *, language="en"):
        """Say something until its effect is seen."""
        latest = max((one.changed for one in person.reads(self.lounge)), default=0)

        def is_shown(message):
            return (
                message.changed > latest
                and shows in message.content
                and "⏳" not in message.content
            )

        for times in range(1, MOST_TIMES + 1):
            sound = await spoken(self.penny, words, language=language)  # no two are the same
            await self.quiet()
            await speaker.plays(sound)
            try:
                found = await person.sees(is_shown, self.lounge, ever=True, within=PATIENCE_S)
            except NotSeen:
                continue
            await self.quiet()
            self.said.append(f"{times} x  {person.user.name}: {words}")
            return found
        raise NotSeen(f"no {shows!r} after {MOST_TIMES} x {words!r}; before it: {self.said}")

    async def is_told_aloud(self, word, since):
        """Wait until the bot has said a word, in its real voice, from a sample on."""
        async with asyncio.timeout(BUILD_S):
            while True:
                heard = len(self.line.recording.samples)
                if has_word(await words_of(self.penny, self.line.recording.samples[since:]), word):
                    return
                await until(lambda before=heard: len(self.line.recording.samples) > before, BUILD_S)
                await self.quiet()


@pytest.mark.bench
@pytest.mark.timeout(1500)
async def test_an_evening_asked_for_aloud(sim, bot, guild, channel, penny, tmp_path):
    lounge = guild.voice_channel("Lounge")
    ana, ben = guild.member("Ana", locale="en-US"), guild.member("Ben", locale="es-ES")
    of_ana = await ana.joins(lounge)
    await (await ana.slash("/join", channel)).done()
    of_ben = await ben.joins(lounge)
    consent = await ben.sees(lambda m: "Listen to me" in m.buttons, lounge, ever=True)
    await ben.clicks("Listen to me", on=consent)
    evening = Evening(penny, bot, lounge, sim.voice.line(guild))
    try:
        await _spend(evening, ana, of_ana, ben, of_ben)
        await bot.store.personas.set(guild.id, SERVER, Persona(name="Sebastian"))
        bot.dispatch("persona_changed", guild.id)
        await until(lambda: evening.room.assistant == "Sebastian")
        words = "Sebastian, what is the capital of Spain?"
        await evening.says(of_ana, ana, words, "💬 **Sebastian:**")
    finally:
        page = tmp_path / "lounge.html"
        page.write_text(sim.render(lounge, viewer=ana), "utf-8")
        print("\n" + "\n".join(evening.said))
        for message in ana.reads(lounge):
            print(f"| {message.author.name}: {message.content}")
        print(f"the channel as a page: {page}")
    assert not sim.problems


async def _spend(evening, ana, of_ana, ben, of_ben):
    await evening.says(of_ana, ana, "Alfred, what is the capital of France?", "Paris")
    words = "Alfred, resume lo que hemos dicho."
    await evening.says(of_ben, ben, words, "**Resumen", language="es")
    words = "Alfred, translate that into Spanish."
    await evening.says(of_ana, ana, words, "**Translation")

    words = "Alfred, build me a function that adds two numbers."
    await evening.says(of_ana, ana, words, "Shall I build this: ")
    begun_at = len(evening.line.recording.samples)
    await evening.says(of_ana, ana, "Alfred, yes, build it.", "I'm on it.")
    await ana.sees(lambda m: bool(m.attachments), evening.lounge, ever=True, within=BUILD_S)
    await evening.is_told_aloud("ready", begun_at)
    evening.said.append("     Alfred, aloud: … ready")

    words = "Alfred, build me a chess game."
    await evening.says(of_ana, ana, words, "Shall I build this: ")
    await evening.says(of_ana, ana, "Alfred, yes, build it.", "I'm on it.")
    words = "Alfred, cancel the build."
    await evening.says(of_ana, ana, words, "cancelled your build")
    words = "Alfred, ¿cuánto ha costado hoy?"
    await evening.says(of_ben, ben, words, "directo", language="es")
    await ben.sees("Hoy", ben.dm, ever=True)
