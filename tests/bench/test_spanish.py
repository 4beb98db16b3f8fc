"""A conversation of ten turns in Spanish, written out: would one keep it?

    python -m pytest -m bench tests/bench/test_spanish.py -s

Real models, in a voice channel of the local Discord. The person speaks with eSpeak's Spanish voice,
plainly, as the bot does by default; where a Spanish voice of Piper's has been pulled, both speak
naturally. For each turn: what was said, what was recognised, what the bot wrote, and what is
recognised in what it spoke. A person judges.
"""

# mypy: ignore-errors

import statistics

import pytest

from audio import codec
from bot.contract import Service, Source, System
from bot.contract.penny import audio_input, transcribe
from bot.settings import Settings
from bot.voice_agent.session_factory import options_for
from bot.workers.build import build_workers
from local_discord.voice.line import Recording
from tests.fakes.voice_call import spoken, voice_call, wer

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

SAID = [
    "Hola, Alfred. ¿Cuál es la capital de Francia?",
    "¿Y la de Portugal?",
    "¿Y cuántos habitantes tiene, más o menos?",
    "Perdona, ¿puedes repetirlo?",
    "Oye, ¿quién fue Miguel de Cervantes?",
    "Más corto, por favor.",
    "¿Cuánto es doce por quince?",
    "¿Y la mitad de eso?",
    "¿Qué me recomiendas para cenar esta noche, algo ligero?",
    "Vale, gracias, eso es todo. Hasta luego.",
]


@pytest.mark.parametrize("llm", ["tiny", "small"])
async def test_would_one_keep_it(weights, llm, capsys):
    settings = Settings(_env_file=None, skydeck_llm=llm)
    workers = build_workers(settings, weights, {Service.PENNY})
    penny = workers.handlers["penny"]
    await penny.warm_up()
    rows, errors = [], []
    terms = {"locale": "es-ES", "options": options_for(settings)}
    async with voice_call(penny, people=["Ana"], **terms) as (call, ana):
        [speaker] = await call.joins(ana)
        for said in SAID:
            sound = await spoken(penny, said, language="es")
            before = len(call.line.packets)
            turns = len(call.session.latency.turns)
            await speaker.plays(sound)
            done = await call.reader.sees(within=120)
            again = await _heard(penny, Recording(tuple(call.line.packets[before:])).samples)
            traces = list(call.session.latency.turns)[turns:]
            errors.append(wer(done.transcript, said))
            rows.append((said, done, again, [trace.total_ms for trace in traces]))
    await workers.close()
    with capsys.disabled():
        print(f"\n{llm}")
        for said, done, again, times in rows:
            print(f"\n  said     {said}")
            print(f"  heard    {done.transcript}   ({done.stage.value})")
            print(f"  replied  {done.reply}")
            print(f"  spoken   {again}")
            print(f"  first sound after {', '.join(f'{ms:.0f} ms' for ms in times) or '?'}")
        print(f"\n  word error rate {statistics.mean(errors):.0%}")


async def _heard(penny, samples):
    """The bot's own speech, recognised again."""
    if not len(samples):
        return ""
    clip = audio_input(codec.wav(samples, 48_000), format="wav", language="es")
    text = ""
    async for response in penny.handle(transcribe(clip, source=Source(system=System.DECK))):
        text = response.text or text
    return text
