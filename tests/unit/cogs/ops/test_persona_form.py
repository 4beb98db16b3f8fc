"""What people type into the form of a persona, and how it is shown."""

import pytest

from bot.errors import BadInput
from bot.i18n import words_for
from bot.persona import NO_PERSONA, Persona
from cogs.ops._persona_form import Typed, read_form, shown, warnings

EN, ES = words_for("en-US"), words_for("es-ES")


def read(words=EN, voice="", **typed):
    return read_form(Typed(**typed), voice, words)


def test_everything_is_optional():
    assert read() == NO_PERSONA
    assert read(name="  Nova ", instructions=" Be warm. ", language="es", voice="joe") == Persona(
        name="Nova", instructions="Be warm.", language="es", voice="joe"
    )


@pytest.mark.parametrize(
    "language", ["es", "ES", "es-MX", "Spanish", "spanish", "español", "Espanol ", "Español"]
)
@pytest.mark.parametrize("words", [EN, ES])
def test_a_language_by_code_or_name(language, words):
    assert read(words, language=language).language == "es"


def test_a_language_is_shown_as_it_can_be_typed():
    for words in (EN, ES):
        persona = Persona(language="de")
        assert read(words, language=Typed.of(persona, words).language) == persona


@pytest.mark.parametrize(
    ("typed", "words", "reason"),
    [
        ({"name": "@everyone"}, EN, "no mentions"),
        ({"name": "<@1>"}, ES, "sin menciones"),
        ({"name": "x" * 33}, EN, "at most 32"),
        ({"name": "7"}, ES, "dos letras"),
        ({"language": "Klingon"}, EN, "no language|don't know a language called “Klingon”"),
        ({"language": "tlhIngan"}, ES, "«tlhIngan»"),
    ],
)
def test_what_cannot_be_used_says_why(typed, words, reason):
    with pytest.raises(BadInput, match=reason):
        read(words, **typed)


def test_a_common_word_is_warned_about():
    assert "ordinary word" in " ".join(warnings(Persona(name="Vale"), EN))
    assert "palabra corriente" in " ".join(warnings(Persona(name="the"), ES))
    assert not list(warnings(Persona(name="Nova"), EN))
    assert not list(warnings(NO_PERSONA, EN))


def test_it_is_shown_disarmed_and_says_what_comes_from_the_server():
    text = shown(
        Persona(instructions="**Hi** @everyone\n[here](https://x.example) <@1>"),
        Persona(name="Nova", voice="joe"),
        EN,
    )
    assert "**Name** (from the server): Nova" in text
    assert "**Voice** (from the server): joe" in text
    assert "**Language**: each person's own" in text
    assert "@everyone" not in text
    assert "<@1>" not in text
    assert "\\*\\*Hi" in text
    assert all(line.startswith(("**", ">")) for line in text.splitlines())
