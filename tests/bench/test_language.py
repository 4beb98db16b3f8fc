"""How often the language of a short recording is told right when nobody names it.

    make bench                                        everything
    python -m pytest -m bench tests/bench/test_language.py -s

Recordings of two to three seconds in English and Spanish: Piper's and eSpeak's voices, and pieces
of a real speech. Discord is set to the other language of the two. `decision` and the recogniser's
constants were chosen with the tuning half; the checking half has other sentences and other voices.
"""

# mypy: ignore-errors

import time
from collections import Counter

import numpy as np
import pytest

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from bot.languages import LanguageHints
from tests.fakes.voice_call import wer

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

TUNING = {
    "en": (
        ("joe", "en-us"),
        (
            "What time does the next train to London leave?",
            "I left my umbrella at the office this morning.",
            "Please remind me to call my sister tomorrow.",
            "Tell me something interesting about volcanoes.",
            "My favourite colour is a very dark green.",
            "Where should we go for dinner tonight?",
            "I think the meeting starts at half past nine.",
            "Turn the music down a little, please.",
            "What was the first computer called?",
            "Do you know a good joke about lawyers?",
            "How long does it take to learn the piano?",
            "Which planet is closest to the sun?",
        ),
    ),
    "es": (
        ("es", "es+f3"),
        (
            "¿A qué hora sale el próximo tren para Sevilla?",
            "Esta mañana me dejé el paraguas en la oficina.",
            "Recuérdame que llame mañana a mi hermana.",
            "Cuéntame algo interesante sobre los volcanes.",
            "Mi color favorito es un verde muy oscuro.",
            "¿Adónde vamos a cenar esta noche?",
            "Creo que la reunión empieza a las nueve y media.",
            "Baja un poco la música, por favor.",
            "¿Cómo se llamaba el primer ordenador?",
            "¿Sabes algún chiste bueno de abogados?",
            "¿Cuánto se tarda en aprender a tocar el piano?",
            "¿Qué planeta está más cerca del sol?",
        ),
    ),
}
CHECKING = {
    "en": (
        ("joe", "en-gb-x-rp"),
        (
            "How many days are there in a year?",
            "My brother lives in a small house by the sea.",
            "Can you help me with my homework?",
            "The coffee is too hot to drink now.",
            "What is the name of your new teacher?",
            "We have to buy bread and milk today.",
            "It rained all night in the mountains.",
            "Why is the sky blue in the afternoon?",
            "She works in a hospital in the city.",
            "The next bus comes in ten minutes.",
            "I have two brothers and one sister.",
            "How much does this book cost?",
            "Open the window, it is very warm.",
            "The film begins at eight in the evening.",
            "Who lives in the white house over there?",
            "He wants to learn to play the guitar.",
            "Do you prefer tea or coffee in the morning?",
            "There are many people in the street.",
            "When is your mother coming home?",
            "I forgot my keys on the kitchen table.",
            "What did you do last summer?",
            "The dog sleeps under the table.",
            "Where can I find a cheap hotel?",
            "Tell me the story of this town.",
        ),
    ),
    "es": (
        ("es-419", "es-419+m3"),
        (
            "¿Cuántos días tiene un año completo?",
            "Mi hermano vive en una casa pequeña.",
            "¿Me ayudas con los deberes de mañana?",
            "El café está demasiado caliente ahora.",
            "¿Cómo se llama tu nuevo profesor?",
            "Hoy tenemos que comprar pan y leche.",
            "Llovió toda la noche en la montaña.",
            "¿Por qué el cielo es azul por la tarde?",
            "Ella trabaja en un hospital del centro.",
            "El próximo autobús llega en diez minutos.",
            "Tengo dos hermanos y una hermana.",
            "¿Cuánto cuesta este libro?",
            "Abre la ventana, que hace mucho calor.",
            "La película empieza a las ocho de la tarde.",
            "¿Quién vive en la casa blanca?",
            "Él quiere aprender a tocar la guitarra.",
            "¿Prefieres té o café por la mañana?",
            "Hay mucha gente en la calle.",
            "¿Cuándo vuelve tu madre a casa?",
            "Olvidé las llaves en la mesa de la cocina.",
            "¿Qué hiciste el verano pasado?",
            "El perro duerme debajo de la mesa.",
            "¿Dónde hay un hotel barato?",
            "Cuéntame la historia de este pueblo.",
        ),
    ),
}
REAL = ("jfk.flac", (0.2, 2.4), (3.2, 5.6), (5.4, 7.9), (8.0, 10.7))
"""Pieces of a real speech, in seconds; their words are what is heard with the language told."""
OTHER = {"en": "es-ES", "es": "en-US"}
SHORTEST_S, MAX_S = 1.4, 4.5
"""With the silence before and after."""

HINTS = {
    "told": lambda own, other: LanguageHints(pinned=own),
    "not told, other Discord": lambda own, other: LanguageHints(locale=OTHER[own]),
    "  the operator names en,es": lambda own, other: LanguageHints(
        locale=OTHER[own], allowed={"en", "es"}
    ),
    "  last turn in it": lambda own, other: LanguageHints(locale=OTHER[own], speaker=[{own: 1.0}]),
    "  last turns in the other": lambda own, other: LanguageHints(
        locale=OTHER[own], speaker=[{other: 1.0}] * 3
    ),
}


async def recordings(penny, half, clips):
    """Language, words and samples of each recording; the words of a real one are None."""
    for language, (voices, texts) in half.items():
        for voice in voices:
            for text in texts:
                said, rate_hz = await penny._tts.synthesize(text, language=language, voice=voice)
                clip = codec.decode(codec.wav(said, rate_hz), rate_hz=SPEECH_RATE_HZ, limit_s=60)
                silence = np.zeros(SPEECH_RATE_HZ // 3, np.float32)
                clip = np.concatenate([silence, clip, silence])
                assert SHORTEST_S <= len(clip) / SPEECH_RATE_HZ <= MAX_S, text
                yield language, text, clip
    if half is CHECKING:
        name, *spans = REAL
        whole = codec.decode((clips / name).read_bytes(), rate_hz=SPEECH_RATE_HZ, limit_s=60)
        for begins_s, ends_s in spans:
            piece = whole[int(begins_s * SPEECH_RATE_HZ) : int(ends_s * SPEECH_RATE_HZ)]
            yield "en", None, piece


async def heard(penny, clip, hints):
    begun = time.perf_counter()
    found = [one async for one in penny._stt.recognize(lambda _: iter([clip]), hints=hints)]
    words = " ".join(one.text for one in found)
    return words, found[0].language if found else None, time.perf_counter() - begun


@pytest.mark.parametrize("half", [TUNING, CHECKING], ids=["tuning", "checking"])
async def test_a_recording_whose_language_nobody_names(penny, half, clips, capsys):
    await penny.warm_up()
    every = [one async for one in recordings(penny, half, clips)]
    lines = [f"{len(every)} recordings, {Counter(language for language, *_ in every)}"]
    real: dict[int, str] = {}
    rates = {}
    for name, hints in HINTS.items():
        right, errors, seconds, wrong = Counter(), {"en": [], "es": []}, [], Counter()
        for number, (own, text, clip) in enumerate(every):
            other = "es" if own == "en" else "en"
            words, language, took_s = await heard(penny, clip, hints(own, other))
            reference = text or real.setdefault(number, words)
            right[own] += language == own
            if language != own:
                wrong[language] += 1
            errors[own].append(wer(words, reference))
            seconds.append(took_s)
        rates[name] = sum(right.values()) / len(every), np.mean(errors["en"] + errors["es"])
        lines.append(
            f"  {name:28} right {right['en']:3} en {right['es']:3} es ({rates[name][0]:.1%}), "
            f"WER {np.mean(errors['en']):.3f} en {np.mean(errors['es']):.3f} es, "
            f"median {np.median(seconds) * 1000:.0f} ms"
            + (f", taken for {dict(wrong)}" if wrong else "")
        )
    with capsys.disabled():
        print("\n" + "\n".join(lines), flush=True)
    told, untold = rates["told"], rates["not told, other Discord"]
    assert untold[0] >= 0.95
    assert untold[1] <= told[1] + 0.02
