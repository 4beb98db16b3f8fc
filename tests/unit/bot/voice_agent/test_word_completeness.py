"""Where words end: 200 phrases, half of which the lists were not made for, and everything else."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.turn_end import Words
from bot.voice_agent.word_completeness import judge_words

PHRASES = tomllib.loads(Path(__file__).with_name("word_completeness_phrases.toml").read_text())


def wrong(language: str, half: str, told: str | None) -> list[tuple[str, str]]:
    return [
        (phrase, verdict)
        for verdict, phrases in PHRASES[language][half].items()
        for phrase in phrases.strip().splitlines()
        if judge_words(phrase, told) != verdict
    ]


@pytest.mark.parametrize("language", ["en", "es"])
def test_phrases_that_the_lists_were_made_for(language):
    assert not wrong(language, "seen", language)


@pytest.mark.parametrize(("language", "at_most"), [("en", 6), ("es", 4)])
def test_phrases_that_nobody_had_in_mind(language, at_most):
    assert len(wrong(language, "unseen", language)) <= at_most


@pytest.mark.parametrize("language", ["en", "es"])
def test_phrases_whose_language_nobody_told(language):
    assert len(wrong(language, "unseen", None)) <= 9


VERDICTS = {
    "en-GB": [
        ("I have a question about dogs.", Words.OPEN),
        ("My favorite colors are red.", Words.OPEN),
        ("We went to the beach. It was too", Words.OPEN),
        ("That was a good answer. Tell me about the", Words.DANGLING),
        ("Four two five", Words.DANGLING),
        ("555", Words.DANGLING),
        ("Seven.", Words.OPEN),
        ("If the train is late", Words.DANGLING),
        ("If the train is late, I will miss my meeting.", Words.OPEN),
        ("I stayed at home, because it rained.", Words.OPEN),
        ("Well, because it rained", Words.DANGLING),
        ("Good morning, when I was young", Words.DANGLING),
        ("Turn the light on.", Words.WHOLE),
        ("Maybe we could start over.", Words.OPEN),
        ("I put the book on", Words.DANGLING),
        ("When is a lobster not a lobster?", Words.WHOLE),
        ("When I was young", Words.DANGLING),
        ("Could you, please?", Words.DANGLING),
        ("Stop the music, please.", Words.WHOLE),
        ("Where are you from?", Words.OPEN),
        ("Red, green, blue.", Words.DANGLING),
        ("Alfred, what time is it?", Words.WHOLE),
        ("What time is it, um", Words.DANGLING),
        ("WHAT IS THE CAPITAL OF FRANCE", Words.WHOLE),
        ("Well\u2026", Words.DANGLING),
        ("", Words.UNKNOWN),
        (" ... ", Words.UNKNOWN),
    ],
    "es": [
        ("Me quedo en casa, porque llueve.", Words.OPEN),
        ("Bueno, porque llueve", Words.DANGLING),
        ("Ayer fuimos a la playa.", Words.OPEN),
        ("Si", Words.WHOLE),
        ("Creo que s\u00ed.", Words.WHOLE),
        ("Me voy si", Words.DANGLING),
        ("No s\u00e9 qu\u00e9 hora es.", Words.OPEN),
        ("La hora es", Words.DANGLING),
        ("cual es la capital de francia", Words.WHOLE),
        ("cual es la capital de", Words.DANGLING),
        ("\u00bfPodr\u00edas, por favor?", Words.DANGLING),
        ("Por favor, cu\u00e9ntame un cuento", Words.WHOLE),
    ],
    "de": [
        ("Was ist die Hauptstadt von Frankreich?", Words.UNKNOWN),
        ("Ich m\u00f6chte wissen,", Words.DANGLING),
        ("\u79c1\u306f\u3001", Words.DANGLING),
    ],
}
"""How complete some words are, by language; of German, only the signs tell."""


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [(language, *row) for language, rows in VERDICTS.items() for row in rows],
)
def test_words(language, text, words):
    assert judge_words(text, language) is words


@given(st.text(max_size=2000), st.sampled_from([None, "en", "es", "ja", "x" * 9, ""]))
def test_it_judges_whatever_comes(text, language):
    assert judge_words(text, language) in Words
