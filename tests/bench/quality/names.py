"""How often the assistant is understood to be called by its name, and how often falsely."""

# mypy: ignore-errors

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bot.settings import Settings
from bot.voice_agent.utterance_intent import UtteranceClassifier, UtteranceIntent
from bot.workers.penny.build import build_recognizer, build_voices
from tests.bench.quality import sound
from tests.bench.quality.clips import babble, spoken
from tests.bench.quality.findings import Chart, Section
from tests.bench.quality.language import NAMES as LANGUAGES
from tests.bench.quality.words import NOISE_DB, recognize

NAMES = ("Alfred", "Jared")
CALLED = {
    "en": (
        "{}, what is the capital of France?",
        "Hey {}, tell me a joke.",
        "What time is it in Tokyo, {}?",
        "I would like to know, {}, how tall the tower is.",
    ),
    "es": (
        "{}, ¿cuál es la capital de Francia?",
        "Oye {}, cuéntame un chiste.",
        "¿Qué hora es en Tokio, {}?",
        "Quiero saber, {}, cuánto mide la torre.",
    ),
}
NOBODY = {
    "en": (
        "I already fed the dog this morning.",
        "All right then, let us go home now.",
        "He was afraid of the dark.",
        "The jar is on the table, I think.",
        "We should go to the store later.",
        "That is what I said yesterday.",
    ),
    "es": (
        "Ya le di de comer al perro esta mañana.",
        "Está al frente de la casa.",
        "Vamos a la tienda más tarde.",
        "Eso es lo que dije ayer.",
        "El alfarero hizo un jarro.",
        "No sé qué hacer hoy.",
    ),
}
VOICES = {
    "en": ("en-us", "en-gb-x-rp", "en-us+f3", "en-gb-scotland"),
    "es": ("es", "es-419", "es+f3", "es-419+m3"),
}
KINDS = {"clean": "clean", "babble": f"babble {NOISE_DB} dB below"}
WAYS = {"skydeck": True, "without the name as a hint": False}


def measure(weights: Callable[[str], Path]) -> Section:
    """Let every voice call each name, and say sentences that call nobody."""
    found = asyncio.run(_measure(weights))
    columns = [(name, code, kind) for name in NAMES for code in LANGUAGES for kind in KINDS]
    groups = [f"{name}, {LANGUAGES[code]}, {KINDS[kind]}" for name, code, kind in columns]
    calls = [len(CALLED[code]) * len(VOICES[code]) for _, code, _ in columns]
    others = [len(NOBODY[code]) * len(VOICES[code]) for _, code, _ in columns]
    right = {way: [found[way, True, *at] for at in columns] for way in WAYS}
    false = {way: [found[way, False, *at] for at in columns] for way in WAYS}
    return Section(
        title="Called by name",
        about=(
            "Whether the assistant understands that it is called, by its name at the beginning, "
            "inside or at the end of a sentence, and whether it believes so where nobody calls it. "
            "The sentences without a name were written to sound like one."
        ),
        inputs=(
            f"{sum(calls) // len(KINDS)} calls and {sum(others) // len(KINDS)} other sentences by "
            f"{sum(map(len, VOICES.values()))} eSpeak voices, clean and beside babble of six voices"
        ),
        peer="the same recognizer without the name as a hint",
        charts=[
            Chart(title="Calls understood", unit="", groups=groups, rows=right, of=calls),
            Chart(title="Falsely called", unit="", groups=groups, rows=false, of=others),
        ],
    )


def is_called(words: str, name: str) -> bool:
    """Whether the assistant takes words for a call."""
    intent = UtteranceClassifier([name]).classify(words)
    return intent in {UtteranceIntent.CALL, UtteranceIntent.ADDRESSED}


async def _measure(weights) -> Counter:
    """How often it was called: by (way, whether somebody called, name, language, kind)."""
    settings = Settings(_env_file=None)
    stt, tts = build_recognizer(settings, weights), build_voices(settings, weights)
    await stt.warm_up()
    background, found, number = babble(), Counter(), 0
    for code in LANGUAGES:
        nobody = [(text, name, False) for text in NOBODY[code] for name in NAMES]
        calls = [(text.format(name), name, True) for text in CALLED[code] for name in NAMES]
        for voice in VOICES[code]:
            for text, name, is_call in calls + nobody:
                clip, number = await spoken(tts, text, code, voice), number + 1
                noisy = sound.beside(clip, background, NOISE_DB, start_s=1.3 * number)
                for kind, heard in (("clean", clip), ("babble", noisy)):
                    for way, is_told in WAYS.items():
                        words = await recognize(stt, heard, code, name if is_told else "")
                        found[way, is_call, name, code, kind] += is_called(words, name)
    await tts.close()
    await stt.close()
    return found
