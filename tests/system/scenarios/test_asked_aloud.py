"""An evening in a voice channel, asked for aloud, in two languages: real speech, real models.

A summary of what was said, a translation of it, a build whose end is announced, a cancel, a
question about costs, and a new name.
"""

import asyncio

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

pytestmark = pytest.mark.models

COGS = ("cogs.errors", "cogs.voice", "cogs.chat", "cogs.grace", "cogs.factory", "cogs.ops")
TASK = "a function that adds two numbers"


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


class Evening:
    """The lounge with two people and the bot, and how they speak there."""

    def __init__(self, penny, bot, lounge, line):
        self.penny, self.bot, self.lounge, self.line = penny, bot, lounge, line

    @property
    def room(self):
        [room] = self.bot.get_cog("Voice").channels._open_by_guild.values()
        return room

    async def quiet(self):
        await until(lambda: not self.room.session.is_busy)

    async def says(self, speaker, person, words, shows, *, language="en", tries=3):
        """Say something until its effect is seen: a small model mishears now and then."""
        sound = await spoken(self.penny, words, language=language)
        for left in reversed(range(tries)):
            await self.quiet()
            await speaker.plays(sound)
            try:
                found = await person.sees(shows, self.lounge, ever=True, within=40)
            except NotSeen:
                if not left:
                    raise
            else:
                await self.quiet()
                return found
        raise AssertionError

    async def is_told_aloud(self, word, since):
        """Wait until the bot has said a word, in its real voice, from a sample on."""
        async with asyncio.timeout(90):
            while True:
                heard = len(self.line.recording.samples)
                if has_word(await words_of(self.penny, self.line.recording.samples[since:]), word):
                    return
                await until(lambda before=heard: len(self.line.recording.samples) > before)
                await self.quiet()


@pytest.mark.timeout(400)
async def test_an_evening_asked_for_aloud(sim, bot, guild, channel, penny, tmp_path):
    lounge = guild.voice_channel("Lounge")
    ana, ben = guild.member("Ana", locale="en-US"), guild.member("Ben", locale="es-ES")
    of_ana = await ana.joins(lounge)
    await (await ana.slash("/join", channel)).done()
    of_ben = await ben.joins(lounge)
    consent = await ben.sees(lambda m: "Listen to me" in m.buttons, lounge, ever=True)
    await ben.clicks("Listen to me", on=consent)
    evening = Evening(penny, bot, lounge, sim.voice.line(guild))

    await evening.says(of_ana, ana, "Alfred, what is the capital of France?", "💬")
    summary = await evening.says(
        of_ben, ben, "Alfred, resume lo que hemos dicho.",
        lambda m: m.content.startswith("**Resumen") and "⏳" not in m.content,
        language="es",
    )  # fmt: skip
    translated = await evening.says(
        of_ben, ben, "Alfred, traduce eso al inglés, por favor.",
        lambda m: m.content.startswith("**Trad") and "⏳" not in m.content, language="es",
    )  # fmt: skip
    assert summary.id != translated.id

    await evening.says(
        of_ana, ana, f"Alfred, build me {TASK}.", lambda m: "Shall I build this: " in m.content
    )
    begun_at = len(evening.line.recording.samples)
    await evening.says(of_ana, ana, "Alfred, build it.", "I'm on it.")
    await ana.sees(lambda m: bool(m.attachments), lounge, ever=True, within=240)
    await evening.is_told_aloud("ready", begun_at)

    await evening.says(of_ana, ana, "Alfred, build me a chess game.", "a chess game")
    await evening.says(of_ana, ana, "Alfred, build it.", lambda m: "I'm on it." in m.content)
    await evening.says(of_ana, ana, "Alfred, cancel the build.", "cancelled your build")
    await evening.says(of_ben, ben, "Alfred, ¿cuánto he gastado hoy?", "directo", language="es")
    await ben.sees("Hoy", ben.dm, ever=True)

    await bot.store.personas.set(guild.id, SERVER, Persona(name="Sebastian"))
    bot.dispatch("persona_changed", guild.id)
    await until(lambda: evening.room.assistant == "Sebastian")
    await evening.says(of_ana, ana, "Sebastian, what is the capital of Spain?", "💬 **Sebastian:**")
    (tmp_path / "lounge.html").write_text(sim.render(lounge, viewer=ana), "utf-8")
    assert not sim.problems
