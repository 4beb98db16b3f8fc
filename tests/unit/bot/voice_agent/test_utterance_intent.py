"""What an utterance is, from what a recogniser wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice_agent.utterance_intent import UtteranceClassifier, UtteranceIntent

BOTH = ("Alfred", "Jared")


def of(transcript: str, *people: str) -> UtteranceIntent:
    return UtteranceClassifier(BOTH).classify(transcript, people=people)


@pytest.mark.parametrize(
    "transcript",
    [
        "Alfred, what time is it?",
        "What do you think, Alfred?",
        "I would like to know Alfred if it rains tomorrow.",
        "alfred whats the time",
        "Al Fred, what time is it?",
        "Alfredo, ¿qué hora es?",
        "Oye, Alfred, ¿a qué distancia está la luna?",
        "Hey Jared, how far is the moon?",
        "¿Y tú qué piensas, Jared?",
    ],
)
def test_its_name_anywhere(transcript):
    assert of(transcript) is UtteranceIntent.ADDRESSED


@pytest.mark.parametrize(
    "transcript",  # what Whisper wrote for "Alfred" and "Jared"
    [
        "Jarred, what time limit?",
        "Come you tell me, Jarrod, who wrote Hamlet.",
        "Hey Jerry, how far is the moon?",
        "Hey, Garrett, how far is the moon?",
        "Zaret, what time is it?",
        "Oye, al frente, a que mi stancia estará luna.",
        "Oye al frente, a que ni se hacía estar a la luna.",
        "What do you think, Alvin?",
        "Dime al prem, quien escribió el quito de...",
        "Can you tell me, Jarred, the road harmless?",
        "What do you think, Jardin?",
        "¿Tú qué piensas? ¡Aunfred!",
        "Oye, Jalen, ¿a qué ni sancia está la ua?",
    ],
)
def test_its_name_as_it_was_heard(transcript):
    assert of(transcript) in (UtteranceIntent.ADDRESSED, UtteranceIntent.CALL)


@pytest.mark.parametrize(
    "transcript",
    [
        "I think so, but we should ask first.",
        "Jerry said that he would come.",
        "She was offered a job.",
        "We shared all red roses.",
        "I was scared and jaded.",
        "Al fin, ya era hora.",
        "Vive al frente de mi casa.",
        "No.",
        "Para mañana no hay nada.",
        "Stop me if you have heard this one.",
        "Okay, then we meet at nine.",
        "今日はいい天気ですね",
    ],
)
def test_what_people_say_to_each_other(transcript):
    assert of(transcript) is UtteranceIntent.PLAIN


def test_a_near_miss_that_is_somebodys_name_means_that_person():
    assert of("Alfredo, ¿vienes?", "Alfredo Ruiz") is UtteranceIntent.OTHER_PERSON
    assert of("Hey Jerry, how are you?", "Jerry") is UtteranceIntent.OTHER_PERSON
    assert of("What do you think, María?", "Maria José") is UtteranceIntent.OTHER_PERSON
    assert of("Alfred, what does Maria think?", "Maria") is UtteranceIntent.ADDRESSED


@pytest.mark.parametrize(
    "call", ["Alfred!", "Hey Alfred.", "¿Alfred?", "Oye, Alfred…", "Um, Jared"]
)
def test_a_call_and_nothing_else(call):
    assert of(call) is UtteranceIntent.CALL


@pytest.mark.parametrize(
    "hum",
    [
        "Uh-huh.",
        "Uh-uh.",
        "Mm-hm.",
        "mmm",
        "Hmm…",
        "Ajá.",
        "Uh",
        "Ahh.",
        "Mhm, mhm.",
        "Erm",
        "Ow",
        "Aw.",
        "Ahm",
        "Hah.",
    ],
)
def test_hums(hum):
    assert of(hum) is UtteranceIntent.BACKCHANNEL


@pytest.mark.parametrize(
    "ack",
    [
        "ok",
        "Okay, got it.",
        "Yeah, yeah.",
        "Sí.",
        "C C",
        "Vale, gracias.",
        "Sí, claro.",
        "Thank you.",
        "Ya veo",
    ],
)
def test_acknowledgements(ack):
    assert of(ack) is UtteranceIntent.ACKNOWLEDGEMENT


@pytest.mark.parametrize(
    "noise",
    [
        "",
        " ",
        "...",
        "[BLANK_AUDIO]",
        "(coughs)",
        "♪♪",
        "*sighs*",
        "¿?",
        "Thanks for watching!",
        "Subtítulos realizados por la comunidad de Amara.org",
        "[Music] www.mooji.org",
    ],
)
def test_nothing_was_said(noise):
    assert of(noise) is UtteranceIntent.NOTHING


@pytest.mark.parametrize(
    "stop",
    [
        "Stop.",
        "Stop, stop, stop!",
        "Okay, stop.",
        "Please be quiet.",
        "¡Para!",
        "Cállate, por favor.",
        "No, para ya.",
        "Basta.",
        "Alfred, stop.",
        "Cállate, Alfred.",
        "Never mind.",
        "What is the capital of… Never mind.",
        "What is the... stop.",
        "How is Dr. Smith? Stop.",
        "¿Cuál es la capital de Francia? Para.",
    ],
)
def test_a_wish_for_silence(stop):
    assert of(stop) is UtteranceIntent.STOP


def test_stop_within_a_sentence_is_no_wish_for_silence():
    assert of("Stop the music at nine") is not UtteranceIntent.STOP
    assert of("Alfred, when does the bus stop?") is UtteranceIntent.ADDRESSED
    assert of("¿Para qué sirve?") is UtteranceIntent.PLAIN


def test_a_short_name_has_no_near_misses():
    assert UtteranceClassifier(["Eve"]).classify("Even so.") is UtteranceIntent.PLAIN
    assert UtteranceClassifier(["Eve"]).classify("Eve, is it late?") is UtteranceIntent.ADDRESSED


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_is_some_saying(transcript, people):
    assert UtteranceClassifier(BOTH).classify(transcript, people=people) in UtteranceIntent


@given(
    st.sampled_from(BOTH),
    st.lists(st.sampled_from(["what", "is", "the", "time", "dime", "la", "hora"]), min_size=1),
    st.data(),
)
def test_its_name_counts_at_any_place(name, words, data):
    at = data.draw(st.integers(0, len(words)))
    said = " ".join([*words[:at], name, *words[at:]])
    assert of(said) in (UtteranceIntent.ADDRESSED, UtteranceIntent.CALL)


@pytest.mark.parametrize("flood", ["ok ", "para ", "[", "u", "♪", "a,", "stop. ", "yes yes no "])
def test_a_flood_is_judged_in_no_time(flood):
    assert of(flood * 100_000) in UtteranceIntent


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Alfred, cancel that.", "cancel"),
        ("Hey Alfred, can you cancel that, please?", "cancel"),
        ("Cancel that, Alfred.", "cancel"),
        ("Oye, al frente, repítelo.", "repeat"),
        ("Alfredo, ¿cuánto falta?", "progress"),
        ("Jared louder", "louder"),
        ("Say it again Alfred please", "repeat"),
        ("Uh, say it again.", "repeat"),
        ("No, louder!", "louder"),
        ("(coughs) Louder.", "louder"),
        ("Alfred, ¿cuánto ha costado hoy?", "cost"),
        ("Alfred, ¿ha terminado ya?", "progress"),
        ("Ha, Alfred, cancel the build.", "cancel_job"),
    ],
)
def test_a_command_with_its_name(said, kind):
    found = UtteranceClassifier(BOTH).commands(said)
    assert found is not None
    assert found.kinds == (kind,)


@pytest.mark.parametrize(
    "said",
    [
        "Maria, cancel that.",
        "Alfred said cancel that.",
        "Ask Alfred to say it again.",
        "Alfred, how do I cancel a subscription?",
        "I said no, louder music is better.",
        "",
    ],
)
def test_what_tells_it_nothing(said):
    assert UtteranceClassifier(BOTH).commands(said, people=["Maria"]) is None


def test_a_written_quotation_is_no_command_but_a_recognisers_signs_are_a_guess():
    classifier = UtteranceClassifier(BOTH)
    assert classifier.commands('"Cancel that."', is_written=True) is None
    assert classifier.commands('"Cancel that."') is not None


def test_cancel_after_a_change_of_mind_is_a_wish_for_silence():
    assert of("What is the capital of… Cancel.") is UtteranceIntent.STOP
    assert of("Cancel.") is UtteranceIntent.PLAIN, "a command, if there is no answer to stop"
