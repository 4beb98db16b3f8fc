"""How often the bot is understood to be called by names that people choose, beside Alfred.

    make bench                                        everything
    python -m pytest -m bench tests/bench/test_chosen_names.py -s

Piper's Joe and eSpeak's voices call each name in four sentences, and say six that call nobody, in
English and Spanish, clean and with white noise 10 dB below the voice.
"""

# mypy: ignore-errors

import numpy as np
import pytest

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from bot.languages import LanguageHints
from bot.voice_agent.utterance_intent import UtteranceClassifier, UtteranceIntent
from tests.bench.quality.names import CALLED

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

NAMES = ("Nova", "Zuri", "Xiomara", "Captain Nemo", "Beatriz", "Max")
VOICES = {"en": ("joe", "en-gb-x-rp", "en-us+f3"), "es": ("es", "es-419", "es+f3")}
NOBODY = {
    "en": (
        "I already fed the dog this morning.",
        "There is no way that we can go there now.",
        "The captain said that the maximum is nine.",
        "We should go to the store later.",
        "That is what I said yesterday.",
        "The new one costs more in November.",
    ),
    "es": (
        "Ya le di de comer al perro esta mañana.",
        "Eso no va conmigo, ya lo sabes.",
        "El capitán dijo que el máximo es nueve.",
        "Vamos a la tienda más tarde.",
        "Eso es lo que dije ayer.",
        "La nueva cuesta más en noviembre.",
    ),
}
NOISE_DB = 10
_CALLS = {UtteranceIntent.CALL, UtteranceIntent.ADDRESSED}


async def clip_of(tts, text, language, voice):
    samples, rate_hz = await tts.synthesize(text, language=language, voice=voice)
    said = codec.decode(codec.wav(samples, rate_hz), rate_hz=SPEECH_RATE_HZ, limit_s=60)
    return np.concatenate([np.zeros(4800, np.float32), said, np.zeros(8000, np.float32)])


def noisy(clip, dice):
    power = np.mean(clip[np.abs(clip) > 0.01] ** 2) / 10 ** (NOISE_DB / 10)
    return (clip + dice.standard_normal(len(clip)) * np.sqrt(power)).astype(np.float32)


async def heard(stt, clip, language, name):
    """As it is heard where it depends on the name whom something is for."""
    hints, seeks = LanguageHints(pinned=language), name in NAMES
    segments = stt.recognize(lambda _: iter([clip]), hints=hints, name=name, seeks_name=seeks)
    return " ".join([one.text async for one in segments])


@pytest.mark.parametrize("language", ["en", "es"])
async def test_chosen_names_beside_alfred(penny, language, capsys):
    await penny.warm_up()
    dice = np.random.default_rng(7)
    found, false, missed = {}, {}, []
    for name in ("Alfred", *NAMES):
        found[name], false[name] = [], []
        classifier = UtteranceClassifier([name])
        for voice in VOICES[language]:
            for sentence in (*CALLED[language], *NOBODY[language]):
                calls = "{}" in sentence
                clip = await clip_of(penny._tts, sentence.format(name), language, voice)
                for sound in (clip, noisy(clip, dice)) if calls else (clip,):
                    words = await heard(penny._stt, sound, language, name)
                    hit = classifier.classify(words) in _CALLS
                    (found if calls else false)[name].append(hit)
                    if hit != calls:
                        missed.append(f"    {name}, {voice}: {words}")
    rate = np.mean([np.mean(found[name]) for name in NAMES]) / np.mean(found["Alfred"])
    with capsys.disabled():
        print("\n" + "\n".join(missed))
        for name, hits in found.items():
            falsely = f"falsely {sum(false[name])} of {len(false[name])}"
            print(f"  {name:14} {language} called {sum(hits):2} of {len(hits)}, {falsely}")
        print(f"  chosen names are found {rate:.2f} times as often as Alfred, {language}")
