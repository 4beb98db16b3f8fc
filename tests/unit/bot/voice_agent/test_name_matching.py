"""Names that people choose, as recognisers write them."""

import pytest

from bot.sound_alike import sound_distance, sound_key
from bot.voice_agent.utterance_intent import UtteranceClassifier, UtteranceIntent

CALLED = {UtteranceIntent.CALL, UtteranceIntent.ADDRESSED}


def is_called(name, transcript, *people):
    return UtteranceClassifier([name]).classify(transcript, people=people) in CALLED


@pytest.mark.parametrize(
    ("name", "transcript"),
    [
        ("Nova", "Nova, what time is it?"),
        ("Nova", "I would like to know Nova if it rains."),
        ("Nova", "Oye Noba, ¿qué hora es?"),
        ("Nova", "Hey, Novah."),
        ("Nova", "Hey Neva, tell me a joke."),
        ("Nova", "Oye no va, cuéntame un chiste."),
        ("Xiomara", "Siomara, ¿qué hora es?"),
        ("Captain Nemo", "Hey captain Nemo, where are we?"),
        ("Captain Nemo", "Where are we, captan Nemo?"),
        ("Captain Nemo", "Capitan Nemo, ¿dónde estamos?"),
        ("HAL 9000", "Hal 9000, open the doors."),
        ("Jean-Luc", "Jean Luc, what is the plan?"),
        ("Jean-Luc", "What is the plan, Jean-Luc?"),
        ("O'Brien", "Obrien, what time is it?"),
        ("Kvothe", "Kvoth, tell me a story."),
        ("Felipe", "Oye Phelipe, ¿qué tal?"),
        ("Joaquín", "Joakin, ¿qué hora es?"),
        ("Luna", "Luna, ¿qué hora es?"),
        ("Luna", "Oye Luna, ¿qué hora es?"),
        ("Luna", "¿Qué hora es, Luna?"),
        ("Zoë", "Hey Zoe, what time is it?"),
    ],
)
def test_a_chosen_name_is_found(name, transcript):
    assert is_called(name, transcript)


@pytest.mark.parametrize(
    ("name", "transcript"),
    [
        ("Nova", "Eso no va conmigo."),
        ("Nova", "No va, lo siento."),
        ("Nova", "November is cold."),
        ("Nova", "It is a new novel."),
        ("Clara", "Claro, ya voy."),
        ("Clara", "Claro."),
        ("Luna", "Mira, esta noche hay una luna llena."),
        ("Luna", "Nos vemos el lunes."),
        ("Rosa", "Es una cosa rara."),
        ("Max", "That is the maximum."),
        ("Jared", "We shared all of it."),
        ("Captain Nemo", "The captain said that he would come."),
        ("Ana", "Vamos a nadar."),
        ("Alfred", "Eso es todo."),
        ("Mario", "I told Maria yesterday."),
        ("Mario", "María, ¿vienes?"),
        ("Nova", "Hey Nora, come here."),
    ],
)
def test_ordinary_talk_does_not_call_a_chosen_name(name, transcript):
    assert not is_called(name, transcript)


def test_a_person_who_is_there_is_meant_by_a_near_miss():
    assert is_called("Nova", "Hey Noba, come here.")
    assert not is_called("Nova", "Hey Noba, come here.", "Noba")


def test_words_that_sound_alike():
    assert sound_key("phelipe") == sound_key("felipe")
    assert sound_key("quique") == sound_key("kike")
    assert sound_key("vaca") == sound_key("baca") == sound_key("bakka")
    assert sound_key("") == ""
    assert sound_distance(sound_key("neva"), sound_key("nova"), limit=1) == 1
    assert sound_distance(sound_key("nora"), sound_key("nova"), limit=1) > 1
    assert sound_distance("rosa", "kosa", limit=2) > 2


def test_a_long_transcript_takes_no_time_of_the_loops():
    """Each word is compared with the names once, and only words of a similar length by sound."""
    assert not is_called("Nova", "Well, " + "nevar novar nubla " * 1_000)
    assert not is_called("Nova", "hey " * 5_000)
