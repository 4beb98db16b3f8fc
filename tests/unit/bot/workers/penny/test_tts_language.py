"""The voice always has a language; the language model gets one only if it is certain."""

import pytest

from bot.languages import DEFAULT, NO_HINTS, LanguageHints
from bot.workers.penny.stt import TranscriptSegment
from bot.workers.penny.tts_language import TtsLanguage

SPANISH = "¿Qué diferencia hay entre el tiempo y el clima de una región?"
ENGLISH = "What is the difference between the weather and the climate?"


@pytest.fixture
def spoken() -> TtsLanguage:
    return TtsLanguage()


def test_the_default_speaks_where_nothing_is_known(spoken):
    assert (spoken.certain, spoken.code) == (None, DEFAULT)


async def test_a_question_is_answered_in_its_own_language_whatever_it_quotes(spoken):
    await spoken.take_question(f"{SPANISH}\n\n{ENGLISH}", NO_HINTS)
    assert (spoken.certain, spoken.code) == ("es", "es")


async def test_a_text_is_read_in_its_language(spoken):
    await spoken.take_text(ENGLISH, LanguageHints(locale="es-ES"))
    assert spoken.code == "en"


async def test_the_last_words_of_a_spoken_question_decide(spoken):
    await spoken.take_segment(segment(ENGLISH, "en"), NO_HINTS)
    await spoken.take_segment(segment(SPANISH, "es"), NO_HINTS)
    assert (spoken.certain, spoken.code) == ("es", "es")


async def test_words_that_contradict_an_unsure_recogniser_leave_the_language_open(spoken):
    await spoken.take_segment(segment(SPANISH, "pt", is_sure=False), NO_HINTS)
    assert (spoken.certain, spoken.code) == (None, "pt")
    await spoken.take_segment(segment(SPANISH, "es", is_sure=False), NO_HINTS)
    assert (spoken.certain, spoken.code) == ("es", "es")


async def test_what_is_expected_of_a_person_is_taken_before_they_speak(spoken):
    await spoken.expect(LanguageHints(speaker=[{"es": 1.0}]))
    assert spoken.certain == "es"


def segment(text: str, language: str, *, is_sure: bool = True) -> TranscriptSegment:
    return TranscriptSegment(text, language, start_s=0.0, end_s=1.0, is_sure=is_sure)
