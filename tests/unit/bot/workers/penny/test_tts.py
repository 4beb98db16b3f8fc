"""Which engine speaks with which voice, and in which language."""

import pytest

from bot.local_voice import choices
from bot.workers.penny.tts import pick_engine
from bot.workers.penny.voices import VOICES, Engine


@pytest.mark.parametrize(
    ("language", "voice", "engine"),
    [
        ("en", None, Engine.PIPER),
        ("en-gb", None, Engine.PIPER),
        ("es", None, Engine.ESPEAK),
        ("fr", None, Engine.ESPEAK),
        ("es", "joe", Engine.PIPER),
        ("en", "en", Engine.ESPEAK),
        ("en", "es-419", Engine.ESPEAK),
        ("en", "nobody", Engine.ESPEAK),
    ],
)
def test_the_voice_chooses_the_engine_and_else_the_language(language, voice, engine):
    assert pick_engine(language, voice) is engine


def test_every_voice_can_be_chosen_at_the_microphone():
    assert [one.name for one in choices.VOICES] == [None, *(one.name for one in VOICES)]
    assert len({one.name for one in VOICES}) == len(VOICES)
