"""Sentences as recordings: English and Spanish, synthetic voices, and pieces of a real speech."""

# mypy: ignore-errors

from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples
from bot.workers.penny import espeak
from tests.bench.quality import sound
from tests.bench.turn_set import TEXTS
from tests.paths import CLIPS

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
REAL_WORDS = (
    "And so, my fellow Americans, ask not what your country can do for you, ask what you can do "
    "for your country."
)
SHORTEST_S, MAX_S = 1.4, 4.5
"""With the silence before and after."""
BABBLE_VOICES = ("en-us+f2", "en-us+m3", "en-gb-x-rp+m7", "es+f2", "es-419+m3", "es+m1")
"""None of them says any of the sentences."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What one voice says: 16 kHz. `text` is None for a piece of a real speech."""

    language: str
    text: str | None
    clip: Samples


async def recordings(tts, half) -> AsyncIterator[Recording]:
    """Every sentence of a half by each of its voices; the checking half has real pieces, too."""
    for language, (voices, texts) in half.items():
        for voice in voices:
            for text in texts:
                clip = await spoken(tts, text, language, voice)
                assert SHORTEST_S <= len(clip) / SPEECH_RATE_HZ <= MAX_S, text
                yield Recording(language, text, clip)
    if half is CHECKING:
        whole, (_, *spans) = real_speech(), REAL
        for begins_s, ends_s in spans:
            piece = whole[int(begins_s * SPEECH_RATE_HZ) : int(ends_s * SPEECH_RATE_HZ)]
            yield Recording("en", None, piece)


async def spoken(tts, text: str, language: str, voice: str) -> Samples:
    """A sentence in a voice, with silence before and after it."""
    said, rate_hz = await tts.synthesize(text, language=language, voice=voice)
    clip = codec.decode(codec.wav(said, rate_hz), rate_hz=SPEECH_RATE_HZ, limit_s=60)
    silence = np.zeros(SPEECH_RATE_HZ // 3, np.float32)
    return np.concatenate([silence, clip, silence])


def real_speech() -> Samples:
    """All of the real speech."""
    return codec.decode((CLIPS / REAL[0]).read_bytes(), rate_hz=SPEECH_RATE_HZ, limit_s=60)


def babble(seconds: float = 30.0) -> Samples:
    """Six voices that tell stories in both languages, at once."""
    stories = [
        story.replace("|", "")
        for language in ("en", "es")
        for story in TEXTS[language]["learn"]["stories"].strip().splitlines()
    ]
    voices = []
    for number, voice in enumerate(BABBLE_VOICES):
        said, rate_hz = espeak.synthesize(stories[number % len(stories)], voice)
        voices.append(codec.decode(codec.wav(said, rate_hz), rate_hz=SPEECH_RATE_HZ, limit_s=120))
    return sound.babble(voices, seconds)
