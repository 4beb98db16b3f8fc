"""How often the assistant is understood to be called by name, beside the same without the hint.

    make bench                                        everything
    python -m pytest -m bench tests/bench/test_names.py -s

eSpeak's voices call Alfred and Jared in four sentences each, and say six that call nobody, in
English and Spanish, clean and with white noise 10 dB below the voice.
"""

# mypy: ignore-errors

import numpy as np
import pytest

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from bot.languages import LanguageHints
from bot.voice_agent.utterance_intent import UtteranceClassifier, UtteranceIntent
from tests.fakes.voice_call import wer

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

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
NOISE_DB = 10


async def clip_of(tts, text, voice, noise):
    samples, rate_hz = await tts.synthesize(text, language=voice[:2], voice=voice)
    said = codec.decode(codec.wav(samples, rate_hz), rate_hz=SPEECH_RATE_HZ, limit_s=60)
    clip = np.concatenate([np.zeros(4800, np.float32), said, np.zeros(8000, np.float32)])
    power = np.mean(said[np.abs(said) > 0.01] ** 2) / 10 ** (NOISE_DB / 10)
    hiss = noise.standard_normal(len(clip)) * np.sqrt(power)
    return {"clean": clip, "noisy": (clip + hiss).astype(np.float32)}


async def heard(stt, clip, language, hint):
    hints = LanguageHints(pinned=language)
    parts = [
        one.text async for one in stt.recognize(lambda _: iter([clip]), hints=hints, name=hint)
    ]
    return " ".join(parts)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", ["Alfred", "Jared"])
async def test_calls_by_name(penny, language, name, capsys):
    await penny.warm_up()
    noise = np.random.default_rng(7)
    texts = [text.format(name) for text in CALLED[language]] + list(NOBODY[language])
    lines = []
    clips = [
        (text, await clip_of(penny._tts, text, voice, noise))
        for voice in VOICES[language]
        for text in texts
    ]
    for kind in ("clean", "noisy"):
        for hint in ("", name):
            calls, false, errors = 0, 0, []
            for text, clip in clips:
                words = await heard(penny._stt, clip[kind], language, hint)
                is_called = UtteranceClassifier([name]).classify(words) in {
                    UtteranceIntent.CALL,
                    UtteranceIntent.ADDRESSED,
                }
                calls += is_called and name in text
                false += is_called and name not in text
                errors.append(wer(words, text))
            told = f"{name} {language} {kind}, {'told the name' if hint else 'not told'}"
            number = len(VOICES[language]) * len(CALLED[language])
            lines.append(
                f"  {told:36} understood {calls:2} of {number}, falsely {false} of "
                f"{len(clips) - number}, WER {np.mean(errors):.2f}"
            )
    with capsys.disabled():
        print("\n" + "\n".join(lines))
